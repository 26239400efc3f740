"""Guesses how to declare one column, by its values and its name.

Guesses lean to the safe side: what may be personal is `pii`, what names a row is `id`, and a range is written only
where it is natural, not because the rows at hand happen to keep to it. What was guessed is then tried by the reader
that a run uses, so that a run does not refuse it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlopsc.compiler.lint.unclassified_personal import is_personal
from mlopsc.compiler.scaffold.guesses import ColumnGuess
from mlopsc.compiler.scaffold.names import identifies, numbers_rows

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 50
CLOCK = {
    "minute": "0..59",
    "hour": "0..23",
    "hr": "0..23",
    "weekday": "0..6",
    "day_of_week": "0..6",
    "day": "1..31",
    "week": "1..53",
    "month": "1..12",
    "quarter": "1..4",
    "year": "1000..9999",
}
_MANY_WORDS = 4
"""Text of so many words is prose, not a name."""

_E_MAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_OTHER_DATE = r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?: .*)?"
_OTHER_NUMBER = r"(?=.*\d)[\d.,\s%$€£+-]+"


def guess_column(values: pd.Series, name: str) -> ColumnGuess | None:
    """How to declare a column; None when no type of column holds its values."""
    guess = replace(_guess(values, name), name=name, missing=_tolerated(float(values.isna().mean())))
    if _is_readable(values, guess):
        return guess
    why = "holds infinite values" if guess.type == "float" else "not all of one type"
    text = replace(guess, type="text", within="", role=guess.role or "ignore", why=why)
    return text if _is_readable(values, text) else None


def _is_readable(values: pd.Series, guess: ColumnGuess) -> bool:
    """Whether a run reads every value as the type that was guessed."""
    from mlopsc.compiler.ir.model import Column
    from mlopsc.stdlib.runtime.data.typed import read_column

    column = Column(name=guess.name, type={"function": guess.type})
    return not read_column(values, column, "UTC").unreadable.any()


def _tolerated(share: float) -> float:
    """A little more than was seen, in whole percent; all only where nothing was there."""
    return round(min(share * 1.5 + 0.01, (1 + share) / 2) + 0.004, 2) if share else 0.0


def _guess(values: pd.Series, name: str) -> ColumnGuess:
    """Type, range, role and reason."""
    present = values.dropna()
    if present.empty:
        return ColumnGuess(name, "text", role="ignore", why="empty")
    if not _are_single(present):
        return ColumnGuess(name, "text", role="ignore", why="holds lists or objects")
    kind = _type_of(present)
    if present.nunique() == 1:
        return ColumnGuess(name, kind or "text", role="ignore", why="always the same")
    match kind:
        case "bool":
            return ColumnGuess(name, "bool")
        case "int" | "float":
            return _number(present, name, kind)
        case "timestamp" | "date":
            personal = is_personal(name)
            return ColumnGuess(name, kind, role="pii" if personal else "", why="looks personal" if personal else "")
    return _text(present, name)


def _are_single(present: pd.Series) -> bool:
    """Whether each value stands for itself, which those that cannot be compared do not."""
    try:
        present.unique()
    except TypeError:
        return False
    return True


def _type_of(present: pd.Series) -> str:
    """The type that the values have beyond doubt; empty for text."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(present) or _is_flag(present):
        return "bool"
    if pd.api.types.is_numeric_dtype(present):
        return "int" if pd.api.types.is_integer_dtype(present) or bool((present % 1 == 0).all()) else "float"
    if pd.api.types.infer_dtype(present) == "decimal":
        return "float"
    if pd.api.types.is_datetime64_any_dtype(present) or _is_time(present):
        return "date" if present.astype(str).str.fullmatch(r"\d{4}-\d{2}-\d{2}").all() else "timestamp"
    return ""


def _is_flag(present: pd.Series) -> bool:
    return {str(value).lower() for value in present.unique()[:3]} in ({"0", "1"}, {"true", "false"}, {"0.0", "1.0"})


def _is_time(present: pd.Series) -> bool:
    import pandas as pd

    written = present.astype(str)
    if not written.head(1000).str.match(r"\d{4}-\d{2}-\d{2}").all():
        return False
    return bool(pd.to_datetime(written, format="ISO8601", errors="coerce", utc=True).notna().all())


def _number(present: pd.Series, name: str, kind: str) -> ColumnGuess:
    low, high = float(present.min()), float(present.max())
    if kind == "int" and present.is_unique and numbers_rows(name):
        return ColumnGuess(name, kind, role="id", why="names the row")
    if kind == "int" and identifies(name):
        return _identifier(present, name, kind)
    if kind == "int" and is_personal(name) and present.nunique() > MOST_CATEGORIES:
        return ColumnGuess(name, kind, role="pii", why="looks personal")
    clock = CLOCK.get(name.lower(), "")
    if kind == "int" and clock and int(clock.split("..")[0]) <= low and high <= int(clock.split("..")[1]):
        return ColumnGuess(name, kind, "" if clock == CLOCK["year"] else clock, "calendar")
    return ColumnGuess(name, kind, "" if low < 0 else "0..1" if kind == "float" and high <= 1 else "0..")


def _identifier(present: pd.Series, name: str, kind: str) -> ColumnGuess:
    """Ids that come again: few are a category, many would be learned by heart."""
    if present.nunique() <= MOST_CATEGORIES:
        return ColumnGuess(name, "category")
    return ColumnGuess(name, kind, role="id", why="names whom or what the row is about")


def _text(present: pd.Series, name: str) -> ColumnGuess:
    written = present.astype(str)
    if is_personal(name) or _most(written, _E_MAIL):
        return ColumnGuess(name, "text", role="pii", why="looks personal")
    if _most(written, _OTHER_DATE):
        return ColumnGuess(name, "text", role="ignore", why="dates are read as year-month-day: convert in `transform`")
    if _most(written, _OTHER_NUMBER) and present.nunique() > MOST_CATEGORIES:
        return ColumnGuess(name, "text", role="ignore", why="numbers in another notation: convert in `transform`")
    if present.nunique() <= MOST_CATEGORIES and not present.is_unique:
        return ColumnGuess(name, "category")
    if float(written.map(lambda text: len(text.split())).median()) >= _MANY_WORDS:
        return ColumnGuess(name, "text", role="ignore", why="free text needs a feature step")
    if present.is_unique:
        return ColumnGuess(name, "text", role="id", why="different in every row")
    if identifies(name):
        return _identifier(present, name, "text")
    return ColumnGuess(name, "text", role="ignore", why="more than 50 values: needs a feature step")


def _most(written: pd.Series, pattern: str) -> bool:
    return float(written.str.fullmatch(pattern).mean()) > 0.9
