"""Metrics that are no ratio of sums (BCa over units) and quantiles of call times (order statistics)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil, isfinite, isnan, log

import numpy as np
from scipy import special

from mlopsc.stdlib.runtime.statistics.estimates import (
    FEWEST_CALLS,
    FEWEST_EVENTS,
    FEWEST_ROWS,
    MANY_UNITS,
    Estimate,
    Undecidable,
    lack_of_evidence,
    no_difference,
    note_on_units,
)
from mlopsc.stdlib.runtime.statistics.inputs import Baseline, Counts, Floats, Latencies, RowLosses, Statistic
from mlopsc.stdlib.runtime.statistics.limits import Accelerated, Binomial, OrderStatistics, Rescaled
from mlopsc.stdlib.runtime.statistics.resampling import coarsen, jackknife, resamples_for, statistic_draws

_NOISE = 1e-12


def estimate_statistic(statistic: Statistic, alpha: float, seed: int) -> Estimate | Undecidable:
    """The value of a statistic, fit to be bounded at `alpha`."""
    return _estimate_by_resampling(statistic, alpha, seed, _estimate_constant)


def estimate_statistic_difference(
    new: RowLosses | Statistic, baseline: Baseline, alpha: float, seed: int
) -> Estimate | Undecidable:
    """The new metric with the BCa limits of `new - factor * old`, laid around `factor * old`."""
    found = _estimate_by_resampling(_difference(new, baseline), alpha, seed, _estimate_constant_difference)
    if isinstance(found, Undecidable):
        return replace(found, estimate=new.measure())
    limits = Rescaled(found.limits, shift=baseline.factor * baseline.metric.measure())
    return replace(found, value=new.measure(), limits=limits, method=f"paired {found.method}")


def estimate_latency(calls: Latencies, alpha: float) -> Estimate | Undecidable:
    """The quantile of call times, in seconds; the calls above a limit are counted exactly."""
    size = calls.seconds.size
    if size and not np.isfinite(calls.seconds).all():
        return Undecidable("some calls have a time that is not a finite number", size, size)
    # Without one call above it, a limit is proven only if that many calls would hardly all stay below it.
    fewest = max(FEWEST_CALLS, ceil(log(alpha) / log(calls.quantile)))
    if size < fewest:
        rule = f"p{calls.quantile * 100:g} at {1 - alpha:.6g}"
        reason = f"{size:,} calls were timed, and {rule} needs at least {fewest:,}"
        return Undecidable(reason, size, size, rows_needed=fewest)
    seconds = np.sort(calls.seconds)
    value = float(np.quantile(seconds, calls.quantile, method="inverted_cdf"))
    return Estimate(value, OrderStatistics(seconds, calls.quantile), size, size, "exact binomial on the calls above")


def _estimate_by_resampling(
    statistic: Statistic, alpha: float, seed: int, when_constant: Callable[[Statistic, float], Estimate | Undecidable]
) -> Estimate | Undecidable:
    value, rows, count = statistic.measure(), statistic.rows, statistic.units.count
    if short := _shortage(statistic, value):
        return short
    units = coarsen(statistic.units, seed)
    draws = statistic_draws(statistic, units, resamples_for(alpha), seed)
    defined = draws[np.isfinite(draws)]
    if defined.size < 2 or float(np.ptp(defined)) <= _NOISE * max(abs(value), 1.0):
        return when_constant(statistic, value)
    few = count < MANY_UNITS
    limits = _accelerated(value, draws, jackknife(statistic, units, seed), count if few else None)
    method = "wider of t and BCa" if few else "BCa"
    return Estimate(value, limits, rows, count, method, note_on_units(count), limits.error * rows**0.5, 1.0)


def _shortage(statistic: Statistic, value: float) -> Undecidable | None:
    rows, units = statistic.rows, statistic.units.count
    if short := lack_of_evidence(rows, FEWEST_ROWS, units, statistic.units.label, value):
        return short
    for name, count in statistic.class_counts().items():
        if count < FEWEST_EVENTS:
            reason = f"{count:,} rows are of class `{name}`, and a bound needs at least {FEWEST_EVENTS}"
            needed = -(-rows * FEWEST_EVENTS // count) if count else None
            return Undecidable(reason, rows, units, value if isfinite(value) else None, needed)
    if not isfinite(value):
        return Undecidable("the metric is not defined on these rows", rows, units)
    return None


def _estimate_constant(statistic: Statistic, value: float) -> Estimate | Undecidable:
    """A statistic that no resample moves: a perfect score, or nothing to go by."""
    rows, units = statistic.rows, statistic.units.count
    if statistic.comparisons is None or value not in (0.0, 1.0):
        return Undecidable(f"every resample gives {value:.6g}, so nothing is known of its spread", rows, units, value)
    # Disjoint pairs are independent: a row of each class, or a unit with the one and a unit with the other.
    pairs = min(statistic.comparisons, units // 2)
    return Estimate(value, Binomial(round(value * pairs), pairs), rows, units, "Clopper-Pearson over disjoint pairs")


def _estimate_constant_difference(statistic: Statistic, value: float) -> Estimate | Undecidable:
    if value == 0.0:
        return no_difference(statistic.rows, statistic.units.count)
    return _estimate_constant(statistic, value)


def _accelerated(value: float, draws: Floats, left_out: Floats, units: int | None) -> Accelerated:
    """BCa limits from the draws and the jackknife; `units` where they are few."""
    defined = draws[np.isfinite(draws)]
    below = (np.count_nonzero(defined < value) + np.count_nonzero(defined == value) / 2) / defined.size
    error = float(defined.std(ddof=1))
    return Accelerated(
        estimate=value,
        error=error if units is None else error * (units / (units - 1)) ** 0.5,
        draws_low=np.sort(np.where(np.isfinite(draws), draws, -np.inf)),
        draws_high=np.sort(np.where(np.isfinite(draws), draws, np.inf)),
        bias=float(special.ndtri(np.clip(below, 0.5 / draws.size, 1 - 0.5 / draws.size))),
        acceleration=_acceleration(left_out),
        freedom=None if units is None else units - 1,
    )


def _acceleration(left_out: Floats) -> float:
    """A sixth of the skewness of the jackknife's influence values (Efron and Tibshirani 1993, 14.15)."""
    defined = left_out[np.isfinite(left_out)]
    influence = defined.mean() - defined if defined.size else defined
    squares = float(influence @ influence)
    skewness = float((influence**3).sum()) / (6.0 * squares**1.5) if squares > 0 else 0.0
    return 0.0 if isnan(skewness) else skewness


def _difference(new: RowLosses | Statistic, baseline: Baseline) -> Statistic:
    old = baseline.metric

    def resample(counts: Counts) -> float:
        return new.measure(counts) - baseline.factor * old.measure(counts)

    if isinstance(new, Statistic):
        return Statistic(resample, new.units, new.classes, new.class_names)
    return Statistic(resample, new.units)
