"""The words for clauses, and for how they are written."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Edit, Fix, Label, message, replace
from mlopsc.compiler.semantics import messages_blocks
from mlopsc.compiler.semantics.describing import known, listed
from mlopsc.compiler.semantics.suggestions import end_of, meant, start_of
from mlopsc.compiler.text import Location


@message("E214", "unknown clause")
def unknown_clause(
    code: Code, at: Location, word: str, owner: str, clauses: Sequence[str], elsewhere: Sequence[str]
) -> Diagnostic:
    """After a rule or a column stands a word that it does not know.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 confidence 95%
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 at 95%
    }
    ```
    """
    label, fixes = meant(at, word, clauses)
    habit = {"confidence": "at", "level": "at", "with": "at", "per": "by", "every": "over", "window": "over"}.get(word)
    if habit is not None and habit in clauses:
        label, fixes = f"did you mean `{habit}`?", (replace(f"Write `{habit}`", at, habit, safe=False),)
    if not fixes and elsewhere:
        label = f"belongs to {listed(elsewhere, 'or')}"
    hint = known("clauses", clauses)
    return Diagnostic(code, at, f"{owner} has no clause `{word}`", label, hint=hint, fixes=fixes)


@message("E329", "clause in another form")
def clause_needs_operator(code: Code, at: Location, word: str, operator: str) -> Diagnostic:
    """A clause is a word and a value, such as `at 95%`; a few compare, such as `missing <= 1%`. On `watch`, how sure an
    alarm must be is said by how many false alarms are accepted: a level for each look would say nothing about a year.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d at 95%
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d, alarms <= 1 / 90d
    }
    ```
    """
    fixes = (replace(f"Insert `{operator}`", end_of(at), f" {operator}"),)
    return Diagnostic(code, at, f"`{word}` is written with `{operator}`", f"`{word} {operator} …`", fixes=fixes)


def clause_operator(at: Location, word: str, operator: str, wanted: str) -> Diagnostic:
    """`at >= 95%`, `missing < 1%`."""
    code = clause_needs_operator.code
    if wanted:
        fixes = (replace(f"Write `{wanted}`", at, wanted, safe=False),)
        message = f"`{word}` is written with `{wanted}`, not `{operator}`"
        return Diagnostic(code, at, message, f"`{wanted}` here", fixes=fixes)
    fixes = (replace("Remove it", at, ""),)
    return Diagnostic(code, at, f"`{word}` compares nothing", f"no `{operator}` here", fixes=fixes)


def clause_without_value(at: Location, word: str, example: str) -> Diagnostic:
    """`at` alone."""
    message = f"`{word}` needs a value"
    return Diagnostic(clause_needs_operator.code, at, message, f"such as `{word} {example}`")


def clause_forgotten(at: Location, word: str, owner: str, clause: str) -> Diagnostic:
    """`on drift notify("x")`."""
    fixes = (replace(f"Insert `{clause}`", start_of(at), f"{clause} "),)
    message = f"`{owner}` says what happens with `{clause}`"
    return Diagnostic(clause_needs_operator.code, at, message, f"write `{clause} {word}(…)`", fixes=fixes)


def clause_instead(at: Location, word: str, owner: str, instead: str) -> Diagnostic:
    """`watch … at 95%`."""
    comma = "" if at.file.text[: at.span.start].rstrip().endswith(",") else ", "
    space = at.file.text[: at.span.start]
    before = Location(at.file, at.span._replace(start=len(space.rstrip())))
    fixes = (replace(f"Write `{instead}`", before, f"{comma or ' '}{instead}", safe=False),)
    hint = "how many false alarms are accepted decides how sure each look must be"
    message = f"`{owner}` takes no `{word}`: say how many false alarms are accepted"
    return Diagnostic(clause_needs_operator.code, at, message, f"write `{instead}`", hint=hint, fixes=fixes)


def clause_of_a_list(at: Location, word: str, first: Location, value: Location, *, is_list: bool) -> Diagnostic:
    """`do retrain(…), notify(…)` and `do retrain(…), do notify(…)`."""
    begun = () if is_list else (Edit(start_of(first), "["),)
    end = first.span.end - is_list
    between = Location(at.file, first.span._replace(start=end, end=value.span.start))
    fix = Fix(f"Write `{word} [ … , … ]`", (*begun, Edit(between, ", "), Edit(end_of(value), "]")), safe=True)
    message = f"several values of `{word}` are a list"
    related = (Label(first, "what stands there first"),)
    return Diagnostic(
        messages_blocks.duplicate_setting.code, at, message, f"write `{word} [ … , … ]`", related, fixes=(fix,)
    )


def duplicate_clause(at: Location, word: str, first: Location) -> Diagnostic:
    """`at 95% at 99%`."""
    code = messages_blocks.duplicate_setting.code
    return Diagnostic(code, at, f"`{word}` is written twice", "again here", (Label(first, "first here"),), "remove one")
