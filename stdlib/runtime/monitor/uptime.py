"""`watch uptime …`: how fast the failures that it allows are used up, by requests and by signs of life."""

from __future__ import annotations

import time
from collections.abc import Sequence
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
_SILENT = 60.0
_LONGEST = 6 * 3_600.0
_MOST_LOOKS = 2_016


@dataclass
class Counts:
    """Requests by bucket, (buckets,) each: all, and those that were answered well; bucket 0 starts at `start`."""

    start: float
    total: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    good: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def read_uptime(evidence: Evidence, watch: WatchRule, until: float, readings: Sequence[Record]) -> Reading:
    """What a look says of the time up to `until`: the worst moment since the look before it."""
    began, objective = evidence.start, watch.comparisons[0].limit.offset
    if until - began < BUCKET:
        return Reading(Status.LEARNING, "the service has just begun")
    since = max(began, until - watch.over)
    buckets = _buckets(evidence, since, until)
    before = float(readings[-1]["until"]) if readings else since
    moments = np.arange(max(before + watch.every, until - _MOST_LOOKS * watch.every), until + 1, watch.every)
    verdict, at = _worst(buckets, objective, [*moments[:-1], until])
    total, good = sum(one.total for one in buckets), sum(one.good for one in buckets)
    share = good / total if total else 1.0
    text = f"{verdict.reason}; {share:.3%} of the time since {clock.stamp(since)[:10]}"
    figures = {"value": share, "limit": objective, "burn": verdict.burn, "window": verdict.window.long, "worst": at}
    return Reading(Status.BROKEN if verdict.fired else Status.HOLDS, text, figures)


def _worst(buckets: Sequence[Bucket], objective: float, moments: Sequence[float]) -> tuple[BurnVerdict, float]:
    """The first moment at which the alarm would have fired, else the last one."""
    starts = np.array([one.start for one in buckets])
    failing = {one.start for one in buckets if one.good < one.total}
    for moment in moments[:-1]:
        first, last = np.searchsorted(starts, [moment - _LONGEST, moment])
        near = buckets[first:last]
        if any(one.start in failing for one in near):
            verdict = judge_burn(near, objective, moment)
            if verdict.fired:
                return verdict, moment
    first = int(np.searchsorted(starts, moments[-1] - _LONGEST))
    return judge_burn(buckets[first:], objective, moments[-1]), moments[-1]


def _buckets(evidence: Evidence, since: float, until: float) -> list[Bucket]:
    """Requests and probes of each five minutes; a probe that found nobody stands for the requests that are usual."""
    counts = _counts(evidence, until)
    starts = counts.start + BUCKET * np.arange(len(counts.total), dtype=np.float64)
    ends: NDArray[np.float64] = np.minimum(starts + BUCKET, until)
    alive = _alive(evidence, until)
    inside = (starts >= since - BUCKET) & (starts < until)
    usual = float(counts.total[inside].mean()) if inside.any() else 0.0
    probes = np.maximum(np.round((ends - starts) / _PROBE), 1)
    present = np.clip(_covered(starts, ends, alive) / (ends - starts), 0, 1)
    present = np.where(counts.total > 0, 1.0, present)
    found = np.round(probes * present)
    missed = np.round((probes - found) * max(1.0, usual / (BUCKET / _PROBE)))
    total = counts.total + found + missed
    good = counts.good + found
    chosen = np.flatnonzero(inside)
    return [Bucket(float(starts[i]), int(total[i]), int(good[i])) for i in chosen]


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
    counts.total = np.concatenate([counts.total[:settled], np.bincount(place, minlength=size)])
    counts.good = np.concatenate([counts.good[:settled], np.bincount(place[good], minlength=size)])
    return counts


def _alive(evidence: Evidence, until: float) -> list[tuple[float, float]]:
    """Spans in which some router gave signs of life, disjoint and in order."""
    wall = time.time()
    spans = sorted((beat.started, _end_of(beat, wall, until)) for beat in evidence.service.instances().values())
    merged: list[tuple[float, float]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _end_of(beat: Heartbeat, wall: float, until: float) -> float:
    if beat.ended:
        return beat.at
    silent = wall - beat.wall >= _SILENT or beat.is_live
is_dead
    return beat.at + _PROBE if silent else until


def _covered(
    starts: NDArray[np.float64], ends: NDArray[np.float64], spans: Sequence[tuple[float, float]]
) -> NDArray[np.float64]:
    """How many seconds of each bucket lie in the spans, (buckets,)."""
    found = np.zeros(len(starts))
    for start, end in spans:
        found += np.clip(np.minimum(ends, end) - np.maximum(starts, start), 0, None)
    return found
