"""From evidence to a metric's estimate and its bounds, or to the reason why there are none."""

from __future__ import annotations

import numpy as np

from mlopsc.stdlib.runtime.statistics.estimates import Bound, Estimate, Undecidable
from mlopsc.stdlib.runtime.statistics.general import (
    estimate_latency,
    estimate_statistic,
    estimate_statistic_difference,
)
from mlopsc.stdlib.runtime.statistics.inputs import Baseline, Evidence, Latencies, RowLosses, Statistic
from mlopsc.stdlib.runtime.statistics.means import estimate_loss_difference, estimate_losses


def estimate(evidence: Evidence, alpha: float, seed: int) -> Estimate | Undecidable:
    """The metric that the evidence holds, fit to be bounded at `alpha`; the same seed gives the same limits."""
    match evidence:
        case RowLosses():
            return estimate_losses(evidence, alpha, seed)
        case Statistic():
            return estimate_statistic(evidence, alpha, seed)
        case Latencies():
            return estimate_latency(evidence, alpha)


def estimate_against(
    metric: RowLosses | Statistic, baseline: Baseline, alpha: float, seed: int
) -> Estimate | Undecidable:
    """The metric with the limits of its paired difference from the baseline, laid around `factor * baseline`.

    So `upper <= baseline.limit()` holds just where the difference is at most the offset. Ratios of sums with
    equal weights are compared row by row (bootstrap-t), all other metrics as wholes (BCa). Raises ValueError
    where the two don't have the same number of rows.
    """
    old = baseline.metric
    rows, others = metric.units.ids.size, old.units.ids.size
    if rows != others:
        raise ValueError(f"a metric of {rows:,} rows can't be paired with one of {others:,}")
    if isinstance(metric, RowLosses) and isinstance(old, RowLosses) and _row_by_row(metric, old, baseline.offset):
        return estimate_loss_difference(metric, old, baseline.factor, alpha, seed)
    return estimate_statistic_difference(metric, baseline, alpha, seed)


def bound(evidence: Evidence, level: float, seed: int) -> Bound | Undecidable:
    """The metric with both one-sided limits, each at `level`."""
    alpha = 1.0 - level
    found = estimate(evidence, alpha, seed)
    return found if isinstance(found, Undecidable) else found.bound(alpha)


def _row_by_row(new: RowLosses, old: RowLosses, offset: float) -> bool:
    """Whether the difference of two metrics is a mean of row differences, or decided by one."""
    if new.scale != old.scale or (new.scale == "root" and offset != 0.0):
        return False
    return bool(np.array_equal(new.denominators, old.denominators))
