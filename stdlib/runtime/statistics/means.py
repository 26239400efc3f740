"""Ratios of sums: exact limits for independent 0/1 rows, bootstrap-t over units for everything else."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np

from mlopsc.stdlib.runtime.statistics.estimates import (
    FEWEST_EVENTS,
    FEWEST_ROWS,
    FEWEST_UNITS,
    MANY_UNITS,
    Estimate,
    Undecidable,
    lack_of_evidence,
    no_difference,
    note_on_units,
)
from mlopsc.stdlib.runtime.statistics.inputs import RowLosses, Scale
from mlopsc.stdlib.runtime.statistics.limits import Binomial, Rescaled, Studentised, Whole
from mlopsc.stdlib.runtime.statistics.resampling import coarsen, ratio_error, resamples_for, studentised_draws
from mlopsc.stdlib.runtime.statistics.units import fold

_NOISE = 1e-12
_FAR = 0.1  # of the span: further from the usual row, a row is evidence by itself


def estimate_losses(losses: RowLosses, alpha: float, seed: int) -> Estimate | Undecidable:
    """The metric of row losses, fit to be bounded at `alpha`."""
    part = _taking_part(losses)
    value = part.measure()
    if short := _shortage(part, FEWEST_ROWS if part.span is None else FEWEST_EVENTS, value):
        return short
    if _is_binomial(part):
        limits = Rescaled(Binomial(round(part.values.sum()), part.rows), part.scale)
        return Estimate(value, limits, part.rows, part.rows, "Clopper-Pearson", proportion=True)
    found = _estimate_ratio(part, alpha, seed, fewest_far=1)
    if isinstance(found, Undecidable):
        return replace(found, estimate=value)
    sigma = _rescaled_sigma(found.sigma, part.scale, value)
    return replace(found, value=value, limits=Rescaled(found.limits, part.scale), sigma=sigma)


def estimate_loss_difference(
    new: RowLosses, old: RowLosses, factor: float, alpha: float, seed: int
) -> Estimate | Undecidable:
    """The new metric with the limits of its rows' difference from `factor` times the old one's, laid around that.

    Both must be ratios with the same weights and scale. Roots are compared as squares, which decides the same.
    """
    difference = _taking_part(_subtract(new, old, factor**2 if new.scale == "root" else factor))
    value = new.measure()
    if short := _shortage(difference, FEWEST_ROWS, value):
        return short
    found: Estimate | Undecidable = no_difference(difference.rows, difference.units.count)
    if difference.values.any():
        found = _estimate_ratio(difference, alpha, seed, fewest_far=FEWEST_UNITS)
    if isinstance(found, Undecidable):
        return replace(found, estimate=value)
    limits = _around_baseline(found, old, factor)
    sigma = _rescaled_sigma(found.sigma, new.scale, value)
    return replace(found, value=value, limits=limits, sigma=sigma, method=f"paired {found.method}")


def _estimate_ratio(losses: RowLosses, alpha: float, seed: int, fewest_far: int) -> Estimate | Undecidable:
    """The ratio of sums itself, before scaling; with a span, fewer than `fewest_far` unusual units are counted only."""
    rows, units, ratio = losses.rows, losses.units.count, losses.ratio()
    whole = _whole(losses)
    if whole is not None and whole.below + whole.above < fewest_far:
        # Resampled, a few differences of either sign only repeat their pattern: wrong passes are twice as many.
        return Estimate(ratio, whole, rows, units, "Clopper-Pearson over units")
    groups = coarsen(losses.units, seed)
    sums, weights = fold(losses.values, groups), fold(losses.denominators, groups)
    error = ratio_error(sums, weights)
    if error <= _NOISE * float(np.abs(sums).sum() / weights.sum()):
        reason = f"all {units:,} units have the same loss, {ratio:.6g}, so nothing is known of its spread"
        return Undecidable(reason, rows, units)
    few = units < MANY_UNITS
    draws = studentised_draws(sums, weights, resamples_for(alpha), seed)
    limits = Studentised(ratio, error, draws, units - 1 if few else None, whole)
    method = "wider of t and bootstrap-t" if few else "bootstrap-t"
    sigma = _row_sigma(losses)
    return Estimate(ratio, limits, rows, units, method, note_on_units(units), sigma, rows * (error / sigma) ** 2)


def _around_baseline(found: Estimate, old: RowLosses, factor: float) -> Rescaled:
    """Limits of `new - factor * old` in the ratio's scale, as limits of the new metric."""
    match old.scale:
        case "identity":
            return Rescaled(found.limits, shift=factor * old.measure())
        case "root":
            return Rescaled(Rescaled(found.limits, shift=factor**2 * old.ratio()), "root")
        case "complement":
            return Rescaled(Rescaled(found.limits, shift=factor), "complement", factor * old.measure())


def _subtract(new: RowLosses, old: RowLosses, factor: float) -> RowLosses:
    values = new.values - factor * old.values
    span = None
    if new.span is not None and old.span is not None:
        span = (new.span[0] - factor * old.span[1], new.span[1] - factor * old.span[0])
    return replace(new, values=values, scale="identity", span=span)


def _taking_part(losses: RowLosses) -> RowLosses:
    return losses if losses.weights is None else losses.select(losses.takes_part)


def _shortage(losses: RowLosses, fewest_rows: int, value: float) -> Undecidable | None:
    broken = int(np.count_nonzero(~np.isfinite(losses.values) | ~np.isfinite(losses.denominators)))
    if broken:
        reason = f"{broken:,} of {losses.rows:,} rows have a loss that is not a finite number"
        return Undecidable(reason, losses.rows, losses.units.count)
    return lack_of_evidence(losses.rows, fewest_rows, losses.units.count, losses.units.label, value)


def _is_binomial(losses: RowLosses) -> bool:
    return (
        losses.span == (0.0, 1.0)
        and losses.units.single_rows
        and bool(np.isin(losses.values, (0.0, 1.0)).all())
        and bool((losses.denominators == 1.0).all())
    )


def _whole(losses: RowLosses) -> Whole | None:
    """Limits from the count of units with a row far from the usual one, where rows have a span."""
    if losses.span is None:
        return None
    rows = losses.values / losses.denominators
    # A value that occurs: halfway between two kinds of rows, none would be usual.
    deviations = rows - np.quantile(rows, 0.5, method="lower")
    far = _FAR * (losses.span[1] - losses.span[0])
    core = rows[np.abs(deviations) <= far]
    below, above = (np.unique(losses.units.ids[side]).size for side in (deviations < -far, deviations > far))
    return Whole((float(core.min()), float(core.max())), losses.span, below, above, losses.units.count)


def _row_sigma(losses: RowLosses) -> float:
    """The standard deviation of the rows' linearised parts in the ratio."""
    residuals = losses.values - losses.ratio() * losses.denominators
    return sqrt(float(residuals @ residuals) / (losses.rows - 1)) / float(losses.denominators.mean())


def _rescaled_sigma(sigma: float | None, scale: Scale, value: float) -> float | None:
    # The derivative of the square root, by the delta method.
    if scale != "root" or sigma is None:
        return sigma
    return sigma / (2.0 * value) if value else None
