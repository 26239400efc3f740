"""Reads a table and guesses how to declare it; needs the extra `[run]`.

Guesses lean to the safe side: what may be personal is `pii`, what gives the target away is `leak`, what names a row is
`id`, and a range is written only where it is natural, not because the rows at hand happen to keep to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.compiler.scaffold.baselines import baseline_of
from mlopsc.compiler.scaffold.guesses import ColumnGuess, TableGuess
from mlopsc.compiler.scaffold.leaks import leaks_of

if TYPE_CHECKING:
    import pandas as pd

    from mlopsc.compiler.schema.declarations import Task

TARGET_WORDS = ("target", "label", "y", "class", "outcome", "response", "churn", "default", "price", "sales", "demand")
PERSONAL = re.compile(
    r"e-?mail|phone|mobile|(first|last|full|sur|user|customer)_?name|^name$|address|street|passport|ssn|iban|birth",
    re.IGNORECASE,
)
IDENTIFIER = re.compile(r"(^|_)(id|uuid|guid|key|index|no|number)$|^unnamed", re.IGNORECASE)
CLOCK = {"hour": (0, 23), "hr": (0, 23), "month": (1, 12), "weekday": (0, 6), "day_of_week": (0, 6), "minute": (0, 59)}
MOST_CATEGORIES = 50


class CannotGuess(Exception):  # noqa: N818 (the guess fails; nothing is wrong with the program)
    """The table is not one that a spec can be written for; `hint` is the next step."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def read_table(path: Path) -> pd.DataFrame:
    """The rows of a CSV or Parquet file; raises CannotGuess when it is neither, or has no rows."""
    import pandas as pd

    try:
        parquet = path.suffix.lower() in {".parquet", ".pq"}
        table = pd.read_parquet(path) if parquet else pd.read_csv(path, sep=None, engine="python")
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).strip().split("\n")[0]
        raise CannotGuess(f"`{path}` cannot be read as a table: {reason}", "give a CSV or Parquet file") from error
    if len(table) == 0 or len(table.columns) < 2:
        shape = f"{len(table):,} rows and {len(table.columns)} columns"
        raise CannotGuess(f"`{path}` has {shape}", "a spec needs rows, and a target beside the features")
    return table.rename(columns=str)


def guess_table(table: pd.DataFrame, target: str | None = None) -> TableGuess:
    """How to declare a table; raises CannotGuess when there is no column to predict."""
    columns = {name: _column(table[name], name) for name in table.columns}
    target = _target(table, columns, target)
    columns[target] = ColumnGuess(target, columns[target].type, columns[target].within)
    leaks = leaks_of(table, target)
    columns = {name: _with_leak(guess, leaks.get(name)) for name, guess in columns.items()}
    time = next((name for name, guess in columns.items() if guess.type in {"timestamp", "date"}), "")
    group = "" if time else _group(table, columns)
    task = _task(columns[target])
    return TableGuess(
        rows=len(table),
        columns=tuple(_settled(guess, time, group) for guess in columns.values()),
        target=target,
        task=task,
        baseline=baseline_of(table[target], task),
        time=time,
        group=group,
        block=_block(table[time]) if time else "",
        remarks=tuple(_remarks(columns, target)),
    )


def _column(values: pd.Series, name: str) -> ColumnGuess:
    import pandas as pd

    present = values.dropna()
    missing = _tolerated(float(values.isna().mean()))
    if present.empty or present.nunique() == 1:
        return ColumnGuess(name, "text", role="ignore", missing=1.0, why="always the same")
    if pd.api.types.is_bool_dtype(present) or _is_flag(present):
        return ColumnGuess(name, "bool", missing=missing)
    if pd.api.types.is_numeric_dtype(present):
        return _number(present, name, missing)
    if pd.api.types.is_datetime64_any_dtype(present) or _is_time(present):
        return ColumnGuess(name, _time_type(present), missing=missing)
    return _text(present, name, missing)


def _tolerated(share: float) -> float:
    """A little more than was seen, in whole percent."""
    return min(1.0, round(share * 1.5 + 0.01, 2)) if share else 0.0


def _is_flag(present: pd.Series) -> bool:
    return {str(value).lower() for value in present.unique()[:3]} in ({"0", "1"}, {"true", "false"}, {"0.0", "1.0"})


def _is_time(present: pd.Series) -> bool:
    import pandas as pd

    sample = present.astype(str).head(1000)
    if not sample.str.match(r"\d{4}-\d{2}-\d{2}").all():
        return False
    return bool(pd.to_datetime(sample, format="ISO8601", errors="coerce", utc=True).notna().all())


