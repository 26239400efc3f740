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
# they are within 3% of that from the first look to six times as much.
_FIRST_LOOK = 3.0
_MOST_ALIKE = 0.9


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
    """A full day, or the part of one in which the new version had one `share` of the units; `day` gives the order."""

    day: int
    share: float
    new: ArmUnits
    old: ArmUnits


@dataclass(frozen=True)
class PairedDay:
    """A full day on which both versions answered the same rows: the sums of what the metric is a ratio of.

    `rows` is the number of rows, or the sum of their weights. `day` gives the order.
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
    many rows it has. With `scale` "root", `offset` counts in roots, as of an rmse. Factor 0 asks of the new version
    alone; days are no longer hard for both, so they become the units, as in `compare_paired`.
    """
    if factor == 0.0:
        return compare_paired(_days_of_new(strata), factor, offset, comparison, alpha, scale)
    used = [part for part in strata if _is_met(part.new) and _is_met(part.old)]
    entries = _Entries.of(used)
    met = entries.first_days()
    days, units = np.unique(entries.days), met.shape[1]
    if short := _too_little(days.size, [int(arm.size) for arm in map(_known, met)]):
        return _undecided(short, days.size, units)
    enough = max(np.sort(_known(arm))[UNITS_AN_ARM - 1] for arm in met)
    first_look = entries.until(max(int(days[SPLIT_DAYS - 1]), int(enough)))
    growth = float(entries.pools().sum() / first_look.pools().sum())
    return _judge(_pooled(entries, factor, scale), growth, offset, comparison, alpha, (days.size, units))


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
    growth = len(used) / PAIRED_DAYS
    return _judge(_paired(used, factor, scale), growth, offset, comparison, alpha, (len(used), len(used)))


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
    """The new version's metric, `factor` times the old one's, and the variance of the difference."""

    new: float
    baseline: float
    variance: float
    freedom: float


@dataclass(frozen=True, eq=False)
class _Entries:
    """All units on all days in both arms, (entries,), ordered by day.

    `cells` is 2 * stratum + arm, where arm 0 is the new version; `units` are dense; `days` are those of entries.
    """

    days: NDArray[np.int64]
    cells: NDArray[np.int64]
    units: NDArray[np.intp]
    values: Floats
    weights: Floats

    @staticmethod
    def of(strata: Sequence[Stratum]) -> _Entries:
        """The entries of strata, by day."""
        ordered = sorted(strata, key=lambda part: part.day)
        arms = [arm for part in ordered for arm in (part.new, part.old)]
        sizes = [arm.ids.size for arm in arms]
        cells = np.repeat(np.arange(len(arms)), sizes)
        days = np.repeat(np.array([part.day for part in ordered], dtype=np.int64), 2)[cells]
        ids, values, weights = (
            np.concatenate([getattr(arm, name) for arm in arms] or [np.zeros(0)])
            for name in ("ids", "values", "weights")
        )
        return _Entries(days, cells, np.unique(ids, return_inverse=True)[1], values, weights)

    def until(self, day: int) -> _Entries:
        """The entries up to the end of a day."""
        end = int(np.searchsorted(self.days, day, side="right"))
        return _Entries(self.days[:end], self.cells[:end], self.units[:end], self.values[:end], self.weights[:end])

    def pools(self) -> Floats:
        """How much evidence each stratum holds, (strata,): n m / (n + m) of its units."""
        return np.asarray(1 / (1 / _by_arm(self.cells, np.ones(self.cells.size))).sum(axis=1), dtype=np.float64)

    def first_days(self) -> NDArray[np.float64]:
        """The day on which each unit was first met in each arm, (2, units); NaN where it never was."""
        found = np.full((2, int(self.units.max(initial=-1)) + 1), np.nan)
        found[self.cells[::-1] % 2, self.units[::-1]] = self.days[::-1]  # the last one written is the first day
        return found


def _pooled(entries: _Entries, factor: float, scale: str) -> _Difference:
    """Stratified ratio estimators of both arms, linearised, with variances over units (Cochran 1977, 6.3 and 5A)."""
    cells = entries.cells
    counts, sums, weights = (
        _by_arm(cells, column) for column in (np.ones(cells.size), entries.values, entries.weights)
    )
    shares = entries.pools() / entries.pools().sum()
    ratios = sums / weights
    (new, slope), (old, other_slope) = (_rescaled(float(shares @ arm), scale) for arm in ratios.T)
    # The factor n / (n - 1) makes up for each stratum's mean being estimated.
    steps = np.array([slope, -factor * other_slope]) * shares[:, None] / weights
    steps *= np.sqrt(counts / np.maximum(1, counts - 1))
    moves = steps.ravel()[cells] * (entries.values - ratios.ravel()[cells] * entries.weights)
    by_unit = _by_arm(2 * entries.units + cells % 2, moves)
    arms = (by_unit**2).sum(axis=0)
    widened = _widened(arms, _by_arm(cells, moves**2), counts)
    variance = float((by_unit.sum(axis=1) ** 2).sum() + (widened - arms).sum())
    units = np.count_nonzero(_by_arm(2 * entries.units + cells % 2, np.ones(cells.size)), axis=0)
    below = float((widened**2 / np.maximum(1, units - 1)).sum())
    freedom = float(widened.sum()) ** 2 / below if below else 1.0
    return _Difference(new, factor * old, variance, freedom)


