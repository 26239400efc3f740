"""Ratios of sums: exact limits for independent 0/1 rows, bootstrap-t over units for everything else."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np

from mlopsc.stdlib.runtime.statistics.estimates import (
    FEWEST_EVENTS,
    FEWEST_ROWS,
    MANY_UNITS,
    Estimate,
    Undecidable,
    lack_of_evidence,
    no_difference,
    note_on_units,
)
from mlopsc.stdlib.runtime.statistics.inputs import Baseline, RowLosses, Scale
from mlopsc.stdlib.runtime.statistics.limits import Binomial, Rescaled, Studentised, Whole
from mlopsc.stdlib.runtime.statistics.resampling import coarsen, ratio_error, resamples_for, studentised_draws
from mlopsc.stdlib.runtime.statistics.units import fold

_NOISE = 1e-12


def estimate_losses(losses: RowLosses, alpha: float, seed: int) -> Estimate | Undecidable:
    """The metric of row losses, fit to be bounded at `alpha`."""
    part = _taking_part(losses)
    value = part.measure()
    if short := _shortage(part, FEWEST_ROWS if part.span is None else FEWEST_EVENTS, value):
        return short
    if _is_binomial(part):
        limits = Rescaled(Binomial(round(part.values.sum()), part.rows), part.scale)
        return Estimate(value, limits, part.rows, part.rows, "Clopper-Pearson", proportion=True)
    found = _estimate_ratio(part, alpha, seed)
    if isinstance(found, Undecidable):
        return replace(found, estimate=value)
    sigma = _rescaled_sigma(found.sigma, part.scale, value)
    return replace(found, value=value, limits=Rescaled(found.limits, part.scale), sigma=sigma)


def estimate_loss_difference(new: RowLosses, baseline: Baseline, alpha: float, seed: int) -> Estimate | Undecidable:
    """The new metric with the limits of its rows' difference from `factor` times the baseline's, laid around that.

    Both must be ratios with the same weights and scale. Roots are compared as squares, which decides the same.
    """
    old = baseline.metric
    assert isinstance(old, RowLosses)
    factor = baseline.factor**2 if new.scale == "root" else baseline.factor
    difference = _taking_part(_subtract(new, old, factor))
    value = new.measure()
    if short := _shortage(difference, FEWEST_ROWS, value):
        return short
    found: Estimate | Undecidable = no_difference(difference.rows, difference.units.count)
    if difference.values.any():
        found = _estimate_ratio(difference, alpha, seed)
    if isinstance(found, Undecidable):
        return replace(found, estimate=value)
    limits = _around_baseline(found, old, baseline.factor)
    sigma = _rescaled_sigma(found.sigma, new.scale, value)
    return replace(found, value=value, limits=limits, sigma=sigma, method=f"paired {found.method}")


def _estimate_ratio(losses: RowLosses, alpha: float, seed: int) -> Estimate | Undecidable:
    """The ratio of sums itself, before scaling."""
    units = coarsen(losses.units, seed)
    sums, weights = fold(losses.values, units), fold(losses.denominators, units)
    ratio, error = losses.ratio(), ratio_error(sums, weights)
    if error <= _NOISE * float(np.abs(sums).sum() / weights.sum()):
        return _estimate_constant(losses, ratio)
    few = losses.units.count < MANY_UNITS
    draws = studentised_draws(sums, weights, resamples_for(alpha), seed)
    limits = Studentised(ratio, error, draws, losses.units.count - 1 if few else None, _whole(losses))
    method = "wider of t and bootstrap-t" if few else "bootstrap-t"
    sigma = _row_sigma(losses)
    effect = losses.rows * (error / sigma) ** 2
    return Estimate(
        ratio, limits, losses.rows, losses.units.count, method, note_on_units(losses.units.count), sigma, effect
    )


def _estimate_constant(losses: RowLosses, ratio: float) -> Estimate | Undecidable:
    rows, units = losses.rows, losses.units.count
    whole = _whole(losses)
    if whole is None:
        reason = f"all {units:,} units have the same loss, {ratio:.6g}, so nothing is known of its spread"
        return Undecidable(reason, rows, units)
    return Estimate(ratio, whole, rows, units, "Clopper-Pearson over units")


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
    return losses if losses.weights is None else losses.select(losses.weights != 0)


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
    if losses.span is None:
        return None
    units = fold(losses.values, losses.units) / fold(losses.denominators, losses.units)
    base = float(np.median(units))
    slack = _NOISE * (losses.span[1] - losses.span[0])
    below, above = int((units < base - slack).sum()), int((units > base + slack).sum())
    return Whole(base, losses.span, below, above, losses.units.count)


def _row_sigma(losses: RowLosses) -> float:
    """The standard deviation of the rows' linearised parts in the ratio."""
    residuals = losses.values - losses.ratio() * losses.denominators
    return sqrt(float(residuals @ residuals) / (losses.rows - 1)) / float(losses.denominators.mean())


def _rescaled_sigma(sigma: float | None, scale: Scale, value: float) -> float | None:
    # The derivative of the square root, by the delta method.
    if scale != "root" or sigma is None:
        return sigma
    return sigma / (2.0 * value) if value else None
