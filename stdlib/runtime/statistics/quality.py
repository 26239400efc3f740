"""Whether a metric of the labelled rows of a window is still within its limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import copysign, inf, isfinite, sqrt
from statistics import fmean, stdev
from typing import Literal

from scipy import special

from mlopsc.stdlib.planning import check_share
from mlopsc.stdlib.runtime.statistics.bounds import estimate
from mlopsc.stdlib.runtime.statistics.estimates import Undecidable
from mlopsc.stdlib.runtime.statistics.inputs import RowLosses, Statistic

FEWEST_ROWS = 100
FEWEST_WINDOWS = 8
FEWEST_LABELS = 0.8
"""The share of the labels that are due, below which the quality is not known."""


@dataclass(frozen=True)
class WindowMean:
    """A metric over a window; `lower` and `upper` are its one-sided bounds, infinite where nothing bounds it."""

    mean: float
    rows: int
    units: int
    lower: float = -inf
    upper: float = inf


@dataclass(frozen=True)
class QualityVerdict:
    """What a look says of a metric. `learning` means that it can't say anything yet.

    `score` is how far the mean is beyond the limit in spreads of past window means, and `bar` what it may be; both
    are None where past windows were too few. `smallest_visible` is the mean from which on it would have been an event.
    """

    event: bool
    learning: bool
    estimate: float
    limit: float
    score: float | None
    bar: float | None
    smallest_visible: float | None
    reason: str


@dataclass(frozen=True)
class LabelsVerdict:
    """Whether the labels that are due have not arrived."""

    late: bool
    reason: str


def measure_window(evidence: RowLosses | Statistic, share: float, seed: int = 0) -> WindowMean:
    """The metric of a window with the bounds of a gate at `share`, an error rate; ValueError outside 0..0.5."""
    check_share(share)
    found = estimate(evidence, share, seed)
    rows, units, mean = evidence.rows, evidence.units.count, evidence.measure()
    if isinstance(found, Undecidable):
        return WindowMean(mean, rows, units)
    return WindowMean(mean, rows, units, found.limits.lower(share), found.limits.upper(share))


def judge_quality(
    now: WindowMean, history: Sequence[float], limit: float, better: Literal["lower", "higher"], share: float
) -> QualityVerdict:
    """Hold the metric of a window against its limit; `share` is the rate of false alarms of one look at the limit.

    `history` are the metric's values over earlier windows of the same length that overlap neither each other nor this
    one. From 8 of them on, an event takes (mean - limit) / spread beyond the (1 - share) quantile of Student's t,
    widened for the skewness of past windows towards the bad side (Cornish and Fisher 1938); before, a bound from the
    window's own units beyond the limit. ValueError for a share outside 0..0.5.
    """
    check_share(share)
    past = [value for value in history if isfinite(value)]
    if now.rows < FEWEST_ROWS or not isfinite(now.mean):
        why = f"{now.rows:,} labelled rows, and it takes {FEWEST_ROWS}" if isfinite(now.mean) else "it is not defined"
        return QualityVerdict(False, True, now.mean, limit, None, None, None, f"learning: {why}")
    sign = 1.0 if better == "lower" else -1.0
    if len(past) < FEWEST_WINDOWS:
        return _judge_by_units(now, limit, sign, len(past))
    spread = stdev(past)
    bar = _bar(past, sign, share)
    beyond = sign * (now.mean - limit)
    score = beyond / spread if spread > 0 else (0.0 if beyond == 0 else copysign(inf, beyond))
    visible = limit + sign * bar * spread
    said = f"{now.mean:.4g} against {limit:.4g}; past windows had {fmean(past):.4g} ± {spread:.2g}"
    return QualityVerdict(score > bar, False, now.mean, limit, score, bar, visible, said)


def judge_labels(due: int, labelled: int) -> LabelsVerdict:
    """Whether enough of the labels that are due have arrived: at least 80%; none being due, none are late."""
    late = labelled < FEWEST_LABELS * due
    said = f"{labelled:,} of {due:,} labels that are due have arrived"
    return LabelsVerdict(late, f"{said}, and it takes {FEWEST_LABELS:.0%}" if late else said)


def _bar(past: Sequence[float], sign: float, share: float) -> float:
    """How many spreads a mean may be beyond the limit: t + (t^2 - 1) skewness / 6, never less than t.

    Means of a day's losses are skewed; by t alone they raise four times the alarms that were stated.
    """
    student = float(special.stdtrit(len(past) - 1, 1 - share))
    return student + max(0.0, student**2 - 1) * max(0.0, sign * _skewness(past)) / 6


def _skewness(values: Sequence[float]) -> float:
    """The adjusted Fisher-Pearson coefficient; 0 of values that are all equal."""
    count, mean = len(values), fmean(values)
    square = fmean((value - mean) ** 2 for value in values)
    cube = fmean((value - mean) ** 3 for value in values)
    return sqrt(count * (count - 1)) / (count - 2) * cube / square**1.5 if square > 0 else 0.0


def _judge_by_units(now: WindowMean, limit: float, sign: float, windows: int) -> QualityVerdict:
    bound = now.lower if sign > 0 else now.upper
    few = f"only {windows} past windows"
    if not isfinite(bound):
        reason = f"learning: {few}, and {now.units} units in this one bound nothing"
        return QualityVerdict(False, True, now.mean, limit, None, None, None, reason)
    beyond = sign * (bound - limit) > 0
    reason = f"{now.mean:.4g} against {limit:.4g}, bounded by {bound:.4g} from {now.units} units; {few}"
    # The bound moves with the mean.
    return QualityVerdict(beyond, False, now.mean, limit, None, None, limit + now.mean - bound, reason)
