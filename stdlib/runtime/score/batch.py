"""A batch: for each row its key, what a version of a model predicts, and as of when; checked before it is written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mlopsc.compiler.ir.model import Column, Rule
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.data import snapshot
from mlopsc.stdlib.runtime.data.checks import judge_checks
from mlopsc.stdlib.runtime.data.declared import DataStage, moment
from mlopsc.stdlib.runtime.data.schema import TypedRows
from mlopsc.stdlib.runtime.data.snapshot import RowSet
from mlopsc.stdlib.runtime.data.violations import ReadRows, Violation
from mlopsc.stdlib.runtime.engine.outcome import Message, StageFailure
from mlopsc.stdlib.runtime.model.model import LoadedModel

PREDICTION = "prediction"
_RESERVED = (PREDICTION, "probability", "version", "as_of")


@dataclass(frozen=True, eq=False)
class Batch:
    """Predictions of one version as of one moment.

    `table` has the columns of the key, `prediction`, the probabilities if the model gives any, `version` (int64) and
    `as_of` (timestamp[us, UTC]), in the order of the key, which no two rows share.
    """

    stage: str
    key: tuple[str, ...]
    version: int
    as_of: datetime
    table: pa.Table

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that together name a prediction."""
        return (*self.key, "as_of", "version")

    @cached_property
    def content(self) -> bytes:
        """The rows as a Parquet file; equal batches have equal bytes with one version of pyarrow."""
        buffer = BytesIO()
        pq.write_table(self.table, buffer, compression="zstd")
        return buffer.getvalue()

    @property
    def sha256(self) -> str:
        """The hash of its content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, eq=False)
class Scored:
    """The rows of a data stage and what the model says of each."""

    stage: DataStage
    rows: RowSet
    predicted: RowSet


def read_rows(stage: DataStage, path: Path) -> RowSet:
    """The rows of a snapshot; raises StageFailure where their key cannot name a prediction."""
    rows = RowSet(snapshot.read_table(path), snapshot.read_rows(path, stage))
    for name in stage.settings.key:
        column = next((one for one in stage.kept if one.name == name), None)
        if column is None:
            fact, hint = f"the key `{name}` has the role `ignore`", "give it the role `id`"
        elif name in _RESERVED or name.startswith("probability_"):
            fact, hint = f"the key has a column `{name}`, which predictions have too", "rename it in `transform`"
        elif column.type["function"] == "vector":
            fact, hint = f"the key `{name}` is a vector", "name rows by something that can be compared"
        elif rows.table[name].null_count:
            fact, hint = f"the key `{name}` is missing in some rows", "allow no missing values there"
        else:
            continue
        raise StageFailure(fact, f"{hint}, in `{stage.name}`", setting="data")
    return rows


def predict(stage: DataStage, rows: RowSet, model: LoadedModel) -> Scored:
    """What the model says of the rows: its prediction, and the probability of each class where it gives any.

    Of two classes, `probability` is that of the second (that it is true); of several, `probability_CLASS` is that of
    each. Raises ModelError when the model does not take the rows.
    """
    values = model.predict(rows.frame)
    table = {PREDICTION: pa.array(values.astype(_numpy(model.signature.task)).tolist(), _arrow(model.signature.task))}
    if model.classes and model.steps.can("predict_proba"):
        shares = model.predict_proba(rows.frame)
        if len(model.classes) == 2:
            table["probability"] = pa.array(shares[:, 1])
        else:
            table |= {f"probability_{name}": pa.array(shares[:, i]) for i, name in enumerate(model.classes)}
    predicted = pa.table(table)
    return Scored(stage, rows, RowSet(predicted, predicted.to_pandas()))


def hold(scored: Scored, rules: Sequence[Rule], project: Path) -> list[Message]:
    """What the predictions break: one message each, with the rows; raises StageFailure when a check fails by itself."""
    if PREDICTION in scored.rows.frame:
        fact = f"`{scored.stage.name}` has a column `{PREDICTION}` already"
        raise StageFailure(fact, "rename it in `transform`", setting="data")
    values = scored.predicted.table[PREDICTION]
    column = Column(name=PREDICTION, type={"function": _words(values.type)})
    table = scored.rows.table.append_column(PREDICTION, values)
    frame = scored.rows.frame.assign(**{PREDICTION: scored.predicted.frame[PREDICTION].to_numpy()})
    stage = replace(scored.stage, columns=(*scored.stage.kept, column), rules=tuple(rules))
    known = {one.name: np.zeros(len(frame), dtype=np.bool_) for one in stage.columns}
    checks = judge_checks(stage, TypedRows(RowSet(table, frame), np.arange(len(frame)), known, {}), project)
    violations = [*_not_finite(values), *(one.violation for one in checks if one.violation)]
    shown = ReadRows(frame, (column, *scored.stage.kept))
    return [shown.message(one) for one in violations]


def _not_finite(values: pa.ChunkedArray) -> list[Violation]:
    if not pa.types.is_floating(values.type):
        return []
    failing = np.flatnonzero(~np.isfinite(values.to_numpy()))
    if not failing.size:
        return []
    fact = f"the model predicts no finite number for {failing.size:,} of {len(values):,} rows"
    return [Violation(fact, "look at these rows and at the features", columns=(PREDICTION,), rows=failing)]


def as_of(stage: DataStage, rows: RowSet) -> datetime:
    """The moment that rows are of: that of `as_of`, else of the newest row, else the day that it is."""
    if stage.settings.as_of is not None:
        return _utc(moment(stage.settings.as_of, stage.settings.zone))
    if stage.settings.time is not None and (newest := rows.frame[stage.settings.time].max()) is not pd.NaT:
        return _utc(moment(newest, stage.settings.zone))
    today = datetime.fromtimestamp(clock.now(), ZoneInfo(stage.settings.zone))
    return today.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def assemble(name: str, scored: Scored, version: int, at: datetime) -> Batch:
    """The batch that is written: of the rows, nothing but their key."""
    key, count = scored.stage.settings.key, len(scored.rows.frame)
    columns = {one: _plain(scored.rows.table[one]) for one in key}
    columns |= {one: scored.predicted.table[one] for one in scored.predicted.table.column_names}
    columns["version"] = pa.array(np.full(count, version))
    columns["as_of"] = pa.array([at] * count, pa.timestamp("us", "UTC"))
    table = pa.table(columns)
    return Batch(name, key, version, at, table.sort_by([(one, "ascending") for one in key]))


def _utc(at: pd.Timestamp) -> datetime:
    return at.as_unit("us").to_pydatetime().astimezone(UTC)


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as texts and times in UTC: what other programs read without knowing how a snapshot is kept."""
    if pa.types.is_dictionary(values.type):
        return values.cast(pa.string())
    return values.cast(pa.timestamp("us", "UTC")) if pa.types.is_timestamp(values.type) else values


def _numpy(task: str) -> Any:
    return {"regression": np.float64, "binary": np.bool_, "multiclass": str}[task]


def _arrow(task: str) -> pa.DataType:
    return {"regression": pa.float64(), "binary": pa.bool_(), "multiclass": pa.string()}[task]


def _words(kind: pa.DataType) -> str:
    return "float" if pa.types.is_floating(kind) else "bool" if pa.types.is_boolean(kind) else "text"
