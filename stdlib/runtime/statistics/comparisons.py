"""Two versions in service: whether the new one keeps to a limit that the old one sets, asked again every day.

Both ways of comparing bound a difference by a confidence sequence: limits that hold on all days at once, so that
looking daily and stopping at the first answer costs nothing of the level. They come from a normal mixture (Robbins
1970), with the variance estimated and its degrees of freedom accounted for as in the sequential t test (Lai 1976;
Wang and Ramdas 2023). All functions are pure, over sums of units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mlopsc.stdlib.runtime.statistics.inputs import Floats
from mlopsc.stdlib.runtime.statistics.judgements import Comparison, Verdict

UNITS_AN_ARM = 100
SPLIT_DAYS = 7
PAIRED_DAYS = 14
SAMPLE_RATIO_ALPHA = 0.001

# The mixture is tuned so that the limits are tightest when the evidence is two to three times that of the first look;
# they are within 3% of that from the first look to five times as much.
_FIRST_LOOK = 3.0


@dataclass(frozen=True, eq=False)
class ArmUnits:
    """What the units of one arm did on one day, an entry a unit, each (units,).

    `ids` are integers that mean the same unit on all days and in both arms. `values` and `weights` are the sums over
    the unit's rows of what the metric is a ratio of, as in `RowLosses` (mae: absolute errors and rows).
    """

    ids: NDArray[np.integer]
    values: Floats
    weights: Floats


@dataclass(frozen=True, eq=False)
class Stratum:
    """A full day, or the part of one in which the new version had one `share` of the units; `day` counts from 1970."""

    day: int
    share: float
    new: ArmUnits
    old: ArmUnits


@dataclass(frozen=True)
class PairedDay:
    """A full day on which both versions answered the same rows: the sums of what the metric is a ratio of.

    `rows` is the number of rows, or the sum of their weights. `day` counts from 1970.
    """

    day: int
    rows: float
    new_loss_sum: float
    old_loss_sum: float


@dataclass(frozen=True)
class ComparisonVerdict:
    """A verdict and what it rests on; what is not known is None.

    `estimate` is the new version's metric, `limit` what the old one's sets. `lower` and `upper` are limits of the
    difference that hold on all days at once, each wrong with a probability of at most alpha, laid around the old
    version's metric so that they can be held against `limit`. `units` are the distinct units of both arms (of pairs:
    days).
    """

    verdict: Verdict
    estimate: float | None
    lower: float | None
    upper: float | None
    limit: float | None
    days: int
    units: int
    reason: str


@dataclass(frozen=True)
class SampleRatio:
    """Whether the units met the versions in other shares than planned, so that no comparison holds."""

    suspended: bool
    p_value: float
    reason: str


def compare_split(
    strata: Sequence[Stratum],
    factor: float,
    offset: float,
    comparison: Comparison,
    alpha: float,
    scale: Literal["identity", "root"] = "identity",
) -> ComparisonVerdict:
    """Whether `new <= factor * old + offset` (or `>=`), versions having units of their own.

    Arms are compared within each stratum and the differences pooled by n m / (n + m), so that neither a better day
    nor a growing share is taken for a better version. The variance is that of sums over each unit's days, however
    many rows it has. With `scale` "root", `offset` counts in roots, as of an rmse.
    """
    used = [part for part in strata if _is_met(part.new) and _is_met(part.old)]
    days = sorted({part.day for part in used})
    arms = [_first_days(used, arm) for arm in ("new", "old")]
    units = np.unique(np.concatenate([ids for ids, _ in arms])).size if used else 0
    if short := _too_little(days, [first.size for _, first in arms]):
        return _undecided(short, len(days), units)
    first_look = max(days[SPLIT_DAYS - 1], *(int(np.sort(first)[UNITS_AN_ARM - 1]) for _, first in arms))
    found = _pooled(used, factor, scale)
    began = _pooled([part for part in used if part.day <= first_look], factor, scale)
    return _judge(found, began.information, offset, comparison, alpha, (len(days), units))


def compare_paired(
    days: Sequence[PairedDay],
    factor: float,
    offset: float,
    comparison: Comparison,
    alpha: float,
    scale: Literal["identity", "root"] = "identity",
) -> ComparisonVerdict:
    """Whether `new <= factor * old + offset` (or `>=`), both versions having answered the same rows.

    The unit is a day: what is hard for both cancels, and the hours of a day are not independent.
    """
    used = sorted((day for day in days if day.rows > 0), key=lambda found: found.day)
    if len(used) < PAIRED_DAYS:
        reason = f"{len(used)} full days with labels so far, and a comparison of pairs begins with {PAIRED_DAYS}"
        return _undecided(reason, len(used), len(used))
    found = _paired(used, factor, scale)
    began = _paired(used[:PAIRED_DAYS], factor, scale)
    return _judge(found, began.information, offset, comparison, alpha, (len(used), len(used)))


def check_sample_ratio(strata: Sequence[tuple[int, float, int, int]]) -> SampleRatio:
    """Whether the units of any stratum (day, planned share of the new version, its units, those of the old) are off.

    The exact form of the chi-squared test against the planned share. The i-th stratum may use 1/(i (i + 1)) of
    0.001, which adds up to 0.001 over however many days, so that what was off once stays so.
    """
    from scipy import special

    worst, reason = 1.0, "units meet the versions in the shares that were planned"
    for place, (_, share, new, old) in enumerate(sorted(strata), start=1):
        tails = float(special.bdtr(new, new + old, share)), float(special.bdtr(old, new + old, 1 - share))
        p_value = 2 * min(tails) * place * (place + 1)
        if p_value < min(worst, SAMPLE_RATIO_ALPHA):
            reason = f"{new / (new + old):.2%} of {new + old:,} units met the new version, and {share:.2%} were planned"
        worst = min(worst, p_value)
    return SampleRatio(worst < SAMPLE_RATIO_ALPHA, worst, reason)


@dataclass(frozen=True)
class _Difference:
    """The metric of both versions, the difference `new - factor * old` and what its limits are made of.

    `information` is what the variance goes with the inverse of, up to a constant: the variance of the sum of all
    evidence.
    """

    new: float
    baseline: float
    variance: float
    freedom: float
    information: float


def _pooled(strata: Sequence[Stratum], factor: float, scale: str) -> _Difference:
    """Stratified ratio estimators of both arms, linearised, with variances over units (Cochran 1977, 6.3 and 5A)."""
    pools = np.array([1 / (1 / part.new.ids.size + 1 / part.old.ids.size) for part in strata])
    shares = pools / pools.sum()
    new, of_new = _arm([part.new for part in strata], shares, scale)
    old, of_old = _arm([part.old for part in strata], shares, scale)
    ids = np.concatenate([part.new.ids for part in strata] + [part.old.ids for part in strata])
    _, unit = np.unique(ids, return_inverse=True)
    entries, count = of_new.size, int(unit.max()) + 1
    moves = np.array([np.bincount(unit[:entries], of_new, count), np.bincount(unit[entries:], of_old, count)])
    both = moves[0] - factor * moves[1]
    variance = float(both @ both)
    freedom = _freedom(moves[0], factor * moves[1])
    return _Difference(new, factor * old, variance, freedom, variance * float(pools.sum()) ** 2)


def _freedom(new: Floats, old: Floats) -> float:
    """The degrees of freedom of a difference of two arms, of what each unit moves it by (Satterthwaite 1946)."""
    variances = np.array([new @ new, old @ old])
    units = np.array([np.count_nonzero(new), np.count_nonzero(old)])
    below = float((variances**2 / np.maximum(1, units - 1)).sum())
    return float(variances.sum()) ** 2 / below if below else 1.0


def _arm(parts: Sequence[ArmUnits], shares: Floats, scale: str) -> tuple[float, Floats]:
    """The metric of one arm, strata pooled, and how much each entry of a unit moves it, all strata one after another.

    The factor n / (n - 1) makes up for each stratum's mean being estimated.
    """
    ratios = np.array([part.values.sum() / part.weights.sum() for part in parts])
    metric, slope = _rescaled(float(shares @ ratios), scale)
    moves = [
        slope
        * share
        * sqrt(part.ids.size / max(1, part.ids.size - 1))
        * (part.values - ratio * part.weights)
        / part.weights.sum()
        for part, share, ratio in zip(parts, shares, ratios, strict=True)
    ]
    return metric, np.concatenate(moves)


def _paired(days: Sequence[PairedDay], factor: float, scale: str) -> _Difference:
    """Ratios over all rows, linearised, with the variance over days."""
    rows = np.array([day.rows for day in days])
    new, old = (np.array([getattr(day, name) for day in days]) for name in ("new_loss_sum", "old_loss_sum"))
    total, count = rows.sum(), len(days)
    metric, slope = _rescaled(float(new.sum() / total), scale)
    other, other_slope = _rescaled(float(old.sum() / total), scale)
    moves = slope * (new - new.sum() / total * rows) - factor * other_slope * (old - old.sum() / total * rows)
    variance = float(moves @ moves) / total**2 * count / (count - 1)
    return _Difference(metric, factor * other, variance, count - 1, variance * count**2)


def _judge(
    found: _Difference,
    first_information: float,
    offset: float,
    comparison: Comparison,
    alpha: float,
    seen: tuple[int, int],
) -> ComparisonVerdict:
    if not (found.variance > 0 and first_information > 0 and np.isfinite(found.variance)):
        return _undecided("the losses don't differ from each other, so nothing is known of their spread", *seen)
    ratio = _FIRST_LOOK * found.information / first_information
    width = _mixture_quantile(ratio, found.freedom, alpha) * sqrt(found.variance)
    limit = found.baseline + offset
    lower, upper = found.new - width, found.new + width
    kept, broken = (upper <= limit, lower > limit) if comparison == "<=" else (lower >= limit, upper < limit)
    verdict = Verdict.PASS if kept else Verdict.FAIL if broken else Verdict.UNDECIDED
    shown = f"{found.new:.5g} against a limit of {limit:.5g} after {seen[0]} days"
    reason = {
        Verdict.PASS: f"{shown}: kept",
        Verdict.FAIL: f"{shown}: broken",
        Verdict.UNDECIDED: f"{shown}: between {lower:.5g} and {upper:.5g}, no proof yet",
    }[verdict]
    return ComparisonVerdict(verdict, found.new, lower, upper, limit, *seen, reason)


def _mixture_quantile(ratio: float, freedom: float, alpha: float) -> float:
    """How many standard errors wide a confidence sequence is on one side.

    The sequential t test mixes over effects with a normal prior; `ratio` is the evidence in units of that prior, x.
    Its e-value (1+x)^(-1/2) [(1 + t^2/(v (1+x))) / (1 + t^2/v)]^(-(v+1)/2) reaches 1/(2 alpha), one half of it on
    either side, at t^2 = v (K - 1) / (1 - K/(1+x)) with K = (sqrt(1+x) / (2 alpha))^(2/(v+1)).
    """
    growth = exp(2 / (freedom + 1) * (log(1 + ratio) / 2 - log(2 * alpha)))
    if growth >= 1 + ratio:
        return inf
    return sqrt(max(0.0, freedom * (growth - 1) / (1 - growth / (1 + ratio))))


def _rescaled(ratio: float, scale: str) -> tuple[float, float]:
    """A ratio of sums as the metric that it stands for, and the metric's slope there."""
    if scale == "identity":
        return ratio, 1.0
    root = sqrt(max(ratio, 0.0))
    return root, 1 / (2 * root) if root else 0.0


