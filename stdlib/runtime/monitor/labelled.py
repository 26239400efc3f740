"""The answers of a window beside what turned out to be true, as metrics take them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.data import BlockUnit
from mlopsc.stdlib.runtime.data.declared import unit_of
from mlopsc.stdlib.runtime.metrics import AnyMetric, Predictions
from mlopsc.stdlib.runtime.model.fitting import with_target
from mlopsc.stdlib.runtime.model.predictions import predict_rows
from mlopsc.stdlib.runtime.monitor.evidence import Evidence, input_name, seconds_of, times_of, unseen_by_judged
from mlopsc.stdlib.runtime.monitor.watches import seconds
from mlopsc.stdlib.runtime.statistics.units import Units, block_units, column_units, row_units


@dataclass(frozen=True, eq=False)
class Answers:
    """Rows with prediction and truth; `times` (rows,) is when each was asked or, before the service, happened.

    `moments` (rows,) is what each row is about, where its data has a time.
    """

    predictions: Predictions
    times: NDArray[np.float64]
    moments: NDArray[np.float64]

    def between(self, since: float, until: float) -> Answers:
        """The rows of [since, until)."""
        return self.select((self.times >= since) & (self.times < until))

    def select(self, rows: NDArray[np.bool_]) -> Answers:
        """The rows for which the mask is true."""
        return Answers(self.predictions.select(rows), self.times[rows], self.moments[rows])

    def __len__(self) -> int:
        return len(self.times)


def answers_of(evidence: Evidence, frame: pd.DataFrame) -> Answers:
    """The labelled rows of the service's log."""
    schema = evidence.service.schema
    times = seconds_of(frame["time"])
    said, true = (_values(frame[name], schema.target, is_number=schema.is_regression) for name in ("prediction", "y"))
    classes = () if schema.is_regression else evidence.model(evidence.champion).classes or ()
    named = classes if schema.target == "bool" else tuple(str(schema.label(one)) for one in classes)
    weight = _weights(evidence, frame)
    scores, are_probabilities = _scores(evidence, frame, [str(schema.label(one)) for one in classes])
    found = Predictions(true, said, _units(evidence, frame), weight, scores, are_probabilities, named)
    moment = input_name(evidence.data.settings.time or "")
    return Answers(found, times, seconds_of(frame[moment]) if moment in frame else times)


def answers_before(evidence: Evidence, metric: AnyMetric) -> Answers:
    """What the first version said of the rows that it had not seen, and that happened before the service."""
    known = evidence.known
    table = with_target(known.table.take(known.unseen))
    times = times_of(table)
    return Answers(predict_rows(evidence.judged_model(evidence.first_version), table, [metric]), times, times)


def champion_answers(evidence: Evidence, metric: AnyMetric) -> Answers:
    """What the champion said of the rows that its gate was judged on."""
    number = evidence.champion
    table = evidence.table_of(number)
    table = with_target(table.take(unseen_by_judged(table)))
    times = times_of(table)
    return Answers(predict_rows(evidence.judged_model(number), table, [metric]), times, times)


def naive_truths(pool: Answers, wanted: Answers, lag: Duration) -> NDArray[Any]:
    """What was true one lag before each wanted row, (rows,): an object array with None where that is not known."""
    known = dict(zip(pool.moments.round(3).tolist(), pool.predictions.y.tolist(), strict=True))
    earlier = (wanted.moments - seconds(lag)).round(3).tolist()
    return np.array([known.get(moment) for moment in earlier], dtype=object)


def _values(column: pd.Series, target: str, *, is_number: bool) -> NDArray[Any]:
    if is_number:
        return column.to_numpy(dtype=np.float64)
    if target == "bool":
        return (column == "true").to_numpy(dtype=bool)
    return column.astype(object).to_numpy().astype(str)


def _weights(evidence: Evidence, frame: pd.DataFrame) -> NDArray[np.float64] | None:
    name = evidence.known.table.weight
    column = input_name(name or "")
    return frame[column].to_numpy(dtype=np.float64) if name and column in frame else None


def _scores(evidence: Evidence, frame: pd.DataFrame, names: list[str]) -> tuple[NDArray[np.float64] | None, bool]:
    """Scores (rows, classes) in the order of the classes, and whether they are probabilities."""
    if not names or frame["scores"].isna().any() or frame.empty:
        return None, True
    rows = [_row_of_scores(json.loads(text), names) for text in frame["scores"]]
    model = evidence.model(evidence.champion)
    return np.array(rows, dtype=np.float64), model.steps.can("predict_proba")


def _row_of_scores(scores: Any, names: list[str]) -> list[float]:
    if isinstance(scores, Mapping):
        return [float(scores.get(name, np.nan)) for name in names]
    values = scores if isinstance(scores, list) else [scores]
    return [-float(values[0]), float(values[0])] if len(values) == 1 and len(names) == 2 else [*map(float, values)]


def _units(evidence: Evidence, frame: pd.DataFrame) -> Units:
    settings = evidence.data.settings
    match unit_of(settings):
        case BlockUnit(length=length):
            width = timedelta(seconds=seconds(length))
            return block_units(frame["time"], width, settings.zone) if len(frame) else row_units(0)
        case str() as column:
            logged = input_name(column)
            return column_units(frame[logged] if logged in frame else frame["unit"], column)
        case _:
            return row_units(len(frame))
