"""The columns that a `watch stable(…)` is about, row by row, from before the service began until now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Column
from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.monitor import SeasonReference, Stable, TrailingReference
from mlopsc.stdlib.runtime.monitor.evidence import Evidence, input_name, seconds_of
from mlopsc.stdlib.runtime.monitor.watches import WatchRule, seconds
from mlopsc.stdlib.runtime.statistics.drift import Distance, Kind, prepare

_TRAILING = Duration.parse("28d")
_YEAR = 364 * 86_400.0  # 52 weeks, so that days of the week meet
_KINDS: Mapping[str, Kind] = {"int": "numbers", "float": "numbers", "bool": "levels", "category": "levels"}
_LISTED: Mapping[str, Kind] = {**_KINDS, "text": "levels", "timestamp": "numbers", "date": "numbers"}
_UNWATCHED = frozenset({"pii", "calendar", "id", "ignore"})

Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Stream:
    """Rows by time from before the service began until now: `times` (rows,), and `values` (rows,) by column.

    Rows that carry no time, from data without one, come first and have the time -inf.
    """

    kinds: Mapping[str, Kind]
    times: NDArray[np.float64]
    values: Mapping[str, pd.Series]

    def rows(self, since: float, until: float) -> Places:
        """The places of the rows in [since, until)."""
        first, last = np.searchsorted(self.times, [since, until])
        return np.arange(first, last)

    @property
    def timeless(self) -> Places:
        """The places of the rows that carry no time."""
        return np.arange(np.searchsorted(self.times, -np.inf, side="right"))

    def frame(self, places: Places) -> pd.DataFrame:
        """The watched columns of some rows."""
        return pd.DataFrame({column: values.iloc[places] for column, values in self.values.items()})

    def distances(self, window: Places, reference: Places) -> dict[str, Distance]:
        """How far a window is from a reference, by column; each has rows."""
        found = {}
        for column, kind in self.kinds.items():
            values = self.values[column]
            found[column] = prepare(values.iloc[reference], kind).distance(values.iloc[window])
        return found


def reference_of(stream: Stream, watch: WatchRule, since: float) -> Places:
    """The places of the rows that the window which begins at `since` is compared with."""
    match watch.reference():
        case SeasonReference(length=length):
            return _seasons(stream, since + watch.over / 2, seconds(length))
        case TrailingReference(length=length):
            span = seconds(length)
        case _:
            span = seconds(_TRAILING)
    rows = stream.rows(since - span, since)
    timeless = stream.timeless
    begins = stream.times[len(timeless)] if len(timeless) < len(stream.times) else since
    return np.concatenate([timeless, rows]) if len(timeless) and since - span < begins else rows


def _seasons(stream: Stream, middle: float, length: float) -> Places:
    first = stream.times[len(stream.timeless)] if len(stream.timeless) < len(stream.times) else middle
    years = np.arange(1, int((middle - first + length / 2) // _YEAR) + 1)
    parts = [stream.rows(middle - year * _YEAR - length / 2, middle - year * _YEAR + length / 2) for year in years]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.intp)


def open_stream(evidence: Evidence, watch: WatchRule, until: float) -> Stream:
    """The watched columns of all rows that a look at `until` may need; columns that are not logged are left out."""
    key = "known", watch.id, watch.text
    if key not in evidence.memory:
        evidence.memory[key] = _known(evidence, watch)
    times, before, kinds = evidence.memory[key]
    later, served = _served(evidence, watch, until)
    kinds = {column: kind for column, kind in kinds.items() if column in served}
    values = {
        column: pd.concat([before[column], _plain(served[column], kind)], ignore_index=True)
        for column, kind in kinds.items()
    }
    return Stream(kinds, np.concatenate([times, later]), values)


def _known(evidence: Evidence, watch: WatchRule) -> tuple[NDArray[np.float64], pd.DataFrame, dict[str, Kind]]:
    """Times, values and kinds of the rows before the service began, by time."""
    kinds = _kinds(evidence, watch)
    known = evidence.known
    order = np.argsort(known.times, kind="stable")
    frame = known.table.frame
    match watch.what.what if isinstance(watch.what, Stable) else ():
        case "target":
            values = {"y": _labels(evidence, known.table.y)}
        case "predictions":
            predicted = evidence.model(evidence.first_version).predict(frame) if len(frame) else np.zeros(0)
            values = {"prediction": _labels(evidence, pd.Series(predicted))}
        case _:
            values = {column: frame[column] for column in kinds}
    ordered = {name: _plain(one, kinds[name]).iloc[order].reset_index(drop=True) for name, one in values.items()}
    return known.times[order], pd.DataFrame(ordered), kinds


def _served(evidence: Evidence, watch: WatchRule, until: float) -> tuple[NDArray[np.float64], pd.DataFrame]:
    """Times and values of the rows that the service answered."""
    assert isinstance(watch.what, Stable)
    since = max(evidence.start, until - watch.over - _needed(watch))
    if watch.what.what == "target":
        frame = evidence.labelled(since, until)
        return seconds_of(frame["time"]), frame[["y"]]
    frame = evidence.served(since, until)
    if watch.what.what == "predictions":
        frame = frame[frame["status"] == "ok"]
        return seconds_of(frame["time"]), frame[["prediction"]]
    names = {input_name(column.name): column.name for column in evidence.data.kept}
    logged = {name: column for name, column in names.items() if name in frame.columns}
    return seconds_of(frame["time"]), frame[list(logged)].rename(columns=logged)


def _kinds(evidence: Evidence, watch: WatchRule) -> dict[str, Kind]:
    """How each watched column is compared; keys, times and columns that follow from the clock are never watched."""
    assert isinstance(watch.what, Stable)
    what, settings = watch.what.what, evidence.data.settings
    if what in ("predictions", "target"):
        kind: Kind = "numbers" if evidence.service.schema.is_regression else "levels"
        return {"prediction" if what == "predictions" else "y": kind}
    never = {settings.time, *settings.key}
    columns = {one.name: one for one in evidence.data.kept if one.role not in _UNWATCHED and one.name not in never}
    if what == "features":
        inputs = evidence.known.table.inputs
        return {name: _KINDS[word] for name in inputs if name in columns and (word := _word(columns[name])) in _KINDS}
    return {name: _LISTED[word] for name in what if name in columns and (word := _word(columns[name])) in _LISTED}


def _word(column: Column) -> str:
    return str(column.type["function"])


def _labels(evidence: Evidence, values: pd.Series) -> pd.Series:
    """Predictions or targets as the log of the service has them."""
    schema = evidence.service.schema
    return values if schema.is_regression else values.astype(object).map(schema.label, na_action="ignore")


def _plain(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "levels":
        return values.astype(object)
    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        times = seconds_of(values)
        return pd.Series(np.where(np.isfinite(times), times, np.nan))
    return values.astype(np.float64)


def _needed(watch: WatchRule) -> float:
    """How far before a window its reference may begin, in seconds."""
    match watch.reference():
        case TrailingReference(length=length):
            return seconds(length)
        case SeasonReference():
            return float("inf")
        case _:
            return seconds(_TRAILING)
