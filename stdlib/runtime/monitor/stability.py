"""`watch stable(…)`: whether columns are distributed in a window as they were before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mlopsc.stdlib.monitor import Stable, TrainingReference
from mlopsc.stdlib.runtime.monitor.evidence import Evidence
from mlopsc.stdlib.runtime.monitor.journal import Reading, Record, Status
from mlopsc.stdlib.runtime.monitor.sketches import sketch
from mlopsc.stdlib.runtime.monitor.streams import Places, Stream, open_stream, reference_of
from mlopsc.stdlib.runtime.monitor.watches import WatchRule
from mlopsc.stdlib.runtime.statistics.drift import (
    FEWEST_ROWS,
    Distance,
    DriftVerdict,
    judge_drift,
    judge_independent,
    prepare,
)
from mlopsc.stdlib.runtime.store.faults import OperationError

_MOST_LOOKS = 400
_MOST_ROWS = 50_000
_DRAWS = 99


def read_stability(evidence: Evidence, watch: WatchRule, until: float, readings: Sequence[Record]) -> Reading:
    """What a look says of the window that ends at `until`."""
    assert isinstance(watch.what, Stable)
    since = until - watch.over
    if gaps := evidence.gaps(since, until):
        return Reading(Status.UNDECIDED, f"the log of the window has gaps: {gaps[0].reason}")
    stream = open_stream(evidence, watch, until)
    if not stream.kinds:
        return Reading(Status.UNDECIDED, "none of its columns is in the log of the service")
    window = stream.rows(since, until)
    if len(window) < FEWEST_ROWS:
        return Reading(Status.UNDECIDED, f"{len(window):,} rows in the window, and it takes {FEWEST_ROWS}")
    if watch.what.detector is not None:
        return _by_detector(evidence, watch, stream, window, since)
    if isinstance(watch.reference(), TrainingReference):
        return _against_training(evidence, watch, stream, window)
    return _against_history(evidence, watch, stream, window, since, readings)


def _against_history(
    evidence: Evidence,
    watch: WatchRule,
    stream: Stream,
    window: Places,
    since: float,
    readings: Sequence[Record],
) -> Reading:
    reference = reference_of(stream, watch, since)
    if len(reference) < FEWEST_ROWS:
        text = f"learning: {len(reference):,} rows to compare the window with, and it takes {FEWEST_ROWS}"
        return Reading(Status.LEARNING, text, {"rows": len(window)})
    window, reference = _thinned(window, _MOST_ROWS), _thinned(reference, _MOST_ROWS)
    now = stream.distances(window, reference)
    earlier = [record["evidence"]["distances"] for record in readings if "distances" in record["evidence"]]
    before = _before_service(evidence, watch, stream, len(window), len(reference))
    history = [*before, *earlier][-_MOST_LOOKS:]
    verdict = judge_drift(now, history, min(watch.share, 0.5))
    return _told(stream, verdict, now, window, reference, len(history))


def _by_detector(evidence: Evidence, watch: WatchRule, stream: Stream, window: Places, since: float) -> Reading:
    """What a detector of another package says of the window."""
    from mlopsc.stdlib.detectors import AlibiDetector
    from mlopsc.stdlib.runtime.monitor.alibi import detect

    assert isinstance(watch.what, Stable)
    detector = watch.what.detector
    if not isinstance(detector, AlibiDetector):
        word = detector.word if detector else ""
        raise OperationError(f"nothing runs the detector `{word}`", "use one of `alibi.…`, or none")
    is_trained = isinstance(watch.reference(), TrainingReference)
    reference = _training_rows(evidence) if is_trained else reference_of(stream, watch, since)
    window, reference = _thinned(window, _MOST_ROWS), _thinned(reference, _MOST_ROWS)
    verdict = detect(detector, stream.frame(window), stream.frame(reference), min(watch.share, 0.5))
    return _told(stream, verdict, {}, window, reference, 0)


def _training_rows(evidence: Evidence) -> Places:
    """The places in a stream of the rows that the first version was trained on."""
    order = np.argsort(evidence.known.times, kind="stable")
    return np.flatnonzero(np.isin(evidence.known.table.parts[order], ("train", "validation")))


def _against_training(evidence: Evidence, watch: WatchRule, stream: Stream, window: Places) -> Reading:
    reference = _training_rows(evidence)
    window, reference = _thinned(window, _MOST_ROWS), _thinned(reference, _MOST_ROWS)
    if len(reference) < FEWEST_ROWS:
        return Reading(Status.UNDECIDED, f"{len(reference):,} training rows, and it takes {FEWEST_ROWS}")
    now = stream.distances(window, reference)
    p_values = {
        column: prepare(stream.values[column].iloc[reference], kind).p_value(stream.values[column].iloc[window])
        for column, kind in stream.kinds.items()
    }
    verdict = judge_independent(now, p_values, min(watch.share, 0.5))
    return _told(stream, verdict, now, window, reference, 0)


def _told(
    stream: Stream,
    verdict: DriftVerdict,
    now: Mapping[str, Distance],
    window: Places,
    reference: Places,
    looks: int,
) -> Reading:
    """The verdict with its figures; a detector of another package gives no distances."""
    status = Status.LEARNING if verdict.learning else Status.BROKEN if verdict.event else Status.HOLDS
    text = verdict.reason
    if verdict.smallest_visible is not None:
        text += f"; what moves by {verdict.smallest_visible:.2f} would be seen"
    worst = [one.column for one in verdict.columns] or sorted(now, key=lambda column: -now[column].value)
    figures: dict[str, Any] = {
        "rows": len(window),
        "reference_rows": len(reference),
        "looks": looks,
        "p": verdict.p,
        "smallest_visible": verdict.smallest_visible,
        "columns": [vars(one) for one in verdict.columns],
        "sketches": sketch(stream, worst, window, reference),
    }
    if now:
        figures["distances"] = {column: round(one.value, 6) for column, one in now.items()}
    return Reading(status, text, figures)


def _before_service(
    evidence: Evidence, watch: WatchRule, stream: Stream, rows: int, against: int
) -> list[dict[str, float]]:
    """The distances that looks before the service began would have found, with at most so many rows."""
    rows, against = _rounded(rows), _rounded(against)
    key = "before", watch.id, watch.text, rows, against
    if key not in evidence.memory:
        looks = _looks_before(evidence, watch, stream) if evidence.known.has_times else _drawn(stream, rows, against)
        found = [
            stream.distances(_thinned(window, rows), _thinned(reference, against))
            for window, reference in looks
            if len(window) >= FEWEST_ROWS and len(reference) >= FEWEST_ROWS
        ]
        evidence.memory[key] = [{column: one.value for column, one in look.items()} for look in found]
    distances: list[dict[str, float]] = evidence.memory[key]
    return distances


def _rounded(rows: int) -> int:
    """A number of rows to two digits, so that what was computed for nearly as many is used again."""
    unit: int = 10 ** max(0, len(str(rows)) - 2)
    return -(-rows // unit) * unit


def _looks_before(evidence: Evidence, watch: WatchRule, stream: Stream) -> Iterator[tuple[Places, Places]]:
    """Windows on the grid of the looks that end before the service began, oldest first, each with its reference."""
    began = evidence.start
    times = evidence.known.times
    possible = int((began - times.min() - watch.over) // watch.every) if times.size else -1
    for place in range(min(possible, _MOST_LOOKS), -1, -1):
        end = began - place * watch.every
        yield stream.rows(end - watch.over, end), reference_of(stream, watch, end - watch.over)


def _drawn(stream: Stream, rows: int, against: int) -> Iterator[tuple[Places, Places]]:
    """Windows and references drawn at random from rows that carry no time, and so are independent of each other."""
    generator, pool = np.random.default_rng(0), stream.timeless
    share = rows / (rows + against)
    for _ in range(_DRAWS):
        mixed = generator.permutation(pool)
        cut = min(rows, int(len(pool) * share))
        yield np.sort(mixed[:cut]), np.sort(mixed[cut : cut + against])


def _thinned(places: Places, most: int) -> Places:
    """At most so many of the rows, drawn at random, always the same ones."""
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(0).choice(places, most, replace=False))