def _by_arm(cells: NDArray[np.int64], column: Floats) -> Floats:
    """The sums of entries, (strata or units, 2), by 2 * place + arm."""
    return np.asarray(np.bincount(cells, column, 2 * (int(cells.max()) // 2 + 1)), dtype=np.float64).reshape(-1, 2)


def _widened(arms: Floats, within: Floats, counts: Floats) -> Floats:
    """The variances of both arms, (2,), if the units of neither spread less than those of both together.

    `within` are the variances of both arms' means within strata, (strata, 2). A small arm of skewed losses that
    happens to miss the large ones has a low mean and a low spread at once, and would prove too much.
    """
    common = (within * counts**2).sum(axis=1, keepdims=True) / counts.sum(axis=1, keepdims=True) / counts
    own, least = within.sum(axis=0), common.sum(axis=0)
    grown = arms * np.maximum(1.0, least / np.where(own > 0, own, 1.0))
    return np.asarray(np.where(own > 0, grown, least), dtype=np.float64)


def _paired(days: Sequence[PairedDay], factor: float, scale: str) -> _Difference:
    """Ratios over all rows, linearised, with the variance over days.

    Days that resemble the one before count less: n days are worth n (1 - r) / (1 + r) for a correlation r of
    successive ones (Bayley and Hammersley 1946), where r is freed of its bias (Marriott and Pope 1954).
    """
    rows = np.array([day.rows for day in days])
    new, old = (np.array([getattr(day, name) for day in days]) for name in ("new_loss_sum", "old_loss_sum"))
    total, count = rows.sum(), len(days)
    metric, slope = _rescaled(float(new.sum() / total), scale)
    other, other_slope = _rescaled(float(old.sum() / total), scale)
    moves = slope * (new - new.sum() / total * rows) - factor * other_slope * (old - old.sum() / total * rows)
    spread = float(moves @ moves)
    alike = float(moves[1:] @ moves[:-1]) / spread if spread else 0.0
    alike = min(max(alike + (1 + 3 * alike) / count, 0.0), _MOST_ALIKE)
    worth = count * (1 - alike) / (1 + alike)
    variance = spread / total**2 * count / (count - 1) * count / worth
    return _Difference(metric, factor * other, variance, max(1.0, worth - 1))


def _judge(
    found: _Difference,
    growth: float,
    offset: float,
    comparison: Comparison,
    alpha: float,
    seen: tuple[int, int],
) -> ComparisonVerdict:
    """The verdict after `growth` times the evidence of the first look."""
    if not np.isfinite(found.variance):
        return _undecided("a loss is not a number", *seen)
    if found.variance == 0:
        return _undecided("the losses don't differ from each other, so nothing is known of their spread", *seen)
    width = mixture_quantile(_FIRST_LOOK * growth, found.freedom, alpha) * sqrt(found.variance)
    limit = found.baseline + offset
    shown = f"{found.new:.5g} against a limit of {limit:.5g} after {seen[0]} days"
    if width == inf:
        reason = f"{shown}: too little is known of the spread for a proof"
        return ComparisonVerdict(Verdict.UNDECIDED, found.new, None, None, limit, *seen, reason)
    lower, upper = found.new - width, found.new + width
    kept, broken = (upper <= limit, lower > limit) if comparison == "<=" else (lower >= limit, upper < limit)
    verdict = Verdict.PASS if kept else Verdict.FAIL if broken else Verdict.UNDECIDED
    proof = {Verdict.PASS: "kept", Verdict.FAIL: "broken", Verdict.UNDECIDED: "no proof yet"}[verdict]
    reason = f"{shown}: {proof}, between {lower:.5g} and {upper:.5g}"
    return ComparisonVerdict(verdict, found.new, lower, upper, limit, *seen, reason)


def mixture_quantile(ratio: float, freedom: float, alpha: float) -> float:
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


def _days_of_new(strata: Sequence[Stratum]) -> list[PairedDay]:
    sums: dict[int, Floats] = {}
    for part in strata:
        rows_and_losses = np.array([part.new.weights.sum(), part.new.values.sum()])
        sums[part.day] = sums.get(part.day, np.zeros(2)) + rows_and_losses
    return [PairedDay(day, float(rows), float(loss), 0.0) for day, (rows, loss) in sums.items()]


def _known(days: Floats) -> Floats:
    return days[~np.isnan(days)]


def _too_little(days: int, units: Sequence[int]) -> str:
    if days < SPLIT_DAYS:
        return f"{days} full days with labels of both versions so far, and a comparison begins with {SPLIT_DAYS}"
    if min(units) < UNITS_AN_ARM:
        new, old = units
        return f"{new:,} units met the new version and {old:,} the old one, and {UNITS_AN_ARM} of each are needed"
    return ""


def _is_met(arm: ArmUnits) -> bool:
    return arm.ids.size > 0 and float(arm.weights.sum()) > 0


def _undecided(reason: str, days: int, units: int) -> ComparisonVerdict:
    return ComparisonVerdict(Verdict.UNDECIDED, None, None, None, None, days, units, reason)
