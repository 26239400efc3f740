"""The rows of the request log and of feedback, and the tables that they are stored as."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from mlopsc.compiler.ir.model import Column
from mlopsc.compiler.schema.declarations import ColumnType
from mlopsc.stdlib.runtime.data.declared import read_stage
from mlopsc.stdlib.runtime.data.typed import read_column, text_of
from mlopsc.stdlib.runtime.service.deployment import Deployment

INPUT = "x."
"""What the names of input columns begin with in the request log."""
SECRET = b"mlopsc.secret"
"""The metadata of a stored table that tells with which secret its units were made."""
_NOT_LOGGED = frozenset({"pii", "leak", "ignore", "label_time"})
_TIME = pa.timestamp("us", "UTC")
_MICROSECONDS = 1_000_000
_TYPES: Mapping[str, pa.DataType] = {
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "category": pa.string(),
    "timestamp": _TIME,
    "date": pa.date32(),
    "vector": pa.list_(pa.float64()),
}


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One answer of one version. `time` is in seconds since 1970 (`clock.now()`), `seconds` the model's own time.

    `inputs` are values by column of the schema; what may not be logged is left out when it is stored. `unit` comes
    from `keys.unit_of`, `row` from the caller or `keys.row_of`, `id` from `keys.new_id`; a shadow has all three from
    the row that was served, and so has a `fallback`: what the champion answered where the version that should have
    served the row failed or is left out. It is evidence for neither.
    """

    time: float
    id: str
    row: str
    unit: str
    sequence: int
    version: int
    role: Literal["served", "shadow", "fallback"]
    status: Literal["ok", "error", "timeout"]
    seconds: float
    prediction: Any = None
    scores: Any = None
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """What turned out to be true of a prediction, and when that was told; `y` as `LogSchema.label` gives it."""

    id: str
    y: Any
    time: float


@dataclass(frozen=True)
class LogSchema:
    """What is stored of the requests of a release: `columns` are the input columns that may be logged.

    Not among them: the target, personal data (`pii`), what a request cannot know (`leak`, `label_time`), what is
    dropped anyway (`ignore`), and the column of the `assign` key, of which only the unit is kept.
    """

    columns: tuple[Column, ...]
    target: str
    zone: str = "UTC"

    @property
    def is_regression(self) -> bool:
        """Whether predictions and labels are numbers; else they are text."""
        return ColumnType.named(self.target).task == "regression"

    @property
    def requests(self) -> pa.Schema:
        """The columns of the request log."""
        fixed = [
            *(("time", _TIME), ("id", pa.string()), ("row", pa.string()), ("unit", pa.string())),
            *(("sequence", pa.int64()), ("version", pa.int64()), ("role", pa.string()), ("status", pa.string())),
            *(("seconds", pa.float64()), ("prediction", self._answer), ("scores", pa.string())),
        ]
        return pa.schema([*fixed, *((f"{INPUT}{one.name}", _TYPES[_word(one)]) for one in self.columns)])

    @property
    def feedback(self) -> pa.Schema:
        """The columns of feedback."""
        return pa.schema([("id", pa.string()), ("y", self._answer), ("time", _TIME)])

    @property
    def _answer(self) -> pa.DataType:
        return pa.float64() if self.is_regression else pa.string()

    def label(self, value: Any) -> float | str:
        """A prediction or label as it is stored: a number, or a class as text (`true`, `3`, `basic`).

        Raises ValueError or TypeError for what the target cannot be.
        """
        if value is None or value != value:
            raise ValueError("it is missing")
        if not self.is_regression:
            return self._class(value)
        number = float(value)
        if not math.isfinite(number):
            raise ValueError("it is no finite number")
        return number

    def _class(self, value: Any) -> str:
        text = text_of(bool(value) if self.target == "bool" and value in (0, 1) else value)
        if text is None or (self.target == "bool" and text not in ("true", "false")):
            raise ValueError("it is no class")
        text.encode()
        return text

    def request_table(self, rows: Sequence[RequestRow]) -> pa.Table:
        """The rows as they are stored; a value that is not of its column's type is missing."""
        fixed: dict[str, Any] = {
            "time": [_microseconds(row.time) for row in rows],
            **{name: [getattr(row, name) for row in rows] for name in _PLAIN},
            "prediction": [self._stored(row.prediction) for row in rows],
            "scores": [None if row.scores is None else json.dumps(row.scores, default=_plain) for row in rows],
        }
        arrays = [pa.array(fixed[one.name], one.type) for one in self.requests if one.name in fixed]
        inputs = [self._column([row.inputs.get(one.name) for row in rows], one) for one in self.columns]
        return pa.Table.from_arrays([*arrays, *inputs], schema=self.requests)

    def feedback_table(self, rows: Sequence[FeedbackRow]) -> pa.Table:
        """The rows as they are stored."""
        values = [[row.id for row in rows], [self._stored(row.y) for row in rows]]
        times = [_microseconds(row.time) for row in rows]
        found = zip([*values, times], self.feedback.types, strict=True)
        return pa.Table.from_arrays([pa.array(each, kind) for each, kind in found], schema=self.feedback)

    def _stored(self, value: Any) -> float | str | None:
        try:
            return self.label(value)
        except (TypeError, ValueError):
            return None

    def _column(self, values: Sequence[Any], column: Column) -> pa.Array:
        read = read_column(pd.Series(values, dtype=object), column, self.zone).values
        return read.cast(_TYPES[_word(column)])


_PLAIN = ("id", "row", "unit", "sequence", "version", "role", "status", "seconds")


def log_schema(deployment: Deployment) -> LogSchema:
    """What is stored of the requests of this release."""
    stage = read_stage(deployment.data)
    settings = stage.settings
    hidden = {settings.target, deployment.settings.assign}
    columns = tuple(one for one in stage.columns if one.role not in _NOT_LOGGED and one.name not in hidden)
    (target,) = (_word(one) for one in stage.columns if one.name == settings.target)
    return LogSchema(columns, target, settings.zone)


def _word(column: Column) -> str:
    return str(column.type["function"])


def _microseconds(seconds: float) -> int:
    return round(seconds * _MICROSECONDS)


def _plain(value: Any) -> Any:
    """A value of NumPy as JSON can say it."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else str(value)


def rows_by_kind(rows: Iterable[RequestRow | FeedbackRow]) -> tuple[list[RequestRow], list[FeedbackRow]]:
    """The rows of the request log and those of feedback."""
    requests: list[RequestRow] = []
    feedback: list[FeedbackRow] = []
    for row in rows:
        if isinstance(row, RequestRow):
            requests.append(row)
        else:
            feedback.append(row)
    return requests, feedback
