"""`watch error_rate …` and `watch latency(…) …`: what a service's own log says of it."""

from __future__ import annotations

import numpy as np

from mlopsc.compiler.ir.model import Comparison
from mlopsc.stdlib.metrics import Latency, quantile_of
from mlopsc.stdlib.runtime.monitor.evidence import Evidence
from mlopsc.stdlib.runtime.monitor.journal import Reading, Status
from mlopsc.stdlib.runtime.monitor.watches import WatchRule
from mlopsc.stdlib.runtime.statistics.estimates import FEWEST_CALLS

_FEWEST_REQUESTS = 100
_NO_NUMBER = "it is held against no number: write one, such as `<= 1%`"


def read_error_rate(evidence: Evidence, watch: WatchRule, until: float) -> Reading:
    """Whether the share of answers that failed is proven to be beyond its limit (exact binomial, one-sided)."""
    window = until - watch.over, until
    if gaps := evidence.gaps(*window):
        return Reading(Status.UNDECIDED, f"the log of the window has gaps: {gaps[0].reason}")
    served = evidence.requests(*window)
    calls, failed = len(served), int((served["status"] != "ok").sum())
    limit = _limit(watch.comparisons[0])
    if limit is None or calls < _FEWEST_REQUESTS:
        few = f"{calls:,} requests in the window, and it takes {_FEWEST_REQUESTS}"
        return Reading(Status.UNDECIDED, few if limit is not None else _NO_NUMBER, {"calls": calls})
    p = _exceeds(failed, calls, limit)
    text = f"{failed:,} of {calls:,} requests failed, {failed / calls:.2%} against {limit:.2%}"
    figures = {"value": failed / calls, "limit": limit, "calls": calls, "failed": failed, "p": p}
    return Reading(_status(p, failed / calls > limit, watch), text, figures)


def read_latency(evidence: Evidence, watch: WatchRule, until: float) -> Reading:
    """Whether more calls than the percentile allows are proven to take longer (exact binomial, one-sided)."""
    assert isinstance(watch.what, Latency)
    window = until - watch.over, until
    if gaps := evidence.gaps(*window):
        return Reading(Status.UNDECIDED, f"the log of the window has gaps: {gaps[0].reason}")
    taken = evidence.requests(*window)["seconds"].to_numpy(dtype=np.float64)
    taken = taken[np.isfinite(taken)]
    calls, limit, quantile = len(taken), _limit(watch.comparisons[0]), quantile_of(watch.what.percentile)
    if limit is None or calls < FEWEST_CALLS:
        few = f"{calls:,} calls in the window, and it takes {FEWEST_CALLS}"
        return Reading(Status.UNDECIDED, few if limit is not None else _NO_NUMBER, {"calls": calls})
    slow = int((taken > limit).sum())
    p = _exceeds(slow, calls, 1 - quantile)
    value = float(np.quantile(taken, quantile, method="higher"))
    text = f"{watch.what.percentile} is {_time(value)} against {_time(limit)}: {slow:,} of {calls:,} calls took longer"
    figures = {"value": value, "limit": limit, "calls": calls, "slow": slow, "p": p}
    return Reading(_status(p, slow / calls > 1 - quantile, watch), text, figures)


def _status(p: float, is_beyond: bool, watch: WatchRule) -> Status:
    return Status.BROKEN if is_beyond and p <= watch.share else Status.HOLDS


def _exceeds(bad: int, calls: int, allowed: float) -> float:
    """How likely so many or more bad calls are where the share of them is what is allowed."""
    from scipy import stats

    return float(stats.binom.sf(bad - 1, calls, allowed))


def _limit(comparison: Comparison) -> float | None:
    return comparison.limit.offset if comparison.limit.baseline is None else None


def _time(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"
