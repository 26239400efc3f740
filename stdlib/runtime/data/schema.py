"""The schema of a data stage: typed columns, and what must hold of their values (checked by pandera)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.ir.model import Column
from mlopsc.compiler.schema.values import number_text
from mlopsc.stdlib.runtime.data.declared import DataStage, moment
from mlopsc.stdlib.runtime.data.snapshot import RowSet, row_set
from mlopsc.stdlib.runtime.data.typed import levels_of, read_column
from mlopsc.stdlib.runtime.data.violations import Violation
from mlopsc.stdlib.runtime.engine.outcome import StageFailure

EXAMPLES = {
    "int": "a whole number",
    "float": "a finite number",
    "bool": "`true`, `false`, 0 or 1",
    "text": "text",
    "category": "text or a number",
    "timestamp": "a timestamp such as `2025-01-31 14:00`",
    "date": "a date such as `2025-01-31`",
    "vector": "a list of as many finite numbers as declared",
}
"""What a value of each type looks like."""


@dataclass(frozen=True)
class TypedRows:
    """Rows of the declared columns, and the values that could not be read as their column's type.

    `numbers` are the positions of the rows among those that were read; `unreadable` has a (rows,) mask by column.
    """

    rows: RowSet
    numbers: NDArray[np.int64]
    unreadable: Mapping[str, NDArray[np.bool_]]
    ambiguous: Mapping[str, int]

    def take(self, kept: NDArray[np.bool_]) -> TypedRows:
        """The rows for which the mask is true."""
        unreadable = {name: mask[kept] for name, mask in self.unreadable.items()}
        return TypedRows(self.rows.take(kept), self.numbers[kept], unreadable, self.ambiguous)


def read_types(stage: DataStage, frame: pd.DataFrame) -> TypedRows:
    """The declared columns of the rows, typed; raises StageFailure when one is missing."""
    for column in stage.columns:
        if column.name not in frame.columns:
            raise _no_column(stage, column.name, [*map(str, frame.columns)])
    read = {column.name: read_column(frame[column.name], column, stage.settings.zone) for column in stage.columns}
    rows = row_set(stage.columns, [one.values for one in read.values()], stage.settings.zone)
    unreadable = {name: one.unreadable for name, one in read.items()}
    ambiguous = {name: one.ambiguous for name, one in read.items() if one.ambiguous}
    return TypedRows(rows, np.arange(len(frame)), unreadable, ambiguous)


def undeclared(stage: DataStage, frame: pd.DataFrame) -> list[str]:
    """The columns of the rows that the schema does not declare, in their order."""
    declared = {column.name for column in stage.columns}
    return [str(name) for name in frame.columns if name not in declared]


def schema_violations(stage: DataStage, typed: TypedRows) -> list[Violation]:
    """What the schema declares and the rows break."""
    return [*_unreadable(stage, typed), *_out_of_bounds(stage, typed), *_too_many_missing(stage, typed)]


def described(column: Column) -> str:
    """A column's declaration without its role, as a spec writes it: `int in 0..23`."""
    word = str(column.type["function"])
    word += f"({column.type['size']})" if word == "vector" else ""
    return f"{word} in {bounds(column)}" if bounds(column) else word


def _unreadable(stage: DataStage, typed: TypedRows) -> Iterator[Violation]:
    for column in stage.columns:
        if (mask := typed.unreadable[column.name]).any():
            expected = EXAMPLES[str(column.type["function"])]
            fact = f"`{column.name}` is not `{column.type['function']}` in {_rows(mask)}"
            hint = f"expected {expected}; mend the rows, change the type, or convert the values in `transform`"
            yield _about(column, fact, hint, typed.numbers[mask])


