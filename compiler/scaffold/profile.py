"""Guesses how to declare a table: its columns, what is predicted, and what one independent observation is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.scaffold.baselines import baseline_of
from mlopsc.compiler.scaffold.columns import guess_column
from mlopsc.compiler.scaffold.guesses import TESTED, CannotGuess, ColumnGuess, TableGuess
from mlopsc.compiler.scaffold.leaks import leaks_of
from mlopsc.compiler.scaffold.names import identifies, target_rank

if TYPE_CHECKING:
    import pandas as pd

    from mlopsc.compiler.schema.declarations import Task

Columns = dict[str, ColumnGuess]

_PREDICTABLE = ("int", "float", "bool", "category")
_MOST_CLASSES = 20
_LEAST_TIMES = 20
_LEAST_GROUPS = 60
_ENOUGH_BLOCKS = (("7D", 8), ("1D", 30), ("1h", 30), ("1D", 8), ("1h", 8))
"""With fewer than 8 units nothing is proven, with fewer than 30 a little too much (see docs/statistics.md)."""


def guess_table(table: pd.DataFrame, target: str | None = None) -> TableGuess:
    """How to declare a table; raises CannotGuess when there is no column to predict."""
    guesses = {name: guess_column(table[name], name) if _is_writable(name) else None for name in table.columns}
    columns: Columns = {name: guess for name, guess in guesses.items() if guess is not None}
    table = table[list(columns)]
    asked = target
    target = _named(columns, asked) if asked is not None else _likely(columns)
    columns[target] = _as_target(columns[target], table[target])
    for name, why in leaks_of(table, target).items():
        columns[name] = replace(columns[name], within="", role="leak", why=why)
    time, group = _time(columns, table), ""
    if not time:
        group = _group(columns, table)
    task = _task(columns[target])
    columns = {name: _settled(guess, time, group) for name, guess in columns.items()}
    _require_features(columns, target)
    return TableGuess(
        rows=len(table),
        columns=tuple(columns.values()),
        target=target,
        task=task,
        baseline=baseline_of(table[target], task),
        time=time,
        group=group,
        block=_block(table[time]) if time else "",
        remarks=tuple(_remarks(columns, target, asked, [name for name in guesses if name not in columns])),
    )


def _is_writable(name: str) -> bool:
    """Whether a spec can name the column."""
    return bool(name.strip()) and not {"`", "\n", "\r"} & set(name)


def _named(columns: Columns, asked: str) -> str:
    if asked in columns:
        return asked
    close = did_you_mean(asked, columns)
    hint = f"did you mean `{close}`?" if close else f"it has {', '.join(f'`{name}`' for name in columns)}"
    raise CannotGuess(f"there is no column `{asked}`", hint)


def _likely(columns: Columns) -> str:
    """The column whose name sounds most like a target, else the last that could be; one without gaps is preferred."""
    usable = [name for name, guess in columns.items() if not guess.role and guess.type in _PREDICTABLE]
    if not usable:
        raise CannotGuess("no column looks like something to predict", "name one with --target")
    ranks = {name: rank for name in usable if (rank := target_rank(name)) is not None}
    best = [name for name in ranks if ranks[name] == min(ranks.values())] or usable
    whole = [name for name in best if not columns[name].missing]
    return (whole or best)[-1]


def _as_target(guess: ColumnGuess, values: pd.Series) -> ColumnGuess:
    """The target as it is declared; whole numbers may be the codes of classes."""
    if values.nunique() < 2:
        raise CannotGuess(f"`{guess.name}` is always the same", "predict another column: name it with --target")
    guess = replace(guess, role="", why="")
    if guess.type == "int" and _are_codes(values.dropna()):
        return replace(guess, type="category", within="", why="the codes of classes; a count or a grade would be `int`")
    return guess


def _are_codes(present: pd.Series) -> bool:
    """Whether few whole numbers, counted up from 0 or 1, are each about as frequent as the others."""
    counts = present.astype(int).value_counts()
    first = int(counts.index.min())
    in_a_row = sorted(counts.index) == list(range(first, first + len(counts)))
    return first in (0, 1) and in_a_row and len(counts) <= _MOST_CLASSES and counts.min() >= counts.mean() / 4


def _task(target: ColumnGuess) -> Task:
    tasks: Mapping[str, Task] = {
        "bool": "binary",
        "category": "multiclass",
        "int": "regression",
        "float": "regression",
    }
    if target.type not in tasks:
        fact = f"`{target.name}` is of type `{target.type}`"
        raise CannotGuess(fact, "predict a number, a truth value or a category: name it with --target")
    return tasks[target.type]


def _require_features(columns: Columns, target: str) -> None:
    if not any(not guess.role or guess.role == "calendar" for name, guess in columns.items() if name != target):
        fact = f"no column is left to predict `{target}` from: they are ids, texts, always the same, or give it away"
        raise CannotGuess(fact, "name another column with --target, or give a table with more columns")


def _time(columns: Columns, table: pd.DataFrame) -> str:
    """The first column that says of every row when it happened."""
    for name, guess in columns.items():
        is_time = guess.type in {"timestamp", "date"} and not guess.role and not guess.missing
        if is_time and table[name].nunique() >= _LEAST_TIMES:
            return name
    return ""


def _group(columns: Columns, table: pd.DataFrame) -> str:
    """A column of ids that come again: users, patients, whose rows are alike."""
    for name, guess in columns.items():
        if identifies(name) and not guess.missing and _LEAST_GROUPS <= table[name].nunique() < len(table):
            return name
    return ""


def _settled(guess: ColumnGuess, time: str, group: str) -> ColumnGuess:
    if guess.name == time:
        return ColumnGuess(time, "timestamp", why="when the row happened")
    if guess.name == group:
        return replace(guess, within="", role="group", why="its rows are alike: they stay together")
    if guess.type in {"timestamp", "date"} and not guess.role:
        return replace(guess, role="ignore", why="a time needs a feature step")
    return guess


def _block(times: pd.Series) -> str:
    """The longest of a week, a day and an hour of which the test split, the last rows, has enough to judge by."""
    import pandas as pd

    parsed = pd.to_datetime(times, format="ISO8601", utc=True).sort_values()
    tested = parsed.iloc[-max(1, round(len(parsed) * TESTED)) :]
    counts = {length: tested.dt.floor(length).nunique() for length in ("7D", "1D", "1h")}
    enough = [length for length, least in _ENOUGH_BLOCKS if counts[length] >= least]
    return (enough or ["1h"])[0].lower()


def _remarks(columns: Columns, target: str, asked: str | None, left_out: Sequence[str]) -> Iterator[str]:
    if asked is None:
        why = "by its name" if target_rank(target) is not None else "it is the last that could be"
        yield f"guessed: `{target}` is what to predict ({why}); `--target COLUMN` names another"
    for role, (one, several) in _ROLE_REMARKS.items():
        names = [f"`{name}`" for name, guess in columns.items() if guess.role == role]
        if names:
            yield f"{', '.join(names)} {several if len(names) > 1 else one}"
    if left_out:
        yield f"left out, as no column of a spec can hold it: {', '.join(f'`{name}`' for name in left_out)}"


_ROLE_REMARKS = {
    "leak": ("would give the target away: never a feature", "would give the target away: never features"),
    "pii": ("may be personal: never logged or tracked", "may be personal: never logged or tracked"),
    "id": ("names the row: never a feature", "name the rows: never features"),
    "ignore": ("is not used; the spec says why", "are not used; the spec says why"),
}
