"""The rows of a request, checked against the schema of the data stage, which is read once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

import pandas as pd

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.declared import DataStage, moment, read_stage
from mlopsc.stdlib.runtime.data.schema import EXAMPLES, bounds
from mlopsc.stdlib.runtime.data.typed import levels_of
from mlopsc.stdlib.runtime.data.violations import MASK
from mlopsc.stdlib.runtime.serve.problems import Problem
from mlopsc.stdlib.runtime.serve.values import Read, reader_of, text_reader_of
from mlopsc.stdlib.runtime.service.deployment import Deployment

Row = dict[str, Any]
"""A row by column, with None for missing values; see `values` for the types."""

_UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError)
_WIDTH = 60


@dataclass(frozen=True)
class RequestColumn:
    """A column that a request may have; `is_input` says that models are given it."""

    column: Column
    is_input: bool
    read: Read
    read_text: Read
    allows: Callable[[Any], bool] | None

    @property
    def name(self) -> str:
        """Its name."""
        return self.column.name

    @property
    def is_required(self) -> bool:
        """Whether each row must have a value."""
        return self.is_input and self.column.missing == 0

    def value(self, given: Any, row: int, *, from_text: bool = False) -> Any:
        """The value of a row, counted from 1; raises Problem when it is not as declared."""
        if given is None:
            if self.is_required:
                raise self._problem("missing-value", "is missing", row, f"expected {self.expected}")
            return None
        try:
            value = (self.read_text if from_text else self.read)(given)
        except _UNREADABLE:
            raise self._unreadable(given, row) from None
        if self.allows is not None and not self.allows(value):
            code = "unknown-value" if self.column.values is not None else "out-of-range"
            fact = f"is {self._shown(given)}, which is not in {bounds(self.column)}"
            raise self._problem(code, fact, row, "send a value that the schema allows")
        return value

    @property
    def expected(self) -> str:
        """What a value looks like."""
        return EXAMPLES[str(self.column.type["function"])]

    def _unreadable(self, given: Any, row: int) -> Problem:
        if isinstance(given, float) and not math.isfinite(given):
            hint = "send null for a value that is missing" if not self.is_required else f"expected {self.expected}"
            return self._problem("not-finite", f"is {self._shown(given)}", row, hint)
        word = str(self.column.type["function"])
        fact = f"is {self._shown(given)}, which is no `{word}`"
        return self._problem("wrong-type", fact, row, f"expected {self.expected}")

    def _problem(self, code: str, fact: str, row: int, hint: str) -> Problem:
        message = f"column `{self.name}` {fact} in row {row}"
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, message, hint, column=self.name, row=row)

    def _shown(self, given: Any) -> str:
        if self.column.role == "pii":
            return MASK
        text = json.dumps(given, ensure_ascii=True, default=str)
        return f"`{text[:_WIDTH]}…`" if len(text) > _WIDTH else f"`{text}`"


@dataclass(frozen=True)
class RequestSchema:
    """What the rows of a request look like: the columns that models are given, and others that may be there.

    Identifiers, keys, groups and weights are checked and not given to models; what is known only once the target is
    (and the target itself) is refused.
    """

    columns: tuple[RequestColumn, ...]
    target: RequestColumn
    unknowable: frozenset[str]
    zone: str

    @cached_property
    def inputs(self) -> tuple[RequestColumn, ...]:
        """The columns that models are given."""
        return tuple(column for column in self.columns if column.is_input)

    @cached_property
    def logged(self) -> tuple[str, ...]:
        """The columns that the request log keeps: those of the inputs that hold no personal data."""
        return tuple(column.name for column in self.inputs if column.column.role != "pii")

    def read(self, rows: Sequence[Any], *, from_text: bool = False) -> list[Row]:
        """Rows as the schema declares them, with all its columns; raises Problem for the first that is not."""
        return [self._row(row, number, from_text) for number, row in enumerate(rows, 1)]

    def _row(self, given: Any, number: int, from_text: bool) -> Row:
        if type(given) is not dict:
            told = f"row {number} is no object"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-type", told, "send one object a row", row=number)
        row: Row = {}
        for column in self.columns:
            value = given.get(column.name)
            if value is None and column.is_required and column.name not in given:
                raise self._absent(column, given, number)
            row[column.name] = column.value(value, number, from_text=from_text)
        if not given.keys() <= row.keys():
            raise self._extra(next(name for name in given if name not in row), number)
        return row

    def _absent(self, column: RequestColumn, given: Mapping[str, Any], row: int) -> Problem:
        known = {one.name for one in self.columns}
        close = did_you_mean(column.name, [name for name in given if name not in known])
        hint = f"did you mean it by `{close[:_WIDTH]}`?" if close else f"send {column.expected}"
        fact = f"row {row} has no column `{column.name}`"
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return Problem(status, "missing-column", fact, hint, column=column.name, row=row)

    def _extra(self, name: str, row: int) -> Problem:
        shown = name if len(name) <= _WIDTH else f"{name[:_WIDTH]}…"
        if name in self.unknowable:
            fact, hint = f"row {row} has `{shown}`, which is known only later", "leave it out"
        else:
            close = did_you_mean(name, [column.name for column in self.columns])
            fact = f"row {row} has a column `{shown}`, which the schema does not declare"
            hint = f"did you mean `{close}`?" if close else "leave it out, or declare it"
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "extra-column", fact, hint, column=shown, row=row)


def request_schema(deployment: Deployment) -> RequestSchema:
    """The schema of the requests of a release."""
    stage = read_stage(deployment.data)
    train = deployment.declared(deployment.model)["settings"]
    inputs = frozenset(stage.inputs if train.get("features") is not None else stage.features)
    target = str(stage.settings.target)
    unknowable = {target, *(column.name for column in stage.columns if column.role in ("leak", "label_time"))}
    columns = tuple(
        _request_column(stage, column, column.name in inputs)
        for column in stage.columns
        if column.name not in unknowable
    )
    declared = next(column for column in stage.columns if column.name == target)
    return RequestSchema(columns, _request_column(stage, declared, True), frozenset(unknowable), stage.settings.zone)


def _request_column(stage: DataStage, column: Column, is_input: bool) -> RequestColumn:
    zone = stage.settings.zone
    return RequestColumn(
        column, is_input, reader_of(column, zone), text_reader_of(column, zone), _allowed(column, zone)
    )


def _allowed(column: Column, zone: str) -> Callable[[Any], bool] | None:
    """What tells whether a value is within the bounds of its column; None where it has none."""
    if column.values is not None:
        as_text = column.type["function"] in ("category", "text")
        known = frozenset(levels_of(column)) if as_text else frozenset(column.values)
        return lambda value: value in known
    low, high = _end(column, column.low, zone), _end(column, column.high, zone)
    if low is None and high is None:
        return None
    return lambda value: (low is None or value >= low) and (high is None or value <= high)


def _end(column: Column, end: float | None, zone: str) -> Any:
    """A bound as values of the column are read; bounds of times are on the clock of the zone."""
    if end is None:
        return None
    match column.type["function"]:
        case "timestamp":
            return moment(pd.Timestamp(end, unit="s"), zone)
        case "date":
            return pd.Timestamp(end, unit="s").date()
        case _:
            return end
