"""The words for columns: names, types, ranges, roles, and what data must say about itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message, replace
from mlopsc.compiler.semantics.describing import article, known, listed
from mlopsc.compiler.semantics.suggestions import meant
from mlopsc.compiler.text import Location

_DASHED = re.compile(r"(?P<low>[\d._]+)\s*-\s*(?P<high>[\d._]+)")
"""A range as it is written elsewhere, which reads as a difference."""

FOREIGN_TYPES = {
    "string": "text",
    "str": "text",
    "varchar": "text",
    "object": "text",
    "integer": "int",
    "int64": "int",
    "long": "int",
    "bigint": "int",
    "number": "float",
    "double": "float",
    "float64": "float",
    "decimal": "float",
    "real": "float",
    "boolean": "bool",
    "categorical": "category",
    "enum": "category",
    "factor": "category",
    "datetime": "timestamp",
    "datetime64": "timestamp",
    "time": "timestamp",
    "array": "vector",
    "embedding": "vector",
}
"""Types as other languages call them."""


@message("E203", "unknown column")
def unknown_column(
    code: Code, at: Location, name: str, columns: Sequence[str], stages: Sequence[tuple[str, Location]]
) -> Diagnostic:
    """A column is named that the data stage does not declare. Columns are those in the `schema` of the data that the
    block leads to: a train stage through `data`, a test stage through `model`, a monitor through `release`.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikes
      schema { bikers: int }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      target = bikers
      schema { bikers: int }
      check rows >= 1
    }
    ```
    """
    label, fixes = meant(at, name, columns)
    where = listed([stage for stage, _ in stages], "or")
    related = tuple(Label(place, f"`{stage}` is declared here") for stage, place in stages)
    hint = known("columns", columns) or f"declare it: `schema {{ {name}: TYPE }}` in the data stage"
    return Diagnostic(code, at, f"{where} has no column `{name}`", label, related, hint, fixes)


def no_columns(at: Location, name: str, kind: str) -> Diagnostic:
    """A column where no data is known."""
    hint = "columns can be named in stages that lead to a data stage"
    return Diagnostic(unknown_column.code, at, f"a {kind} knows no columns, so no `{name}`", "no column", hint=hint)


@message("E218", "unknown type of column")
def unknown_type(code: Code, at: Location, name: str, known_types: Iterable[str]) -> Diagnostic:
    """Columns are `int`, `float`, `bool`, `text`, `category`, `timestamp`, `date` or `vector(n)`.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: datetime }
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
    known_types = list(known_types)
    foreign = FOREIGN_TYPES.get(name.lower())
    label, fixes = meant(at, name, known_types)
    if foreign in known_types:
        label, fixes = f"`{foreign}` here", (replace(f"Write `{foreign}`", at, foreign),)
    hint = "" if fixes else known("types", known_types)
    return Diagnostic(code, at, f"there is no type of column `{name}`", label, hint=hint, fixes=fixes)


@message("E312", "values that a column cannot have")
def unfit_limits(code: Code, at: Location, message: str, label: str, hint: str = "") -> Diagnostic:
    """After `in` stands a range for numbers and times, and a list of values for categories and text.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { weather: category in 1..4 }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { weather: category in ["clear", "rain", "snow"] }
      check rows >= 1
    }
    ```
    """
    return Diagnostic(code, at, message, label, hint=hint)


def range_of_unordered(at: Location, name: str, type_: str) -> Diagnostic:
    """`category in 1..4`."""
    hint = 'list the values, as in `in ["low", "high"]`' if type_ in ("category", "text") else "leave the range out"
    message = f"`{name}` is {article(f'`{type_}`')} column, which has no order, so no range"
    return unfit_limits(at, message, "a range", hint)


def unfit_bound(at: Location, name: str, type_: str, noun: str) -> Diagnostic:
    """`int in 0.5..1`, `timestamp in 1..2`, a time with a zone of its own."""
    expected = {
        "int": "whole numbers",
        "float": "numbers",
        "date": "dates such as `2025-03-01`",
        "timestamp": "dates or times on the clock of the data, such as `2025-03-01`",
    }.get(type_, "other values")
    message = f"{noun} cannot bound `{name}`, {article(f'`{type_}`')} column"
    return unfit_limits(at, message, f"expected {expected}")


def no_range(at: Location, name: str) -> Diagnostic:
    """`int in 5`, `int in 0-23`."""
    fact = f"after `in`, `{name}` takes a range or a list"
    ends = _DASHED.fullmatch(at.text)
    if ends is None:
        hint = "write `in 0..23`, `in 0..`, or a list of values"
        return unfit_limits(at, fact, "neither a range nor a list", hint)
    written = f"{ends['low']}..{ends['high']}"
    found = unfit_limits(at, fact, f"a difference; did you mean `{written}`?")
    return found.changed(fixes=(replace(f"Write `{written}`", at, written, safe=False),))


def no_list(at: Location, name: str, type_: str) -> Diagnostic:
    """`bool in [true]`."""
    message = f"`{name}` is {article(f'`{type_}`')} column, whose values are not listed"
    return unfit_limits(at, message, "leave it out")


def unfit_values(at: Location, name: str, type_: str) -> Diagnostic:
    """`int in ["a"]`, `bool in [true]`."""
    message = f"these are no values of {article(f'`{type_}`')} column such as `{name}`"
    return unfit_limits(at, message, f"expected values of `{type_}`")


def repeated_value(at: Location, name: str, value: str) -> Diagnostic:
    """`in []`, `in ["a", "a"]`."""
    message = f"`{value}` is listed twice for `{name}`" if value else f"no value is listed for `{name}`"
    return unfit_limits(at, message, "remove one" if value else "list at least one")


@message("E313", "reversed range")
def reversed_range(code: Code, at: Location, name: str, low: str, high: str) -> Diagnostic:
    """A range goes from its smallest to its largest value; both belong to it.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { hr: int in 23..0 }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { hr: int in 0..23 }
      check rows >= 1
    }
    ```
    """
    left, _, right = at.text.partition("..")
    fix = replace("Swap the ends", at, f"{right}..{left}")
    message = f"no value of `{name}` is at least {low} and at most {high}"
    return Diagnostic(code, at, message, "the ends are swapped", fixes=(fix,))


@message("E314", "column of another type")
def wrong_column_type(
    code: Code,
    at: Location,
    place: str,
    name: str,
    type_: str,
    wanted: Sequence[str],
    fitting: Sequence[str],
    defined: Location,
) -> Diagnostic:
    """A column has a type or a role for which what is asked of it makes no sense: the mean of a text, a slice by
    personal data.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { weather: category }
      check mean(weather) <= 5
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { weather: category }
      check distinct(weather) <= 5
    }
    ```
    """
    message = f"{place} takes {article(listed(wanted, 'or'))} column, and `{name}` is {article(f'`{type_}`')} column"
    related = (Label(defined, f"`{name}` is declared here"),)
    return Diagnostic(code, at, message, f"`{type_}`", related, known("columns that would do", fitting))


def wrong_role(at: Location, place: str, name: str, role: str, defined: Location) -> Diagnostic:
    """A column whose role forbids what is asked of it."""
    related = (Label(defined, f"`{name}` is declared here"),)
    message = f"{place} cannot be `{name}`, a column of role `{role}`"
    hint = {
        "pii": "personal data never appears in reports, logs or alarms",
        "calendar": "it follows from the clock, so that it drifts with every window",
    }.get(role, "")
    return Diagnostic(wrong_column_type.code, at, message, f"role `{role}`", related, hint)


def role_of_another_type(at: Location, name: str, role: str, type_: str, wanted: Sequence[str]) -> Diagnostic:
    """`weight: text role weight`."""
    message = f"a column of role `{role}` is {listed(wanted, 'or')}, and `{name}` is `{type_}`"
    return Diagnostic(wrong_column_type.code, at, message, f"`{type_}`")


def named_by_setting(at: Location, place: str, name: str, setting: str, defined: Location) -> Diagnostic:
    """`watch stable([at])` of the column that is `time`."""
    related = (Label(defined, f"`{name}` is declared here"),)
    message = f"{place} cannot be `{name}`, which is the `{setting}` of the data"
    hint = "it is new in every window, whatever happens"
    return Diagnostic(wrong_column_type.code, at, message, f"the `{setting}`", related, hint)


@message("E511", "data that lacks a setting")
def data_lacks(code: Code, at: Location, what: str, setting: str, data: str, data_at: Location) -> Diagnostic:
    """A stage or a function needs something that its data does not say: what looks back in time needs `time`, what
    learns needs `target` and `split`.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
      split = by_time(train = 80%, test = 20%)
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      time   = at
      schema { at: timestamp }
      check rows >= 1
      split = by_time(train = 80%, test = 20%)
    }
    ```
    """
    examples = {
        "time": "time = COLUMN",
        "target": "target = COLUMN",
        "split": "split = random(train = 70%, validation = 10%, test = 20%)",
    }
    related = (Label(data_at, f"`{data}` is declared here"),)
    hint = f"add `{examples.get(setting, f'{setting} = …')}` to `{data}`"
    message = f"{what} needs `{setting}`, and `{data}` does not say it"
    return Diagnostic(code, at, message, f"needs `{setting}`", related, hint)


@message("E512", "no column of a role")
def no_column_of_role(
    code: Code, at: Location, function: str, parameter: str, role: str, columns: Sequence[str]
) -> Diagnostic:
    """A function takes the one column of a certain role unless another is named; here there is none, or more than one.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { user: text }
      check rows >= 1
      split = by_group(train = 80%, test = 20%)
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { user: text role group }
      check rows >= 1
      split = by_group(train = 80%, test = 20%)
    }
    ```
    """
    fact = f"{listed(columns)} have the role `{role}`" if columns else f"no column has the role `{role}`"
    hint = f"write `{function}({parameter} = COLUMN, …)`, or give one column `role {role}`"
    return Diagnostic(code, at, f"{fact}, so `{function}` needs `{parameter}`", "which column?", hint=hint)