def _first_days(strata: Sequence[Stratum], arm: Literal["new", "old"]) -> tuple[NDArray[np.integer], NDArray[np.intp]]:
    """The distinct units of an arm and the day on which each was first met."""
    ordered = sorted(strata, key=lambda part: part.day)
    if not ordered:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.intp)
    ids = np.concatenate([getattr(part, arm).ids for part in ordered])
    days = np.repeat([part.day for part in ordered], [getattr(part, arm).ids.size for part in ordered])
    distinct, first = np.unique(ids, return_index=True)
    return distinct, days[first]


def _too_little(days: Sequence[int], units: Sequence[int]) -> str:
    if len(days) < SPLIT_DAYS:
        return f"{len(days)} full days with labels of both versions so far, and a comparison begins with {SPLIT_DAYS}"
    if min(units) < UNITS_AN_ARM:
        new, old = units
        return f"{new:,} units met the new version and {old:,} the old one, and {UNITS_AN_ARM} of each are needed"
    return ""


def _is_met(arm: ArmUnits) -> bool:
    return arm.ids.size > 0 and float(arm.weights.sum()) > 0


def _undecided(reason: str, days: int, units: int) -> ComparisonVerdict:
    return ComparisonVerdict(Verdict.UNDECIDED, None, None, None, None, days, units, reason)
