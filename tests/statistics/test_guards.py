"""Guards: the e-value against its closed form, what fires and what must not."""

from __future__ import annotations

from math import e, exp, log

import numpy as np
import pytest
from scipy import special, stats

from mlopsc.stdlib.runtime.statistics.guards import HourlyCounts, PairedCounts, judge_rate, judge_ratio


def mixture(calls: int, bad: int, limit: float) -> float:
    """The closed form of the bet from one start: Beta(1/2, 1/2) cut off below the limit, over the limit itself."""
    good = calls - bad
    inside = special.betaln(bad + 0.5, good + 0.5) + log(special.betaincc(bad + 0.5, good + 0.5, limit))
    whole = special.betaln(0.5, 0.5) + log(special.betaincc(0.5, 0.5, limit))
    return exp(inside - whole - special.xlogy(bad, limit) - special.xlog1py(good, -limit))


def left(starts: int) -> float:
    """The share of the mixture that is left for hours to come."""
    return 1 / log(starts + e)


def steady(hours: int, calls: int, bad: int) -> list[HourlyCounts]:
    """Hours that all are alike."""
    return [HourlyCounts(hour, calls, bad) for hour in range(hours)]


@pytest.mark.parametrize(
    ("limit", "calls", "bad"), [(0.01, 1_000, 30), (0.01, 100, 8), (0.3, 200, 90), (0.01, 100_000, 1_200)]
)
def test_one_hour_is_worth_the_closed_form(limit: float, calls: int, bad: int) -> None:
    found = judge_rate([HourlyCounts(0, calls, bad)], limit, 0.05)
    expected = (1 - left(1)) * mixture(calls, bad, limit) + left(1)
    assert log(found.e_value) == pytest.approx(log(expected), abs=0.01)


def test_every_hour_may_be_the_one_in_which_it_began() -> None:
    stream = np.random.default_rng(1)
    calls = stream.poisson(40, size=30)
    bad = stream.binomial(calls, np.repeat([0.005, 0.08], 15))
    found = judge_rate([HourlyCounts(*map(int, row)) for row in zip(range(30), calls, bad, strict=True)], 0.01, 0.05)
    by_start = [
        (left(start) - left(start + 1)) * mixture(int(calls[start:].sum()), int(bad[start:].sum()), 0.01)
        for start in range(30)
    ]
    assert log(found.e_value) == pytest.approx(log(sum(by_start) + left(30)), abs=0.01)
    assert found.since == int(np.argmax(by_start))
    assert found.since in range(12, 18)


def test_at_the_limit_the_bet_is_fair() -> None:
    """Over all outcomes of an hour, the e-value is 1 on average: nothing is gained, so Ville's inequality holds."""
    outcomes = [judge_rate([HourlyCounts(0, 40, bad)], 0.1, 1e-9) for bad in range(41)]
    # The verdict reports the highest e-value so far and is 1 before the first call, so that the bet itself is asked.
    chances = stats.binom.pmf(np.arange(41), 40, 0.1)
    bets = np.array([(1 - left(1)) * mixture(40, bad, 0.1) + left(1) for bad in range(41)])
    assert chances @ bets == pytest.approx(1, abs=1e-9)
    assert [one.e_value for one in outcomes] == pytest.approx(np.maximum(bets, 1.0), rel=0.01)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.4])
def test_twice_the_champion_s_rate_gains_nothing_however_high_it_is(rate: float) -> None:
    """The relative bet at its limit, over all outcomes of an hour in which 12 of 40 calls are the challenger's."""
    mine, theirs = 12, 28
    probability = 2 * mine / (2 * mine + theirs)
    gained = 0.0
    for bad in range(mine + 1):
        for wrong in range(theirs + 1):
            chance = stats.binom.pmf(bad, mine, 2 * rate) * stats.binom.pmf(wrong, theirs, rate)
            gained += chance * mixture(bad + wrong, bad, probability)
    assert gained <= 1
    found = judge_ratio([PairedCounts(0, mine, 6, theirs, 2)], 2, 0.05)
    assert found.e_value == pytest.approx((1 - left(1)) * mixture(8, 6, probability) + left(1), rel=0.01)


def test_a_broken_model_is_found_and_the_hour_named() -> None:
    hours = [HourlyCounts(480_000 + hour, 42, 0 if hour < 24 else 2) for hour in range(36)]
    found = judge_rate(hours, 0.01, 0.05)
    assert found.fired
    assert found.since == 480_024
    assert (found.calls, found.bad) == (12 * 42, 24)
    assert found.estimate == pytest.approx(2 / 42)
    assert found.reason.startswith("24 of 504 calls are bad (0.0476 each); the evidence is ")
    assert found.threshold == pytest.approx(20)


def test_more_guards_ask_for_more_evidence() -> None:
    hours = [HourlyCounts(hour, 42, 0 if hour < 24 else 2) for hour in range(34)]
    assert judge_rate(hours, 0.01, 0.05).fired
    assert not judge_rate(hours, 0.01, 1e-4).fired


