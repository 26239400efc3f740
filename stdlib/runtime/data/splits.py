"""Splits: which rows train, which choose between candidates, which only the gate sees.

A row's split follows from its content (or time, or group), never from its place among the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.data import GroupSplit, RandomSplit, SplitRule, StratifiedSplit, TimeSplit
from mlopsc.stdlib.runtime.data.declared import DataStage
from mlopsc.stdlib.runtime.data.rowhash import Hashes, row_hashes, uniform
from mlopsc.stdlib.runtime.data.snapshot import RowSet
from mlopsc.stdlib.runtime.engine.outcome import StageFailure

GAP = "gap"
"""What is said of rows that are left unused before a cut."""

Parts = NDArray[np.object_]

_WAYS_OUT = {
    "random": "use more rows, a larger share or another `seed`",
    "stratified": "use more rows, a larger share or another `seed`",
    "by_group": "groups stay whole: use more groups, a larger share or another `seed`",
    "by_time": "use a shorter `gap`, a larger share or rows of more distinct times",
}


@dataclass(frozen=True)
class _Shares:
    """The names of the splits with a share, and where each but the last ends in [0, 1]."""

    names: NDArray[np.object_]
    ends: NDArray[np.float64]

    def pick(self, places: NDArray[np.float64]) -> Parts:
        """The split that each place in [0, 1) falls into."""
        return self.names[np.searchsorted(self.ends, places, side="right")]


def split_rows(stage: DataStage, rows: RowSet, identities: Hashes) -> Parts:
    """The split of each row, (rows,): `train`, `validation`, `test` or `gap`; "" where the stage has no split.

    `identities` are hashes of the rows' keys, or of their content. Raises StageFailure when a split would be empty.
    """
    rule = stage.settings.split
    if rule is None:
        return np.full(len(rows.frame), "", dtype=object)
    shares = _shares(rule)
    match rule:
        case RandomSplit(seed=seed):
            parts = shares.pick(uniform(identities, "split", seed))
        case StratifiedSplit(seed=seed):
            parts = _stratified(shares, rows.frame[_stratum(stage, rule)], uniform(identities, "split", seed))
        case GroupSplit(seed=seed):
            parts = shares.pick(uniform(row_hashes(rows.table, [_group(stage, rule)]), "split", seed))
        case TimeSplit(gap=gap):
            parts = _by_time(shares, rows.frame[_time(stage)], gap)
        case _:
            raise TypeError(f"no way to split by {rule!r}")
    _refuse_empty(stage, rule, parts)
    return parts


def sizes(stage: DataStage, parts: Parts) -> dict[str, int]:
    """The number of rows of each split, and of the gap if there is one."""
    found = {name: int((parts == name).sum()) for name in (*stage.splits, GAP)}
    return {name: count for name, count in found.items() if count or name != GAP}


def _shares(rule: SplitRule) -> _Shares:
    given = {"train": rule.train, "validation": rule.validation, "test": rule.test}
    total = sum(given.values())
    if abs(total - 1) > 1e-9:
        fact = f"the shares of `split` add up to {total:.6g}, not 1"
        raise StageFailure(fact, "make them add up to 100%", setting="split")
    used = {name: share for name, share in given.items() if share > 0}
    return _Shares(np.array([*used], dtype=object), np.cumsum([*used.values()])[:-1])


def _stratified(shares: _Shares, strata: pd.Series, draws: NDArray[np.float64]) -> Parts:
    """Within each stratum, rows in the order of their draws take evenly spaced places (systematic sampling).

    Each stratum thus has its shares to within one row, and the smallest draw, which says where the places begin,
    gives a stratum of few rows a fair chance of each split. Rows of equal content take one place.
    """
    codes = pd.factorize(strata, use_na_sentinel=False)[0]
    order = np.lexsort((draws, codes))
    counts = np.bincount(codes)
    starts = np.cumsum(counts) - counts
    sorted_codes, sorted_draws = codes[order], draws[order]
    is_new = np.r_[True, (np.diff(sorted_codes) != 0) | (np.diff(sorted_draws) != 0)]
    first = np.maximum.accumulate(np.where(is_new, np.arange(len(order)), 0))
    offset = uniform((sorted_draws[starts] * 2.0**53).astype(np.uint64), "stratum")
    places = np.empty(len(order))
    places[order] = (first - starts[sorted_codes] + offset[sorted_codes]) / counts[sorted_codes]
    return shares.pick(places)


def _by_time(shares: _Shares, times: pd.Series, gap: Duration | None) -> Parts:
    """The earliest rows first; a cut falls on the boundary between distinct times that is nearest to its share."""
    if missing := int(times.isna().sum()):
        fact = f"{missing:,} of {len(times):,} rows have no `{times.name}`, so they have no place in time"
        raise StageFailure(fact, "drop them in `transform`, or split in another way", setting="split")
    stamps = _micros(times)
    cuts = [_cut(stamps, share) for share in shares.ends]
    parts = shares.names[np.searchsorted(cuts, stamps, side="right")]
    if gap is not None:
        for cut in cuts:
            parts[(stamps < cut) & (stamps >= _before(cut, gap, times))] = GAP
    return parts


def _cut(stamps: NDArray[np.int64], share: float) -> int:
    """The first time after the boundary between distinct times that is nearest to a share of the rows."""
    values, counts = np.unique(stamps, return_counts=True)
    if len(values) == 1:
        return int(values[0]) + 1
    boundary = np.abs(np.cumsum(counts)[:-1] - share * len(stamps)).argmin()
    return int(values[boundary + 1])


def _before(cut: int, gap: Duration, times: pd.Series) -> int:
    if not gap.months:
        return cut - round(gap.seconds * 1_000_000)
    begins = pd.Timestamp(cut, unit="us", tz=times.dt.tz) - pd.DateOffset(months=gap.months)
    return int(begins.as_unit("us").value) // 1000


def _micros(times: pd.Series) -> NDArray[np.int64]:
    return np.asarray(pd.DatetimeIndex(times).as_unit("us").asi8)


def _time(stage: DataStage) -> str:
    if stage.settings.time is None:
        raise StageFailure(
            "`by_time` needs the time of the rows", "say which column it is: `time = …`", setting="split"
        )
    return stage.settings.time


def _stratum(stage: DataStage, rule: StratifiedSplit) -> str:
    name = rule.by or stage.settings.target
    if name is None:
        raise StageFailure("`stratified` has no column to go by", "name one: `by = …`", setting="split")
    return name


def _group(stage: DataStage, rule: GroupSplit) -> str:
    names = [rule.column] if rule.column else [column.name for column in stage.columns if column.role == "group"]
    if len(names) != 1:
        hint = "name one: `by_group(column = …)`, or give one column the role `group`"
        raise StageFailure("`by_group` has no column to go by", hint, setting="split")
    return str(names[0])


def _refuse_empty(stage: DataStage, rule: SplitRule, parts: Parts) -> None:
    for name, count in sizes(stage, parts).items():
        if not count:
            fact = f"the split `{name}` of `{stage.name}` has none of its {len(parts):,} rows"
            raise StageFailure(fact, _WAYS_OUT[rule.word], setting="split")
