"""Guards of a rollout: a test that may be looked at after every call and still cries wolf no more than it says.

The evidence against "the rate of bad calls is at most p" is an e-value: what a bet against it has earned. For every
higher rate q the product of (q/p) per bad call and (1-q)/(1-p) per good call is, while the rate keeps to p, a
nonnegative supermartingale, whatever happened before each call (Wald 1945; Robbins 1970). A mixture over q is one as
well, and so is a mixture over the hours in which the trouble may have begun; by Ville's inequality it ever reaches
1/alpha with a probability of at most alpha. All functions are pure, over counts an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, e, exp, log, pi, sqrt

import numpy as np

from mlopsc.stdlib.runtime.statistics.inputs import Floats

HARD_STOP = 20
"""So many calls in a row that all are bad stop a rollout without further ado."""

_RATES = 64
# The smallest excess over the limit that has a node of its own, as a share of all there could be; from there on the
# nodes stand so close that the nearest one earns 99.7% of what the true rate would.
_SMALLEST = 1e-3
_NEVER, _ALWAYS = 1e-12, 1 - 1e-12


@dataclass(frozen=True)
class HourlyCounts:
    """The calls of one hour and how many of them were bad; `hour` counts from 1970-01-01 00:00 UTC."""

    hour: int
    calls: int
    bad: int


@dataclass(frozen=True)
class PairedCounts:
    """The calls of both versions in one hour and how many were bad; `hour` counts from 1970-01-01 00:00 UTC."""

    hour: int
    challenger_calls: int
    challenger_bad: int
    champion_calls: int
    champion_bad: int


@dataclass(frozen=True)
class GuardVerdict:
    """What a guard says. `fired` when the e-value has ever reached `threshold`, or at a hard stop.

    `e_value` is the highest one so far. `estimate` is the rate of bad calls (of a relative guard: how many times the
    champion's), None without calls to tell; `calls` and `bad` are what it rests on, the challenger's. Of a guard that
    fired they count from `since`, the hour from which on the evidence is strongest; else from the beginning.
    """

    fired: bool
    e_value: float
    threshold: float
    estimate: float | None
    calls: int
    bad: int
    reason: str
    since: int | None = None


def judge_rate(hours: Sequence[HourlyCounts], limit: float, alpha: float, last: Sequence[bool] = ()) -> GuardVerdict:
    """Whether the rate of bad calls is above `limit`, fired wrongly with a probability of at most `alpha` ever.

    `hours` are all hours of the rollout in any order, the one that runs included; `last` says of the newest calls, in
    order, whether they were bad, where a run of bad ones is to stop the rollout at once.
    """
    hours = sorted((hour for hour in hours if hour.calls), key=lambda found: found.hour)
    calls, bad = (np.array([getattr(hour, name) for hour in hours], dtype=np.float64) for name in ("calls", "bad"))
    found = _evidence(calls, bad, np.full(calls.size, limit))
    chosen = hours[found.start :] if found.highest >= -log(alpha) else hours
    total, failed = sum(hour.calls for hour in chosen), sum(hour.bad for hour in chosen)
    rate = failed / total if total else None
    shown = "no calls yet" if rate is None else f"{failed:,} of {total:,} calls are bad ({rate:.3g} each)"
    return _verdict(found, alpha, _all_bad(last), rate, (total, failed), shown, [hour.hour for hour in hours])


def judge_ratio(
    hours: Sequence[PairedCounts],
    factor: float,
    alpha: float,
    last: Sequence[bool] = (),
    champion_last: Sequence[bool] = (),
) -> GuardVerdict:
    """Whether the challenger's rate of bad calls is above `factor` times the champion's, in the same hours.

    If it is just that, a bad call is the challenger's with the probability w r / (w r + 1 - w), r being the factor
    and w the challenger's share of the hour's calls, however many calls are bad: an outage that meets both proves
    nothing. `last` and `champion_last` are the newest calls of each as for `judge_rate`; a run of bad ones stops the
    rollout unless the champion fares so badly that `factor` times its rate covers it.
    """
    hours = sorted(hours, key=lambda found: found.hour)
    telling = [hour for hour in hours if hour.challenger_bad + hour.champion_bad and _is_paired(hour)]
    odds = np.array([factor * hour.challenger_calls / hour.champion_calls for hour in telling])
    theirs = np.array([hour.challenger_bad for hour in telling], dtype=np.float64)
    both = theirs + np.array([hour.champion_bad for hour in telling], dtype=np.float64)
    found = _evidence(both, theirs, odds / (1 + odds))
    began = telling[found.start].hour if found.highest >= -log(alpha) else None
    counted = [hour for hour in hours if _is_paired(hour) and (began is None or hour.hour >= began)]
    ratio, shown = _ratio(counted)
    stop = _all_bad(last) and factor * (sum(champion_last) / max(1, len(champion_last))) < 1
    sums = sum(hour.challenger_calls for hour in counted), sum(hour.challenger_bad for hour in counted)
    return _verdict(found, alpha, stop, ratio, sums, shown, [hour.hour for hour in telling])


@dataclass(frozen=True, eq=False)
class Evidence:
    """Log e-values, (hours,), at the end of each hour; and the place of the hour where the trouble seems to begin."""

    logs: Floats
    start: int

    @property
    def highest(self) -> float:
        """The highest log e-value so far; 0 before any call."""
        return float(self.logs.max(initial=0.0))


def _evidence(trials: Floats, bad: Floats, limits: Floats) -> Evidence:
    """The mixed e-value after each hour: trials and bad ones, (hours,), and the probability under the limit.

    Node j of the mixture multiplies the odds of the limit by a factor of its own, so that it means the same when the
    limits differ between hours. A_t = (A_{t-1} + w_t) * gain_t for each node is summed up in logs.
    """
    if not trials.size:
        return Evidence(np.zeros(0), 0)
    limits = np.clip(limits, _NEVER, _ALWAYS)
    log_odds, shares = _alternatives(float(limits[0]))
    rates = np.logaddexp(0, -(np.log(limits / (1 - limits))[:, None] + log_odds))
    # `rates` holds -log(q); 1 - q by expm1, so that rates close to 0 or 1 keep their digits.
    won = -rates - np.log(limits)[:, None]
    lost = np.log(-np.expm1(-rates)) - np.log1p(-limits)[:, None]
    gains = np.cumsum(bad[:, None] * won + (trials - bad)[:, None] * lost, axis=0)
    before = np.vstack([np.zeros_like(gains[:1]), gains[:-1]])
    starts = _log_starts(trials.size)[:, None] - before
    summed = gains + np.logaddexp.accumulate(starts, axis=0)
    waiting = -np.log(np.log(np.arange(1, trials.size + 1) + e))
    logs = np.logaddexp(np.logaddexp.reduce(summed + shares, axis=1), waiting)
    top = int(logs.argmax())
    by_start = np.logaddexp.reduce(starts[: top + 1] + gains[top] + shares, axis=1)
    return Evidence(logs, int(by_start.argmax()))


def _alternatives(limit: float) -> tuple[Floats, Floats]:
    """Log odds ratios to the limit of the rates above it, (rates,), and their log shares in the mixture.

    The shares are those of Beta(1/2, 1/2) cut off below the limit: uniform in asin(sqrt(q)). The cells grow by a
    constant factor away from the limit, because a rate twice as far off may be met half as exactly.
    """
    edges = np.append(0.0, np.geomspace(_SMALLEST, 1.0, _RATES))
    first = asin(sqrt(limit))
    angles = first + (pi / 2 - first) * (edges[:-1] + edges[1:]) / 2
    log_odds = 2 * np.log(np.tan(angles)) - log(limit / (1 - limit))
    return log_odds, np.log(np.diff(edges))


def _log_starts(hours: int) -> Floats:
    """Log of the share of each starting hour, (hours,): 1/log(s + e) is left after s of them, so all add up to 1."""
    left = 1 / np.log(np.arange(hours + 1) + e)
    return np.asarray(np.log(left[:-1] - left[1:]), dtype=np.float64)


def _verdict(
    found: Evidence,
    alpha: float,
    stop: bool,
    estimate: float | None,
    counts: tuple[int, int],
    shown: str,
    hours: Sequence[int],
) -> GuardVerdict:
    proven = found.highest >= -log(alpha)
    e_value = exp(min(found.highest, 700.0))
    if stop:
        shown = f"the last {HARD_STOP} calls all are bad; {shown}"
    if proven:
        shown = f"{shown}; the evidence is {e_value:.3g}, and {1 / alpha:.3g} is enough"
    since = hours[found.start] if proven else None
    return GuardVerdict(proven or stop, e_value, 1 / alpha, estimate, *counts, shown, since)


def _ratio(hours: Sequence[PairedCounts]) -> tuple[float | None, str]:
    """How many times the champion's rate the challenger's is, and the counts in words."""
    calls, bad = sum(hour.challenger_calls for hour in hours), sum(hour.challenger_bad for hour in hours)
    others, wrong = sum(hour.champion_calls for hour in hours), sum(hour.champion_bad for hour in hours)
    if not calls or not others:
        return None, "no hour in which both versions answered"
    shown = f"{bad:,} of {calls:,} calls are bad, and {wrong:,} of the champion's {others:,}"
    return (bad / calls) / (wrong / others) if wrong else None, shown


def _is_paired(hour: PairedCounts) -> bool:
    return hour.challenger_calls > 0 and hour.champion_calls > 0


def _all_bad(last: Sequence[bool]) -> bool:
    return len(last) >= HARD_STOP and all(last[-HARD_STOP:])
