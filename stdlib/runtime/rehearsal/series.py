"""What a rehearsal's request log shows day by day: how many requests each version answered, and how well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Rule
from mlopsc.compiler.schema.declarations import Subject
from mlopsc.stdlib.metrics import Metric
from mlopsc.stdlib.runtime.metrics import MetricError, Predictions, measure
from mlopsc.stdlib.runtime.rehearsal.injections import DAY
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.reading import ServiceLog
from mlopsc.stdlib.runtime.statistics.units import row_units


@dataclass(frozen=True)
class Day:
    """One day of one version: requests that it served, those that failed, and the metric over all that it answered."""

    day: int
    version: int
    served: int
    failed: int
    value: float | None


@dataclass(frozen=True)
class Series:
    """Days in order, and what they are measured by: the metric of the first rule about quality, with its limit."""

    days: tuple[Day, ...]
    metric: str = ""
    limit: float | None = None


def read_series(deployment: Deployment, begins: float, ends: float) -> Series:
    """The days of a rehearsal."""
    log = ServiceLog(deployment)
    requests = log.requests(begins, ends + DAY)
    if requests.empty:
        return Series(())
    labelled = log.labelled(begins, ends + DAY)
    metric, limit = _metric(deployment)
    values = _values(labelled, metric, begins) if metric is not None and not labelled.empty else {}
    counted = requests.assign(day=_days(requests, begins))
    days = [
        Day(day, version, *_counted(part), values.get((day, version)))
        for (day, version), part in _by_day_and_version(counted)
    ]
    return Series(tuple(days), metric.word if metric else "", limit)


def _metric(deployment: Deployment) -> tuple[Metric | None, float | None]:
    """The first metric of production in the spec, with the number it must stay at, if a rule has one."""
    rules = [Rule.model_validate(rule) for stage in deployment.document["stages"] for rule in stage.get("rules", ())]
    found = [one for one in rules if (one.subject or {}).get("on") == "feedback" and _is_metric(one.subject or {})]
    fixed = [one for one in found if one.comparisons and one.comparisons[0].limit.baseline is None]
    if not found:
        return None, None
    chosen = (fixed or found)[0]
    return Metric.model_validate(chosen.subject), fixed[0].comparisons[0].limit.offset if fixed else None


def _is_metric(subject: Mapping[str, Any]) -> bool:
    return any(one.word == subject["function"] and issubclass(one, Metric) for one in Subject.members())


def _days(rows: pd.DataFrame, begins: float) -> NDArray[np.int64]:
    seconds = rows["time"].dt.as_unit("us").astype("int64").to_numpy() / 1e6
    return np.asarray((seconds - begins) // DAY, dtype=np.int64)


def _by_day_and_version(rows: pd.DataFrame) -> Iterator[tuple[tuple[int, int], pd.DataFrame]]:
    for key, part in rows.groupby(["day", "version"]):
        day, version = cast(tuple[int, int], key)
        yield (int(day), int(version)), part


def _counted(rows: pd.DataFrame) -> tuple[int, int]:
    """How many requests were served, and how many of those failed."""
    served = rows[rows["role"] == "served"]
    return len(served), int((served["status"] != "ok").sum())


def _values(rows: pd.DataFrame, metric: Metric, begins: float) -> dict[tuple[int, int], float]:
    answered = rows[rows["status"] == "ok"]
    answered = answered.assign(day=_days(answered, begins))
    found = {key: _value(part, metric) for key, part in _by_day_and_version(answered)}
    return {key: value for key, value in found.items() if value is not None and np.isfinite(value)}


def _value(rows: pd.DataFrame, metric: Metric) -> float | None:
    try:
        return measure(metric, Predictions(rows["y"].to_numpy(), rows["prediction"].to_numpy(), row_units(len(rows))))
    except (MetricError, ValueError, TypeError):  # it needs scores or both classes: the page goes without it
        return None


def versions_of(series: Series) -> Sequence[int]:
    """The versions that answered anything."""
    return sorted({day.version for day in series.days})