def _out_of_bounds(stage: DataStage, typed: TypedRows) -> Iterator[Violation]:
    bounded = [column for column in stage.columns if bounds(column)]
    if not bounded:
        return
    failing = _failure_rows(stage, bounded, typed.rows.frame)
    for column in bounded:
        if column.name in failing:
            rows = failing[column.name]
            fact = f"`{column.name}` is not in {bounds(column)} in {len(rows):,} of {len(typed.numbers):,} rows"
            yield _about(column, fact, "mend the rows, or say what is allowed", typed.numbers[rows])


def _failure_rows(stage: DataStage, columns: Sequence[Column], frame: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """The positions of the rows that are out of bounds, by column."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of versions of typeguard that it works with
        import pandera.pandas as pandera
    schema = pandera.DataFrameSchema(
        {one.name: pandera.Column(None, _checks(pandera.Check, stage, one), nullable=True) for one in columns}
    )
    try:
        schema.validate(frame[[*schema.columns]], lazy=True)
    except pandera.errors.SchemaErrors as errors:
        found = errors.failure_cases.groupby("column")["index"]
        return {str(name): np.unique(rows.to_numpy(dtype=np.int64)) for name, rows in found}
    return {}


def _checks(check: Any, stage: DataStage, column: Column) -> list[Any]:
    if column.values is not None:
        word = column.type["function"]
        return [check.isin(levels_of(column) if word in ("category", "text") else [*column.values])]
    low, high = _limit(stage, column, column.low), _limit(stage, column, column.high)
    at_least = [] if low is None else [check.ge(low)]
    return at_least if high is None else [*at_least, check.le(high)]


def _too_many_missing(stage: DataStage, typed: TypedRows) -> Iterator[Violation]:
    for column in stage.columns:
        mask = typed.rows.table[column.name].is_null().to_numpy() & ~typed.unreadable[column.name]
        if mask.mean() > column.missing:
            allowed = f"{number_text(round(column.missing * 100, 10))}%" if column.missing else "none"
            fact = f"`{column.name}` is missing in {_rows(mask)} ({mask.mean():.2%}), allowed is {allowed}"
            hint = f"fill the gaps, or allow them: `{column.name}: {described(column)}, missing <= …%`"
            yield _about(column, fact, hint, typed.numbers[mask])


def bounds(column: Column) -> str:
    """What a column may hold as a spec writes it, `0..23` or `["a", "b"]`; "" where anything goes."""
    if column.values is not None:
        return f"[{', '.join(json.dumps(value, ensure_ascii=False) for value in column.values)}]"
    if column.low is None and column.high is None:
        return ""
    return "..".join("" if end is None else _written(column, end) for end in (column.low, column.high))


def _written(column: Column, end: float) -> str:
    match column.type["function"]:
        case "timestamp":
            return str(pd.Timestamp(end, unit="s"))
        case "date":
            return str(pd.Timestamp(end, unit="s").date())
    return number_text(end)


def _limit(stage: DataStage, column: Column, end: float | None) -> float | pd.Timestamp | None:
    match column.type["function"]:
        case "timestamp" if end is not None:
            return moment(pd.Timestamp(end, unit="s"), stage.settings.zone)
        case "date" if end is not None:
            return pd.Timestamp(end, unit="s")
    return end


def _about(column: Column, fact: str, hint: str, rows: NDArray[np.int64]) -> Violation:
    return Violation(fact, hint, setting=f"schema.{column.name}", columns=(column.name,), rows=rows)


def _rows(mask: NDArray[np.bool_]) -> str:
    return f"{int(mask.sum()):,} of {len(mask):,} rows"


def _no_column(stage: DataStage, name: str, found: Sequence[str]) -> StageFailure:
    close = did_you_mean(name, found)
    listed = ", ".join(f"`{one}`" for one in found[:20]) + (f" and {len(found) - 20} more" if len(found) > 20 else "")
    hint = f"did you mean `{close}`? The rows have {listed}" if close else f"the rows have {listed}"
    return StageFailure(f"the rows of `{stage.name}` have no column `{name}`", hint, setting=f"schema.{name}")
