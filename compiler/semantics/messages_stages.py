"""The words for what a block lacks, or says in two ways."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Fix, Label, message, replace
from mlopsc.compiler.semantics.describing import listed
from mlopsc.compiler.text import Location, Span


@message("E310", "missing setting")
def missing_settings(
    code: Code, at: Location, block: Location, kind: str, name: str, missing: Sequence[tuple[str, str, str]]
) -> Diagnostic:
    """A block lacks a setting that it cannot do without.

    wrong:
    ```mlops
    train demand {
      data = rides
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
    words = [word for word, _, _ in missing]
    hint = "; ".join(f"`{word} = {value}`" if value else f"`{word}`: {expected}" for word, expected, value in missing)
    message = f"`{kind} {name}` needs {listed(words)}"
    label = f"no {listed(words, 'and no')}"
    return Diagnostic(code, at, message, label, hint=hint, fixes=_inserted(block, missing))


def _inserted(block: Location, missing: Sequence[tuple[str, str, str]]) -> tuple[Fix, ...]:
    """A fix that writes the settings of which only one value is possible, on lines of their own."""
    lines = [f"{word} = {value}" for word, _, value in missing if value]
    brace = block.text.find("{")
    if len(lines) < len(missing) or brace < 0:
        return ()
    at = block.span.start + brace + 1
    text = "".join(f"\n  {line}" for line in lines)
    is_open = block.file.text[at : at + 1] == "\n"
    place = Location(block.file, Span(at, at))
    return (replace(f"Write {listed(lines)}", place, text if is_open else f"{text}\n ", safe=False),)


def missing_one_of(at: Location, kind: str, name: str, settings: Sequence[str]) -> Diagnostic:
    """Neither `source` nor `from`."""
    hint = '`source` says where rows are read, such as `source = csv("rows.csv")`' if "source" in settings else ""
    message = f"`{kind} {name}` needs {listed(settings, 'or')}"
    return Diagnostic(missing_settings.code, at, message, f"no {listed(settings, 'and no')}", hint=hint)


@message("E311", "settings that contradict each other")
def conflicting_settings(code: Code, at: Location, name: str, other: str, other_at: Location) -> Diagnostic:
    """Two settings answer the same question: rows are read from a `source`, or derived from other stages with `from`.

    wrong:
    ```mlops
    data joined {
      source = csv("data/rides.csv")
      from   = [rides]
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data joined {
      from = [rides]
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    message = f"`{name}` and `{other}` cannot stand together"
    return Diagnostic(code, at, message, "one of the two", (Label(other_at, f"`{other}` is here"),), "remove one")


@message("E508", "nothing that could fail")
def nothing_held(code: Code, at: Location, kind: str, name: str, verb: str) -> Diagnostic:
    """A data stage without a `check` accepts an empty file, and a gate without a `require` lets every model through.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1_000
    }
    ```
    """
    why, example = {
        "check": ("an empty file would pass", "check rows >= 1_000"),
        "require": ("every model would pass", "require accuracy(test) >= 90% at 95%"),
    }.get(verb, ("it could never fail", f"{verb} …"))
    hint = f"say what must hold, such as `{example}`"
    return Diagnostic(code, at, f"`{kind} {name}` has no `{verb}`: {why}", f"no `{verb}`", hint=hint)


@message("E516", "two aims")
def several_aims(code: Code, at: Location, first: Location) -> Diagnostic:
    """A search makes one thing as large or as small as it can. What else a model must reach, its gate says.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      minimize mae(validation)
      minimize rmse(validation)
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      minimize mae(validation)
    }
    ```
    """
    hint = "keep one; the others can be a `require` of the gate"
    return Diagnostic(code, at, "a search has one aim", "a second aim", (Label(first, "the first one"),), hint)


@message("E517", "search without an aim")
def search_without_aim(code: Code, at: Location, setting: str, verbs: Sequence[str]) -> Diagnostic:
    """Candidates are compared by a metric, which has to be said.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      search    = grid(alpha = [0.1, 1])
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      search    = grid(alpha = [0.1, 1])
      minimize mae(validation)
    }
    ```
    """
    example = f"{verbs[-1]} mae(validation)" if verbs else ""
    hint = f"add a rule, such as `{example}`" if example else ""
    return Diagnostic(code, at, f"this `{setting}` does not know what is good", f"no {listed(verbs, 'or')}", hint=hint)
