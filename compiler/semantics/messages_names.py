"""The words for names that mean nothing, or more than one thing: stages, environments, constants, splits, words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Fix, Label, message, replace
from mlopsc.compiler.semantics.describing import article, known, listed
from mlopsc.compiler.semantics.index import Symbol
from mlopsc.compiler.semantics.suggestions import meant
from mlopsc.compiler.text import Location


def _kinds(kinds: Sequence[str]) -> str:
    return f"{' or '.join(kinds)} stage" if len(kinds) < 4 else "stage"


@message("E201", "unknown stage")
def unknown_stage(code: Code, at: Location, name: str, kinds: Sequence[str], stages: Sequence[str]) -> Diagnostic:
    """A setting names a stage that nobody declares. Stages are looked up among those of the kind that the setting
    takes: `model = …` sees train stages only.

    wrong:
    ```mlops
    train demand {
      data      = ridse
      estimator = sklearn("linear_model.Ridge")
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
    }
    ```
    """
    label, fixes = meant(at, name, stages)
    hint = known(f"{_kinds(kinds)}s", stages) or f"declare one: `{kinds[0]} {name} {{ … }}`"
    return Diagnostic(code, at, f"there is no {_kinds(kinds)} `{name}`", label, hint=hint, fixes=fixes)


@message("E202", "stage of another kind")
def wrong_kind(
    code: Code, at: Location, name: str, kind: str, wanted: Sequence[str], stages: Sequence[str], defined: Location
) -> Diagnostic:
    """A setting takes a stage of one kind and names one of another.

    wrong:
    ```mlops
    test gate {
      model = rides
      require mae(test) <= 45
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45
    }
    ```
    """
    fixes: tuple[Fix, ...] = ()
    if len(stages) == 1:
        fixes = (replace(f"Write `{stages[0]}`", at, stages[0], safe=False),)
    return Diagnostic(
        code,
        at,
        f"`{name}` is {article(kind)} stage, not {article(_kinds(wanted))}",
        label=f"did you mean `{stages[0]}`?" if fixes else f"takes {article(_kinds(wanted))}",
        related=(Label(defined, f"`{name}` is declared here"),),
        hint="" if fixes else known(f"{_kinds(wanted)}s", stages),
        fixes=fixes,
    )


@message("E204", "unknown split")
def unknown_split(code: Code, at: Location, name: str, splits: Sequence[str], data: str) -> Diagnostic:
    """A metric is computed on the rows of a split. Splits are the shares of the data's `split`; in `release` and
    `monitor` there is `feedback` instead, the rows of production whose outcome is known.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(tset) <= 45
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45
    }
    ```
    """
    if not splits:
        hint = f"add `split = random(train = 70%, validation = 10%, test = 20%)` to `{data}`"
        return Diagnostic(code, at, f"`{data}` has no splits, so there is no `{name}`", hint=hint)
    label, fixes = meant(at, name, splits)
    message = f"`{data}` has no split `{name}`"
    return Diagnostic(code, at, message, label, hint=known("splits", splits), fixes=fixes)


def split_elsewhere(at: Location, name: str, splits: Sequence[str], kind: str) -> Diagnostic:
    """A split of the data, where metrics are computed on what happens in production."""
    found = unknown_split(at, name, splits, kind)
    if not splits:
        return Diagnostic(found.code, at, f"a {kind} names no splits", hint="write the metric where it is used")
    fixes = (replace(f"Write `{splits[0]}`", at, splits[0], safe=False),)
    message = f"in `{kind}`, metrics are computed on {listed(splits)}, not on `{name}`"
    hint = "`feedback` are the rows of production whose outcome has become known"
    return Diagnostic(found.code, at, message, f"`{splits[0]}` here", hint=hint, fixes=fixes)


@message("E205", "unknown environment")
def unknown_environment(code: Code, at: Location, name: str, environments: Sequence[str]) -> Diagnostic:
    """`follows` names an environment that nobody declares.

    wrong:
    ```mlops
    environment dev { platform = local() }
    environment prod { follows = devel }
    ```

    right:
    ```mlops
    environment dev { platform = local() }
    environment prod { follows = dev }
    ```
    """
    label, fixes = meant(at, name, environments)
    hint = known("environments", environments)
    return Diagnostic(code, at, f"there is no environment `{name}`", label, hint=hint, fixes=fixes)


@message("E206", "unknown constant")
def unknown_constant(code: Code, at: Location, name: str, constants: Iterable[str], expected: str) -> Diagnostic:
    """A name without quotes, where a value belongs, is that of a constant: a setting at the top of a file. Text is
    written in quotes.

    wrong:
    ```mlops
    environment dev {
      store = shared
    }
    ```

    right:
    ```mlops
    environment dev {
      store = "shared"
    }
    ```
    """
    constants = list(constants)
    label, fixes = meant(at, name, constants)
    python = {"True": "true", "False": "false", "yes": "true", "no": "false", "None": "none", "null": "none"}
    is_interpolated = at.file.text[: at.span.start].rstrip().endswith("${")
    hint = known("constants", constants) if is_interpolated else ""
    if not fixes and name in python:
        label, fixes = f"`{python[name]}` here", (replace(f"Write `{python[name]}`", at, python[name]),)
    elif not fixes and expected:
        hint = expected
    elif not fixes and at.text == name and not is_interpolated:
        hint = f'text is written in quotes: `"{name}"`'
        fixes = (replace("Put it in quotes", at, f'"{name}"', safe=False),)
    return Diagnostic(code, at, f"there is no constant `{name}`", label, hint=hint, fixes=fixes)


@message("E207", "unknown word")
def unknown_symbol(code: Code, at: Location, name: str, words: Sequence[str], place: str) -> Diagnostic:
    """Some settings and clauses take one of a few words, written without quotes.

    wrong:
    ```mlops
    data rides {
      source  = csv("data/rides.csv")
      outcome = independant
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source  = csv("data/rides.csv")
      outcome = independent
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    label, fixes = meant(at, name, words)
    message = f"{place} cannot be `{name}`"
    return Diagnostic(code, at, message, label, hint=known("one of", words), fixes=fixes)


def unknown_percentile(at: Location, name: str) -> Diagnostic:
    """No percentile: `95`, `p200`, `median`."""
    found = unknown_symbol(at, name, ("p50", "p90", "p95", "p99", "p999"), "this")
    hint = "percentiles are written `p50`, `p95`, `p99`, `p999`"
    return Diagnostic(found.code, at, f"`{name}` is no percentile", found.label, hint=hint, fixes=found.fixes)


@message("E208", "unknown name")
def unknown_name(code: Code, at: Location, name: str, nouns: Sequence[str], names: Iterable[str]) -> Diagnostic:
    """A name stands where several kinds of things could be named, and is none of them.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      unit   = rwo
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      unit   = row
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    names = list(names)
    label, fixes = meant(at, name, names)
    hint = known("what may stand here", names)
    return Diagnostic(code, at, f"there is no {' or '.join(nouns)} `{name}`", label, hint=hint, fixes=fixes)


@message("E209", "ambiguous name")
def ambiguous_name(code: Code, at: Location, name: str, symbols: Sequence[Symbol]) -> Diagnostic:
    """A name could mean two things, and neither goes before the other. A prefix decides: `column.features`,
    `symbol.features`; for columns of two inputs, the name of the stage: `rides.day`.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      unit   = row
      schema { row: int role id }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      unit   = column.row
      schema { row: int role id }
      check rows >= 1
    }
    ```
    """
    spelled = {symbol: _qualified(symbol, symbols) for symbol in symbols}
    related = [Label(one.definition, f"`{spelled[one]}`") for one in symbols if one.definition is not None]
    fixes = [replace(f"Write `{text}`", at, text, safe=False) for text in spelled.values()]
    message = f"`{name}` could be {listed(spelled.values(), 'or')}"
    return Diagnostic(code, at, message, "which one?", tuple(related), fixes=tuple(fixes))


def _qualified(symbol: Symbol, among: Sequence[Symbol]) -> str:
    same = [one for one in among if one.namespace is symbol.namespace]
    return f"{symbol.owner}.{symbol.name}" if len(same) > 1 else f"{symbol.namespace}.{symbol.name}"


def ambiguous_event(at: Location, name: str, rules: Sequence[str]) -> Diagnostic:
    """Two rules watch the same thing, so that naming it does not say which."""
    found = ambiguous_name(at, name, ())
    hint = "give one of the rules a name with `as NAME`, and write that"
    return Diagnostic(found.code, at, f"`{name}` could be {listed(rules, 'or')}", "which one?", hint=hint)


@message("E235", "unknown base")
def unknown_base(code: Code, at: Location, name: str, kind: str, names: Sequence[str]) -> Diagnostic:
    """`extends` names the block of the same kind whose settings, columns and rules are taken over.

    wrong:
    ```mlops
    train demand {
      extends   = bsae
      estimator = sklearn("linear_model.Ridge")
    }
    ```

    right:
    ```mlops
    train base {
      abstract = true
      data     = rides
    }

    train demand {
      extends   = base
      estimator = sklearn("linear_model.Ridge")
    }
    ```
    """
    label, fixes = meant(at, name, names)
    hint = known(f"`{kind}` blocks", names)
    return Diagnostic(code, at, f"there is no `{kind}` block `{name}` to extend", label, hint=hint, fixes=fixes)


def extends_no_name(at: Location, kind: str) -> Diagnostic:
    """`extends = "base"`."""
    found = unknown_base(at, at.text, kind, ())
    bare = at.text.strip("\"'")
    fixes = (replace(f"Write `{bare}`", at, bare),) if bare.isidentifier() else ()
    message = f"`extends` takes the name of another `{kind}` block"
    return Diagnostic(found.code, at, message, "no quotes" if fixes else "", fixes=fixes)


def extends_other_kind(at: Location, name: str, kind: str, wanted: str, defined: Location) -> Diagnostic:
    """A block of another kind."""
    found = unknown_base(at, name, wanted, ())
    related = (Label(defined, f"`{name}` is declared here"),)
    message = f"`{name}` is {article(f'`{kind}` block')}, and a `{wanted}` block can only extend another of its kind"
    return Diagnostic(found.code, at, message, related=related)