def test_good_hours_afterwards_take_nothing_back() -> None:
    """The planted defect: the evidence of now alone, which a later tick would find too weak."""
    burst = [HourlyCounts(0, 100, 20)]
    calm = steady(30, 100, 0)[1:]
    assert judge_rate(burst, 0.05, 0.05).fired
    assert judge_rate(burst + calm, 0.05, 0.05).fired
    assert (1 - left(1)) * mixture(100 * 30, 20, 0.05) < 1


def test_rates_within_the_limit_are_left_alone() -> None:
    found = judge_rate(steady(2_160, 42, 0), 0.01, 0.05)
    assert (found.fired, found.e_value, found.since) == (False, 1.0, None)
    assert found.reason == "0 of 90,720 calls are bad (0 each)"
    assert not judge_rate(steady(500, 100, 1), 0.01, 0.05).fired


def test_hours_count_in_any_order_and_only_with_calls() -> None:
    hours = [HourlyCounts(hour, 42, 0 if hour < 24 else 2) for hour in range(36)]
    silent = [HourlyCounts(hour, 0, 0) for hour in range(-500, 0)]
    assert judge_rate([*reversed(hours), *silent], 0.01, 0.05) == judge_rate(hours, 0.01, 0.05)


def test_without_calls_nothing_is_said() -> None:
    for found in (judge_rate([], 0.01, 0.05), judge_rate([HourlyCounts(3, 0, 0)], 0.01, 0.05)):
        assert (found.fired, found.e_value, found.estimate, found.reason) == (False, 1.0, None, "no calls yet")
    alone = judge_ratio([PairedCounts(0, 50, 9, 0, 0)], 2, 0.05)
    assert (alone.fired, alone.estimate, alone.reason) == (False, None, "no hour in which both versions answered")


def test_limits_at_the_ends() -> None:
    assert judge_rate([HourlyCounts(0, 50, 1)], 0.0, 0.05).fired
    assert not judge_rate([HourlyCounts(0, 50, 0)], 0.0, 0.05).fired
    assert not judge_rate([HourlyCounts(0, 50, 50)], 1.0, 0.05).fired


def test_twenty_bad_calls_in_a_row_stop_at_once() -> None:
    healthy = steady(2_000, 10, 1)
    assert not judge_rate(healthy, 0.5, 0.05, [True] * 19).fired
    assert not judge_rate(healthy, 0.5, 0.05, [True] * 19 + [False]).fired
    found = judge_rate(healthy, 0.5, 0.05, [False] + [True] * 20)
    assert (found.fired, found.since) == (True, None)
    assert found.reason.startswith("the last 20 calls all are bad; ")


def test_a_challenger_with_more_than_its_share_of_errors_is_found() -> None:
    hours = [PairedCounts(hour, 42, 0 if hour < 24 else 2, 800, 2) for hour in range(40)]
    found = judge_ratio(hours, 2, 0.05)
    assert (found.fired, found.since) == (True, 24)
    assert found.estimate == pytest.approx((2 / 42) / (2 / 800))
    assert found.reason.startswith("32 of 672 calls are bad, and 32 of the champion's 12,800; the evidence is ")


def test_an_outage_that_meets_both_rolls_nothing_back() -> None:
    """The planted defect is the absolute form, which fires."""
    hours = [PairedCounts(hour, 42, 0 if hour < 30 else 21, 800, 1 if hour < 30 else 400) for hour in range(33)]
    assert not judge_ratio(hours, 2, 0.05).fired
    own = [HourlyCounts(hour.hour, hour.challenger_calls, hour.challenger_bad) for hour in hours]
    assert judge_rate(own, 0.01, 0.05).fired


def test_a_total_outage_is_no_hard_stop_where_the_champion_fails_as_well() -> None:
    hours = [PairedCounts(0, 42, 42, 800, 800)]
    assert not judge_ratio(hours, 2, 0.05, [True] * 20, [True] * 20).fired
    assert not judge_ratio(hours, 2, 0.05, [True] * 20, [True] * 10 + [False] * 10).fired
    assert judge_ratio(hours, 2, 0.05, [True] * 20, [True] * 9 + [False] * 11).fired
    # The planted defect: nothing known of the champion.
    assert judge_ratio(hours, 2, 0.05, [True] * 20).fired


def test_a_busy_client_is_no_worse_version() -> None:
    """The share is that of the calls: one client of a 5% canary may send half of them."""
    hours = [PairedCounts(hour, 800, 8, 800, 8) for hour in range(24)]
    assert not judge_ratio(hours, 2, 0.05).fired
    # The planted defect: the planned share, by which 8 of 16 errors are far too many for 5% of units.
    assert mixture(24 * 16, 24 * 8, 2 * 0.05 / (2 * 0.05 + 0.95)) > 1e10


def test_steps_of_a_canary_add_up() -> None:
    """The evidence of a small step is kept when the share grows, though each hour has a limit of its own."""
    small = [PairedCounts(hour, 50, 1, 950, 4) for hour in range(12)]
    large = [PairedCounts(12 + hour, 500, 10, 500, 2) for hour in range(3)]
    both = judge_ratio(small + large, 2, 0.05).e_value
    assert both > 3 * judge_ratio(small, 2, 0.05).e_value
    assert both > 3 * judge_ratio(large, 2, 0.05).e_value
