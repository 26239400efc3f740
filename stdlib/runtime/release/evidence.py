"""What a rollout has shown so far: the answers of both versions, in the counts and sums that verdicts are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from mlopsc.stdlib.release import Canary, Shadow
from mlopsc.stdlib.runtime.metrics import AnyMetric, evidence
from mlopsc.stdlib.runtime.release.state import State
from mlopsc.stdlib.runtime.release.versions import Records
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.reading import Gap, ServiceLog
from mlopsc.stdlib.runtime.service.truth import predictions_of
from mlopsc.stdlib.runtime.statistics.comparisons import ArmUnits, PairedDay, Stratum
from mlopsc.stdlib.runtime.statistics.guards import HARD_STOP, HourlyCounts, PairedCounts
from mlopsc.stdlib.runtime.statistics.inputs import RowLosses
from mlopsc.stdlib.runtime.store.faults import OperationError

DAY = 86_400.0
_HOUR = 3_600
_FIXED = ["time", "id", "row", "unit", "sequence", "version", "role", "status", "seconds"]


@dataclass(frozen=True, eq=False)
class Losses:
    """Rows with the sums that a metric is a ratio of: columns `id row unit version day share value weight`.

    A row that was asked about again (`row`, for the same `assigned` unit) is no new evidence.
    """

    frame: pd.DataFrame
    is_root: bool = False


class Rollout:
    """The rollout of one candidate beside the champion, from when it began to `until`.

    Days are counted from its beginning, so that every one is whole: day 0 ends 24 hours after it began.
    """

    def __init__(
        self, deployment: Deployment, state: State, records: Records, until: float, log: ServiceLog | None = None
    ) -> None:
        assert state.candidate is not None
        assert state.champion is not None
        self.deployment, self.state, self.until = deployment, state, until
        self.candidate, self.champion = state.candidate, state.champion
        self._log = log or ServiceLog(deployment)
        self._shares = _shares_by_entry(state, records)

    @property
    def since(self) -> float:
        """When the candidate first met requests."""
        return self.state.began

    @property
    def is_paired(self) -> bool:
        """Whether both versions answer the same requests, so that they are compared row by row."""
        strategy = self.deployment.settings.strategy
        return self.deployment.is_independent and isinstance(strategy, Canary | Shadow)

    @cached_property
    def gaps(self) -> Sequence[Gap]:
        """Where rows are or may be missing."""
        return self._log.gaps(self.since, self.until)

    @cached_property
    def answers(self) -> pd.DataFrame:
        """Every answer of either version, with its day and the candidate's share when it was given."""
        frame = self._log.requests(self.since, self.until)[_FIXED]
        return self._placed(frame)

    @cached_property
    def calls(self) -> pd.DataFrame:
        """The answers that count for guards: those that users got; of a candidate in shadow, all.

        Where both versions answer every request, whoever is heard, all answers of both: the evidence of a few hours.
        """
        answers = self.answers
        if self.is_paired:
            return answers
        is_shadow = isinstance(self.deployment.settings.strategy, Shadow)
        unseen = (answers["version"] == self.candidate) & is_shadow
        return answers[(answers["role"] == "served") | unseen]

    def calls_of(self, version: int, since: float) -> int:
        """How many calls a version has had since a time."""
        found = self.calls
        return int(((found["version"] == version) & (_seconds(found["time"]) >= since)).sum())

    def hourly(self, bad: pd.Series[bool]) -> list[HourlyCounts]:
        """The candidate's calls and bad calls of each hour; `bad` is aligned with `calls`."""
        return [HourlyCounts(hour, *counts) for hour, counts in self._by_hour(bad, self.candidate).items()]

    def paired_hours(self, bad: pd.Series[bool]) -> list[PairedCounts]:
        """The calls and bad calls of both versions of each hour."""
        new, old = (self._by_hour(bad, version) for version in (self.candidate, self.champion))
        none = (0, 0)
        hours = sorted({*new, *old})
        return [PairedCounts(hour, *new.get(hour, none), *old.get(hour, none)) for hour in hours]

    def last(self, bad: pd.Series[bool], version: int) -> list[bool]:
        """Whether the newest calls of a version were bad, in order."""
        return [bool(one) for one in bad[self.calls["version"] == version].tail(HARD_STOP)]

    def operational(self, bad: pd.Series[bool]) -> Losses:
        """Whether answers were bad, as losses; `bad` is aligned with `answers`."""
        return Losses(self.answers.assign(value=bad.astype(np.float64), weight=1.0))

    def losses(self, metric: AnyMetric) -> Losses:
        """The metric's losses on the answers of which the truth is known."""
        labelled = self._log.labelled(self.since, self.until)
        answered = labelled[(labelled["status"] == "ok") & labelled["y"].notna()]
        found = evidence(metric, predictions_of(answered, self._log.schema))
        if not isinstance(found, RowLosses) or found.scale == "complement":
            raise OperationError(f"`{metric.word}` cannot be compared day by day", "compare by a mean over rows")
        placed = self._placed(answered[_FIXED].assign(value=found.values, weight=found.denominators))
        return Losses(placed, found.scale == "root")

    def strata(self, losses: Losses) -> list[Stratum]:
        """What units of each version lost, by whole day and share."""
        served = losses.frame[losses.frame["role"] == "served"].drop_duplicates(["version", "assigned", "row"])
        served = served.assign(code=pd.factorize(served["unit"])[0])
        by_unit = served.groupby(["day", "share", "version", "code"], as_index=False)[["value", "weight"]].sum()
        parts: Any = by_unit[self._is_whole(by_unit["day"])].groupby(["day", "share"])
        return [
            Stratum(int(day), float(share), self._arm(part, self.candidate), self._arm(part, self.champion))
            for (day, share), part in parts
        ]

    def pairs(self, losses: Losses) -> list[PairedDay]:
        """What both versions lost on the same rows, by whole day."""
        frame = losses.frame
        new = frame[frame["version"] == self.candidate].drop_duplicates(["assigned", "row"])
        old = frame[frame["version"] == self.champion].drop_duplicates("id")
        both = new.merge(old[["id", "value"]], on="id", suffixes=("", "_old"))
        days = both[self._is_whole(both["day"])].groupby("day")[["weight", "value", "value_old"]].sum()
        return [PairedDay(int(day), float(row[0]), float(row[1]), float(row[2])) for day, *row in days.itertuples()]

    def sample(self) -> list[tuple[int, float, int, int]]:
        """The day, planned share, and distinct units of candidate and champion of each stratum that divides units."""
        found = self.answers
        divided = found[(found["role"] == "served") & (found["share"] > 0) & (found["share"] < 1)]
        divided = divided[divided["day"] < self._days]
        units = divided.groupby(["day", "share", "version"])["unit"].nunique()
        keys = sorted({(day, share) for day, share, _ in units.index})
        counts = {key: (units.get((*key, self.candidate), 0), units.get((*key, self.champion), 0)) for key in keys}
        return [(int(day), float(share), int(new), int(old)) for (day, share), (new, old) in counts.items()]

    @property
    def _days(self) -> int:
        """How many whole days there are."""
        return int((self.until - self.since) // DAY)

    @cached_property
    def _broken_days(self) -> frozenset[int]:
        days = (range(self._day(gap.start), self._day(gap.end) + 1) for gap in self.gaps)
        return frozenset(day for span in days for day in span)

    def _day(self, seconds: float) -> int:
        return int((seconds - self.since) // DAY)

    def _is_whole(self, days: pd.Series[int]) -> pd.Series[bool]:
        """Which days are over and have no gap."""
        return (days < self._days) & ~days.isin(list(self._broken_days))

    def _placed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of this rollout with their `day`, `share` and a unit, which is the request where none is known."""
        mine = frame["sequence"].isin(list(self._shares)) & frame["version"].isin([self.candidate, self.champion])
        found = frame[mine]
        return found.assign(
            day=((_seconds(found["time"]) - self.since) // DAY).astype(np.int64),
            share=found["sequence"].map(self._shares).astype(np.float64),
            unit=found["unit"].where(found["unit"] != "", found["id"]),
            assigned=found["unit"],
        )

    def _by_hour(self, bad: pd.Series[bool], version: int) -> Mapping[int, tuple[int, int]]:
        calls = self.calls
        mine = calls["version"] == version
        hours = (_seconds(calls["time"][mine]) // _HOUR).astype(np.int64)
        counted = bad[mine].astype(np.int64).groupby(hours.to_numpy()).agg(["size", "sum"])
        return {int(hour): (int(calls), int(wrong)) for hour, calls, wrong in counted.itertuples()}

    @staticmethod
    def _arm(part: pd.DataFrame, version: int) -> ArmUnits:
        mine = part[part["version"] == version]
        return ArmUnits(mine["code"].to_numpy(), mine["value"].to_numpy(), mine["weight"].to_numpy())


def _shares_by_entry(state: State, records: Records) -> dict[int, float]:
    """The candidate's share of the units under each entry of this rollout."""
    mine = [one for one in records if one["state"]["began"] == state.began and one["state"]["phase"] == state.phase]
    return {int(one["sequence"]): float(one["state"]["weights"].get(str(state.candidate), 0.0)) for one in mine}


def _seconds(times: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    return times.dt.as_unit("us").astype(np.int64) / 1e6
