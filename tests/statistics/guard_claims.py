"""Claims on guards: how often they fire although their limit is kept, and how soon when it is not.

Every rollout is played hour by hour, by the functions that a release calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from claim import LEVEL, Claim, Wrong

from mlopsc.stdlib.runtime.statistics.guards import HourlyCounts, PairedCounts, judge_rate, judge_ratio
from mlopsc.stdlib.runtime.statistics.inputs import Floats

ALPHA = 1 - LEVEL
HOURS = 24 * 28
SHARES = np.repeat([0.05, 0.25, 0.5], [7 * 24, 7 * 24, 14 * 24])
"""The challenger's share in each hour of a canary."""


def changing(before: float, after: float, hour: int = 24, until: int = HOURS) -> Floats:
    """The rate of bad calls of each hour: `after` from `hour` to `until`, else `before`."""
    hours = np.arange(HOURS)
    return np.where((hours >= hour) & (hours < until), after, before)


def counts(stream: np.random.Generator, rates: Floats, a_day: float) -> list[HourlyCounts]:
    """Calls and bad calls of hours with these rates, (hours,)."""
    calls = stream.poisson(a_day / 24, size=rates.size)
    rows = zip(calls, stream.binomial(calls, rates), strict=True)
    return [HourlyCounts(hour, int(some), int(bad)) for hour, (some, bad) in enumerate(rows)]


def counts_of_both(stream: np.random.Generator, new: Floats, old: Floats, a_day: float) -> list[PairedCounts]:
    """The calls and bad calls of both versions in a canary."""
    calls = stream.poisson(a_day / 24, size=HOURS)
    mine = stream.binomial(calls, SHARES)
    rows = zip(mine, stream.binomial(mine, new), calls - mine, stream.binomial(calls - mine, old), strict=True)
    return [PairedCounts(hour, *map(int, row)) for hour, row in enumerate(rows)]


def guard_fires(rates: Floats, limit: float = 0.01, until: int = HOURS) -> Wrong:
    """A guard `<= limit` fires in some hour before `until`, at 1,000 calls a day."""
    return lambda stream, _: judge_rate(counts(stream, rates, 1_000)[:until], limit, ALPHA).fired


def relative_guard_fires(new: Floats, old: Floats, until: int = HOURS) -> Wrong:
    """A guard `<= champion * 2` fires in some hour before `until`, at 1,000 calls a day of the first step."""
    return lambda stream, _: judge_ratio(counts_of_both(stream, new, old, 20_000)[:until], 2, ALPHA).fired


def rate_looks_high(rate: float, looks: Literal["one", "hourly"]) -> Wrong:
    """The planted defect: the rate of bad calls over a day, held against a limit that is the truth."""

    def wrong(stream: np.random.Generator, _: int) -> bool:
        hours = counts(stream, np.full(HOURS, rate), 1_000)
        calls, bad = (np.array([getattr(hour, name) for hour in hours]) for name in ("calls", "bad"))
        a_day = np.ones(24)
        over = np.convolve(bad, a_day, "valid") > rate * np.convolve(calls, a_day, "valid")
        return bool(over[0] if looks == "one" else over.any())

    return wrong


def guard_claims() -> Iterator[Claim]:
    """All claims on guards, in the order of the table."""
    yield from _claims_on_guards()
    yield from _claims_on_relative_guards()


def _claims_on_guards() -> Iterator[Claim]:
    at_limit, broken = np.full(HOURS, 0.01), changing(0.002, 0.05)
    yield Claim("guard at its limit of 1%, 28 d: fires", guard_fires(at_limit), at_most=5)
    yield Claim("the rate over 1 d at its limit, one look: above", rate_looks_high(0.01, "one"), at_least=35)
    yield Claim("the rate over 1 d at its limit, hourly: above", rate_looks_high(0.01, "hourly"), at_least=95)
    yield Claim("guard 1%, 0.2% -> 5% after 1 d: fires by then", guard_fires(broken, until=24), at_most=5)
    yield Claim("guard 1%, 0.2% -> 5%: found within 8 h", guard_fires(broken, until=32), at_least=50)
    yield Claim("guard 1%, 0.2% -> 5%: found within 1 d", guard_fires(broken, until=48), at_least=98)


def _claims_on_relative_guards() -> Iterator[Claim]:
    usual, double = np.full(HOURS, 0.005), np.full(HOURS, 0.01)
    fine, broken = np.full(HOURS, 0.002), changing(0.002, 0.05)
    outage = changing(0.002, 0.3, hour=50, until=53)
    yield Claim("guard champion * 2 at its limit, canary: fires", relative_guard_fires(double, usual), at_most=5)
    yield Claim("guard champion * 2, 0.2% -> 5%: within 8 h", relative_guard_fires(broken, fine, 32), at_least=50)
    yield Claim("guard champion * 2, 0.2% -> 5%: within 1 d", relative_guard_fires(broken, fine, 48), at_least=98)
    yield Claim("shared outage, guard champion * 2: fires", relative_guard_fires(outage, outage), at_most=5)
    yield Claim("shared outage, guard 1%: fires", guard_fires(outage), at_least=95)
