"""The words for words of the language that do not exist, or not there: blocks, settings, verbs, functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Fix, message, replace
from mlopsc.compiler.schema.declarations import Block, Function, Verb
from mlopsc.compiler.semantics.describing import article, known, listed
from mlopsc.compiler.semantics.suggestions import meant
from mlopsc.compiler.text import Location

HABITS = {
    "model": "train",
    "job": "train",
    "training": "train",
    "dataset": "data",
    "source": "data",
    "deploy": "release",
    "deployment": "release",
    "serve": "release",
    "evaluate": "test",
    "evaluation": "test",
    "gate": "test",
    "alert": "monitor",
    "env": "environment",
    "stage": "environment",
    "project": "pipeline",
}
"""Kinds of blocks as other tools call them."""

VERB_HABITS = {
    "assert": "check",
    "expect": "check",
    "ensure": "check",
    "must": "require",
    "optimize": "minimize",
    "alert": "watch",
    "when": "on",
    "rollback": "guard",
}
"""Verbs as other tools call them."""


@message("E210", "unknown kind of block")
def unknown_kind(code: Code, at: Location, word: str, kinds: Iterable[str]) -> Diagnostic:
    """Blocks begin with the kind of thing that they declare: `data`, `train`, `test`, `release`, `monitor`, `score`,
    `environment`, `pipeline`, `metric`.

    wrong:
    ```mlops
    dataset rides {
      source = csv("data/rides.csv")
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    kinds = list(kinds)
    habit = HABITS.get(word)
    label, fixes = meant(at, word, kinds)
    if habit is not None and habit in kinds:
        label, fixes = f"did you mean `{habit}`?", (replace(f"Write `{habit}`", at, habit, safe=False),)
    return Diagnostic(code, at, f"there is no kind of block `{word}`", label, hint=known("kinds", kinds), fixes=fixes)


def unknown_word(at: Location, word: str, known_words: Iterable[str]) -> Diagnostic:
    """A line at the top of a file that is neither a block nor a setting."""
    found = unknown_kind(at, word, known_words)
    hint = "at the top of a file stand blocks, constants (`name = value`) and `use`"
    return Diagnostic(found.code, at, f"nothing begins with `{word}`", found.label, hint=hint, fixes=found.fixes)


def unknown_block(at: Location, word: str, kind: str, nested: Sequence[str]) -> Diagnostic:
    """A block inside another one that takes no such block."""
    found = unknown_kind(at, word, nested)
    hint = found.hint if nested else f"`{kind}` holds settings and rules"
    message = f"`{kind}` has no block `{word}`"
    return Diagnostic(found.code, at, message, found.label, hint=hint, fixes=found.fixes)


@message("E211", "unknown setting")
def unknown_setting(
    code: Code, at: Location, name: str, kind: type[Block], settings: Iterable[str], elsewhere: Sequence[str]
) -> Diagnostic:
    """A block has a setting that its kind does not know. `mlopsc explain data` lists those of `data`.

    wrong:
    ```mlops
    data rides {
      soruce = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    settings = list(settings)
    label, fixes = meant(at, name, settings)
    if elsewhere:
        label, fixes = f"belongs in {listed(elsewhere, 'or')}", ()
    hint = "" if fixes else f"`mlopsc explain {kind.word}` lists its settings"
    return Diagnostic(code, at, f"`{kind.word}` has no setting `{name}`", label, hint=hint, fixes=fixes)


@message("E212", "unknown verb")
def unknown_verb(code: Code, at: Location, word: str, kind: type[Block], verbs: Mapping[str, type[Verb]]) -> Diagnostic:
    """A rule begins with a verb that does not exist: the verb says what happens when the rule does not hold.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      chek rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    label, fixes = meant(at, word, verbs)
    habit = VERB_HABITS.get(word)
    if habit is not None and habit in verbs:
        label, fixes = f"did you mean `{habit}`?", (replace(f"Write `{habit}`", at, habit, safe=False),)
    hint = known(f"rules of `{kind.word}` begin with", verbs) or f"`{kind.word}` has no rules"
    return Diagnostic(code, at, f"there is no verb `{word}`", label, hint=hint, fixes=fixes)


@message("E213", "verb in another place")
def verb_elsewhere(
    code: Code, at: Location, word: str, kind: str, kinds: Sequence[str], verbs: Sequence[str]
) -> Diagnostic:
    """Each verb belongs to certain kinds of stages: `check` is about rows and stands in `data`, `require` is about
    models and stands in `test` and `release`.

    wrong:
    ```mlops
    test gate {
      model = demand
      check mae(test) <= 45
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
    if len(verbs) == 1:
        fixes = (replace(f"Write `{verbs[0]}`", at, verbs[0], safe=False),)
    label = f"did you mean `{verbs[0]}`?" if fixes else f"stands in {listed(kinds, 'and')}"
    hint = known(f"rules of `{kind}` begin with", verbs) or f"`{kind}` has no rules"
    return Diagnostic(code, at, f"`{word}` cannot stand in `{kind}`", label, hint=hint, fixes=fixes)


def rule_outside_block(at: Location, word: str, kinds: Sequence[str]) -> Diagnostic:
    """A rule at the top of a file."""
    code = verb_elsewhere.code
    hint = f"move the rule into a block {listed(kinds, 'or')}"
    return Diagnostic(code, at, f"`{word}` cannot stand outside a block", f"stands in {listed(kinds)}", hint=hint)


@message("E215", "unknown function")
def unknown_function(
    code: Code, at: Location, name: str, families: Sequence[type[Function]], functions: Iterable[str]
) -> Diagnostic:
    """What is called does not exist: a source, a metric, an estimator, a strategy.

    wrong:
    ```mlops
    data rides {
      source = cvs("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    functions = list(functions)
    label, fixes = meant(at, name, functions)
    nouns = list(dict.fromkeys(one.family for one in families if one.family))
    what = " or ".join(nouns) if 0 < len(nouns) <= 3 else "function"
    hint = known("there are", functions) if functions else "nothing can stand here yet"
    return Diagnostic(code, at, f"there is no {what} `{name}`", label, hint=hint, fixes=fixes)


def called_itself(found: Diagnostic, call: str) -> Diagnostic:
    """`estimator = Ridge()`: what another function is given by name is called itself."""
    hint = f"its parameters follow its name: `{call.removesuffix(')')}, …)`"
    return Diagnostic(found.code, found.location, found.message, f"write `{call}`", hint=hint)


@message("E216", "function of another kind")
def wrong_family(
    code: Code,
    at: Location,
    name: str,
    function: type[Function],
    place: str,
    families: Sequence[type[Function]],
    examples: Sequence[str],
) -> Diagnostic:
    """A function exists, but is not what the place takes: a metric is no source, a strategy no estimator.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = csv("data/rides.csv")
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
    wanted = " or ".join(article(one.family) for one in families if one.family) or "something else"
    message = f"`{name}` is {article(function.family or 'function')}, and {place} takes {wanted}"
    return Diagnostic(code, at, message, f"takes {wanted}", hint=f"such as {listed(examples[:6], 'or')}")


@message("E217", "unknown parameter")
def unknown_parameter(code: Code, at: Location, name: str, function: str, parameters: Sequence[str]) -> Diagnostic:
    """A function is given a parameter that it does not have.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv", delimiter = ";")
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv", separator = ";")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    habit = {"delimiter": "separator", "sep": "separator", "file": "path", "quantile": "share"}.get(name)
    label, fixes = meant(at, name, parameters)
    if habit is not None and habit in parameters:
        label, fixes = f"did you mean `{habit}`?", (replace(f"Write `{habit}`", at, habit, safe=False),)
    hint = "" if fixes else known("parameters", parameters) or f"`{function}` takes nothing"
    return Diagnostic(code, at, f"`{function}` has no parameter `{name}`", label, hint=hint, fixes=fixes)
