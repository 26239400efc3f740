"""`watch uptime …`: how fast the failures that it allows are used up, by requests and by signs of life."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import NDArray

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.monitor.evidence import Evidence, seconds_of
from mlopsc.stdlib.runtime.monitor.journal import Reading, Record, Status
from mlopsc.stdlib.runtime.monitor.watches import WatchRule
from mlopsc.stdlib.runtime.service.heartbeats import INTERVAL, Heartbeat
from mlopsc.stdlib.runtime.statistics.burn import BUCKET, Bucket, BurnVerdict, judge_burn

_PROBE = 2 * INTERVAL
"""One probe in so many seconds: whether any router gave a sign of life. The log of requests alone would not show that
nobody was there to write it."""
_LATE = 3_600.0
_LONGEST = 6 * 3_600.0
_MOST_LOOKS = 2_016


@dataclass
class Counts:
    """Requests by bucket, (buckets,) each: all, and those that were answered well; bucket 0 starts at `start`."""

    start: float
    total: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    good: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    @property
    def starts(self) -> NDArray[np.float64]:
        """When each bucket starts, (buckets,)."""
        return np.asarray(self.start + BUCKET * np.arange(len(self.total)), dtype=np.float64)

    def buckets(self, since: float, until: float) -> list[Bucket]:
        """Those that start in [since, until)."""
        first, last = np.searchsorted(self.starts, [since, until])
        parts = zip(self.starts[first:last], self.total[first:last], self.good[first:last], strict=True)
        return [Bucket(float(start), round(total), round(good)) for start, total, good in parts]


def read_uptime(evidence: Evidence, watch: WatchRule, until: float, readings: Sequence[Record]) -> Reading:
    """What a look says of the time up to `until`: the first moment since the look before it that is an event."""
    beats = evidence.service.instances()
    began = max(evidence.start, min((beat.started for beat in beats.values()), default=until))
    if until - began < BUCKET:
        return Reading(Status.LEARNING, "no router has given a sign of life for five minutes yet")
    since, objective = max(began, until - watch.over), watch.comparisons[0].limit.offset
    counts = _with_probes(_counts(evidence, until), beats, since, until)
    before = float(readings[-1]["until"]) if readings else since
    first = max(before + watch.every, since + BUCKET, until - _MOST_LOOKS * watch.every)
    verdict, at = _worst(counts, objective, [*np.arange(first, until - 1, watch.every), until])
    inside = counts.starts >= since
    total = float(counts.total[inside].sum())
    share = float(counts.good[inside].sum()) / total if total else 1.0
    text = f"{verdict.reason}; {share:.3%} of the time since {clock.stamp(since)[:10]}"
    figures = {"value": share, "limit": objective, "burn": verdict.burn, "window": verdict.window.long, "worst": at}
    return Reading(Status.BROKEN if verdict.fired else Status.HOLDS, text, figures)


def _worst(counts: Counts, objective: float, moments: Sequence[float]) -> tuple[BurnVerdict, float]:
    """The first moment at which the alarm would have fired, else the last one."""
    failing = counts.starts[counts.good < counts.total]
    for moment in moments[:-1]:
        first, last = np.searchsorted(failing, [moment - _LONGEST, moment])
        if last > first:
            verdict = judge_burn(counts.buckets(moment - _LONGEST, moment), objective, moment)
            if verdict.fired:
                return verdict, moment
    return judge_burn(counts.buckets(moments[-1] - _LONGEST, moments[-1]), objective, moments[-1]), moments[-1]


def _with_probes(counts: Counts, beats: Mapping[str, Heartbeat], since: float, until: float) -> Counts:
    """Requests with probes: one that found nobody stands for the requests that are usual in its time."""
    starts, ends = counts.starts, np.minimum(counts.starts + BUCKET, until)
    inside = starts >= since
    usual = float(counts.total[inside].mean()) if inside.any() else 0.0
    probes = np.maximum(np.round((ends - starts) / _PROBE), 1.0)
    present = np.clip(_covered(starts, ends, _alive(beats, until)) / (ends - starts), 0.0, 1.0)
    # Whoever answers is there; and what was before the first router is no outage.
    found = np.round(probes * np.where((counts.total > 0) | (ends <= since), 1.0, present))
    missed = np.round((probes - found) * max(1.0, usual / (BUCKET / _PROBE)))
    return Counts(counts.start, counts.total + found + missed, counts.good + found)


def _counts(evidence: Evidence, until: float) -> Counts:
    """The requests since the service began; those of the last hour are counted anew, as rows may come late."""
    began = evidence.start
    counts: Counts = evidence.memory.setdefault("uptime", Counts(began))
    settled = max(0, len(counts.total) - ceil(_LATE / BUCKET))
    first = counts.start + settled * BUCKET
    size = ceil((until - first) / BUCKET)
    frame = evidence.requests(first, until)
    place = ((seconds_of(frame["time"]) - first) // BUCKET).astype(np.intp)
    good = (frame["status"] == "ok").to_numpy()
    counts.total = np.concatenate([counts.total[:settled], np.bincount(place, minlength=size).astype(np.float64)])
    counts.good = np.concatenate([counts.good[:settled], np.bincount(place[good], minlength=size).astype(np.float64)])
    return counts


def _alive(beats: Mapping[str, Heartbeat], until: float) -> list[tuple[float, float]]:
    """Spans in which some router gave signs of life, disjoint and in order."""
    spans = sorted((beat.started, _end_of(beat, until)) for beat in beats.values())
    merged: list[tuple[float, float]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _end_of(beat: Heartbeat, until: float) -> float:
    if beat.ended:
        return beat.at
    return until if beat.is_live(time.time()) else beat.at + _PROBE


def _covered(
    starts: NDArray[np.float64], ends: NDArray[np.float64], spans: Sequence[tuple[float, float]]
) -> NDArray[np.float64]:
    """How many seconds of each bucket lie in the spans, (buckets,)."""
    found = np.zeros(len(starts))
    for start, end in spans:
        found += np.clip(np.minimum(ends, end) - np.maximum(starts, start), 0, None)
    return found
