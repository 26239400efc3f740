"""The bootstrap over units: how often each unit is drawn, and what the draws say."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from math import ceil

import numpy as np
from numpy.typing import NDArray

from mlopsc.stdlib.runtime.statistics.inputs import Counts, Floats, Statistic
from mlopsc.stdlib.runtime.statistics.units import Units

RESAMPLES = 2_000
_MOST_RESAMPLES = 20_000
_TAIL = 20  # draws that should lie beyond a bound: fewer, and the bound is one outlier's
_MOST_UNITS = 20_000
_GROUPS = 10_000
_JACKKNIFE_GROUPS = 200
_CHUNK = 200_000  # units drawn at a time: the working set then stays in the processor's cache
_NOISE = 1e-12


def resamples_for(alpha: float) -> int:
    """How many resamples a one-sided bound at `alpha` takes: 2,000, more for a far tail, 20,000 at most."""
    return min(max(RESAMPLES, ceil(_TAIL / alpha)), _MOST_RESAMPLES)


def coarsen(units: Units, seed: int) -> Units:
    """The same units where they are few; more than 20,000 are dealt at random into 10,000 groups of units.

    Sums over such groups are as independent as the units were, and their studentised mean has the same skewness
    to first order (gamma / sqrt(k) in sqrt(k) times fewer summands), so bounds hold while the cost stays put.
    """
    if units.count <= _MOST_UNITS:
        return units
    return Units(units.deal(_GROUPS, np.random.default_rng(seed)), units.label)


def draw_units(units: int, resamples: int, seed: int) -> Iterator[Counts]:
    """Resamples of `units` units with replacement, as counts: arrays (a few, units) of integers."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _CHUNK // units)
    for start in range(0, resamples, at_once):
        some = min(at_once, resamples - start)
        drawn = generator.integers(0, units, size=(some, units))
        drawn += (np.arange(some) * units)[:, None]
        yield np.bincount(drawn.ravel(), minlength=some * units).reshape(some, units)


def ratio_error(sums: Floats, weights: Floats) -> float:
    """The standard error of `sum(sums) / sum(weights)` over units, both (units,), linearised (Cochran 1977, 6.3)."""
    residuals = sums - sums.sum() / weights.sum() * weights
    return float(np.sqrt(_spread(sums.size) * (residuals @ residuals)) / weights.sum())


def studentised_draws(sums: Floats, weights: Floats, resamples: int, seed: int) -> Floats:
    """Sorted draws, (resamples,), of `(ratio* - ratio) / error*`, the pivot of the bootstrap-t (Efron 1981).

    A resample whose units are all alike has no error: its pivot is infinite on the side where its ratio lies.
    """
    residuals = sums - sums.sum() / weights.sum() * weights
    shift, square, weight = _resampled_moments(residuals, weights, resamples, seed)
    error = np.sqrt(_spread(sums.size) * square) / weight
    noise = _NOISE * ratio_error(sums, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        alone = np.where(np.abs(shift) <= noise, 0.0, np.sign(shift) * np.inf)
        draws = np.where(error == 0.0, alone, shift / error)
    return np.sort(draws)


def statistic_draws(statistic: Statistic, units: Units, resamples: int, seed: int) -> Floats:
    """Draws, (resamples,), of a statistic; NaN where a resample does not define it."""
    draws = np.empty(resamples)
    taken = (counts for chunk in draw_units(units.count, resamples, seed) for counts in chunk)
    with warnings.catch_warnings():
        # A library's remark about one odd resample is no news about the model.
        warnings.simplefilter("ignore")
        for place, counts in enumerate(taken):
            draws[place] = statistic.measure(counts[units.ids])
    return draws


def jackknife(statistic: Statistic, units: Units, seed: int) -> Floats:
    """The statistic without each unit in turn, or without each of 200 groups of units where there are more."""
    groups = min(units.count, _JACKKNIFE_GROUPS)
    group = units.deal(groups, np.random.default_rng(seed)) if units.count > groups else units.ids
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array([statistic.measure((group != left_out).astype(np.int64)) for left_out in range(groups)])


def _resampled_moments(
    residuals: Floats, weights: Floats, resamples: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For each resample: its ratio less the ratio, its sum of squared residuals, and its sum of weights."""
    if np.ptp(weights) == 0.0:
        # Equal weights, the common case of rows: two sums say what otherwise takes five.
        sums = _resampled_sums(np.stack([residuals, residuals**2], axis=1), resamples, seed)
        shift = sums[:, 0] / weights.sum()
        square = _difference(sums[:, 1], weights.size * (shift * weights[0]) ** 2)
        return shift, square, np.full(resamples, weights.sum())
    columns = [residuals, weights, residuals**2, residuals * weights, weights**2]
    first, weight, square, cross, weight_square = _resampled_sums(np.stack(columns, axis=1), resamples, seed).T
    shift = first / weight
    return shift, _difference(square + shift**2 * weight_square, 2 * shift * cross), weight


def _difference(large: Floats, small: Floats) -> Floats:
    """`large - small`, and 0 where what is left of so large numbers is but their rounding."""
    left = large - small
    return np.where(left <= _NOISE * large, 0.0, left)


def _resampled_sums(columns: Floats, resamples: int, seed: int) -> Floats:
    """Sums of `columns`, (units, k), over each resample: (resamples, k)."""
    chunks = draw_units(columns.shape[0], resamples, seed)
    return np.concatenate([counts.astype(np.float64) @ columns for counts in chunks])


def _spread(units: int) -> float:
    return units / (units - 1)