def _time_type(present: pd.Series) -> str:
    return "date" if present.astype(str).str.fullmatch(r"\d{4}-\d{2}-\d{2}").all() else "timestamp"


def _number(present: pd.Series, name: str, missing: float) -> ColumnGuess:
    import pandas as pd

    low, high = float(present.min()), float(present.max())
    whole = pd.api.types.is_integer_dtype(present) or bool((present % 1 == 0).all())
    if whole and present.is_unique and IDENTIFIER.search(name):
        return ColumnGuess(name, "int", role="id", missing=missing, why="names the row")
    if whole and name.lower() in CLOCK and CLOCK[name.lower()][0] <= low and high <= CLOCK[name.lower()][1]:
        first, last = CLOCK[name.lower()]
        return ColumnGuess(name, "int", f"{first}..{last}", "calendar", missing)
    within = "" if low < 0 else "0..1" if not whole and high <= 1 else "0.."
    return ColumnGuess(name, "int" if whole else "float", within, missing=missing)


def _text(present: pd.Series, name: str, missing: float) -> ColumnGuess:
    if PERSONAL.search(name):
        return ColumnGuess(name, "text", role="pii", missing=missing, why="looks personal")
    if present.is_unique:
        return ColumnGuess(name, "text", role="id", missing=missing, why="different in every row")
    if present.nunique() <= MOST_CATEGORIES:
        return ColumnGuess(name, "category", missing=missing)
    return ColumnGuess(name, "text", role="ignore", missing=missing, why="free text needs a feature step")


def _target(table: pd.DataFrame, columns: dict[str, ColumnGuess], asked: str | None) -> str:
    if asked is not None:
        if asked not in columns:
            raise CannotGuess(f"there is no column `{asked}`", f"it has {', '.join(columns)}")
        return asked
    usable = [name for name, guess in columns.items() if not guess.role and guess.type in _PREDICTABLE]
    named = [name for word in TARGET_WORDS for name in usable if name.lower() == word]
    if not named and not usable:
        raise CannotGuess("no column looks like something to predict", "name one with --target")
    return named[0] if named else [name for name in table.columns if name in usable][-1]


_PREDICTABLE = ("int", "float", "bool", "category")


def _task(target: ColumnGuess) -> Task:
    if target.type == "bool":
        return "binary"
    if target.type == "category":
        return "multiclass"
    if target.type in {"int", "float"}:
        return "regression"
    raise CannotGuess(
        f"`{target.name}` is of type {target.type}", "predict a number, a bool or a category: name it with --target"
    )


def _with_leak(guess: ColumnGuess, why: str | None) -> ColumnGuess:
    return ColumnGuess(guess.name, guess.type, guess.within, "leak", guess.missing, why) if why else guess


def _group(table: pd.DataFrame, columns: dict[str, ColumnGuess]) -> str:
    """A column that looks like an id and comes again: a user, a patient, whose rows are alike."""
    for name, guess in columns.items():
        if IDENTIFIER.search(name) and guess.role != "id" and 2 * 30 <= table[name].nunique() < len(table):
            return name
    return ""


def _settled(guess: ColumnGuess, time: str, group: str) -> ColumnGuess:
    if guess.name == time:
        return ColumnGuess(time, "timestamp", why="when the row happened")
    if guess.name == group:
        return ColumnGuess(guess.name, guess.type, guess.within, "group", why="its rows are alike: they stay together")
    if guess.type in {"timestamp", "date"} and guess.name != time and not guess.role:
        why = "a time needs a feature step"
        return ColumnGuess(guess.name, guess.type, role="ignore", missing=guess.missing, why=why)
    return guess


def _block(times: pd.Series) -> str:
    """The longest of a week, a day and an hour of which a fifth of the time holds enough to judge by."""
    import pandas as pd

    parsed = pd.to_datetime(times, format="ISO8601", utc=True)
    tested = (parsed.max() - parsed.min()).total_seconds() * 0.2
    lengths = {"7d": 604_800, "1d": 86_400, "1h": 3_600}
    enough = [name for name, seconds in lengths.items() if tested / seconds >= (8 if name == "7d" else 30)]
    return enough[0] if enough else "1h"


def _remarks(columns: dict[str, ColumnGuess], target: str) -> Iterator[str]:
    yield f"`{target}` is predicted: another column is one --target away"
    for role, text in _ROLE_REMARKS.items():
        names = [f"`{name}`" for name, guess in columns.items() if guess.role == role]
        if names:
            yield f"{', '.join(names)} {text}"


_ROLE_REMARKS = {
    "leak": "would give the target away: never a feature",
    "pii": "may be personal: never logged or tracked",
    "id": "names the row: never a feature",
    "ignore": "is not used",
}
