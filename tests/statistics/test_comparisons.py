"""Comparisons in service: the limits against numerical integration, what counts as evidence, and what decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, log, nan, sqrt

import numpy as np
import pytest
from rollout_claims import ride_days
from scipy import integrate, stats

from mlopsc.stdlib.runtime.statistics.comparisons import (
    ArmUnits,
    ComparisonVerdict,
    PairedDay,
    Stratum,
    check_sample_ratio,
    compare_paired,
    compare_split,
    mixture_quantile,
)
from mlopsc.stdlib.runtime.statistics.inputs import Floats
from mlopsc.stdlib.runtime.statistics.judgements import Verdict


def arm(values: Floats, first: int) -> ArmUnits:
    """Units with one row each, numbered from `first`."""
    return ArmUnits(first + np.arange(values.size), values, np.ones(values.size))


def rollout(
    days: int, new: float = 1.0, units: int = 100, shares: Sequence[float] = (0.5,), seed: int = 1
) -> list[Stratum]:
    """Days on which every unit is new and the losses are exponential, with mean 1 (of the new version: `new`)."""
    stream = np.random.default_rng(seed)
    strata = []
    for day in range(days):
        share = shares[day % len(shares)]
        mine = round(2 * units * share)
        values = stream.exponential(size=2 * units)
        first = 10_000 * day
        strata.append(Stratum(day, share, arm(new * values[:mine], first), arm(values[mine:], first + mine)))
    return strata


def split(strata: Sequence[Stratum], factor: float = 1.0, offset: float = 0.0) -> ComparisonVerdict:
    """`require metric <= champion * factor + offset at 95%` on units of their own."""
    return compare_split(strata, factor, offset, "<=", 0.05)


def width(found: ComparisonVerdict) -> float:
    """Half of the distance between the limits."""
    assert found.lower is not None
    assert found.upper is not None
    return (found.upper - found.lower) / 2


# -- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "freedom"), [(3.0, 13), (6.0, 27), (3.0, 120), (12.0, 55.5)])
def test_the_limits_are_where_the_sequential_t_test_has_its_evidence(ratio: float, freedom: float) -> None:
    """The Bayes factor by numerical integration: noncentral t over a normal prior of effects, against t."""
    found = mixture_quantile(ratio, freedom, 0.05)
    spread = stats.norm(scale=sqrt(ratio))
    against, _ = integrate.quad(lambda shift: stats.nct.pdf(found, freedom, shift) * spread.pdf(shift), -6, 12)
    assert log(against / stats.t.pdf(found, freedom)) == pytest.approx(log(1 / 0.1), abs=0.01)


def test_limits_hold_for_many_looks_and_are_wider_than_those_of_one() -> None:
    assert mixture_quantile(3.0, 1e6, 0.05) == pytest.approx(2.83, abs=0.01)
    assert min(mixture_quantile(ratio, 1e6, 0.05) for ratio in (3, 6, 12, 18)) > 2.76
    assert mixture_quantile(3.0, 1e6, 0.05 / 3) > mixture_quantile(3.0, 1e6, 0.05)
    assert mixture_quantile(3.0, 1.5, 0.05) == inf


# -- split traffic --------------------------------------------------------------------------------------------------


def test_verdicts_follow_from_the_limits() -> None:
    better, same, worse = (split(rollout(28, new)) for new in (0.8, 1.0, 1.2))
    assert (better.verdict, same.verdict, worse.verdict) == (Verdict.PASS, Verdict.UNDECIDED, Verdict.FAIL)
    assert (same.days, same.units) == (28, 5_600)
    assert same.reason.startswith("0.")
    assert "after 28 days: no proof yet, between " in same.reason
    for found in (better, same, worse):
        assert found.lower is not None
        assert found.upper is not None
        assert found.estimate is not None
        assert found.lower < found.estimate < found.upper


def test_a_margin_moves_the_limit() -> None:
    strata = rollout(28)
    plain, factor, offset = split(strata), split(strata, factor=1.3), split(strata, offset=0.3)
    assert plain.limit is not None
    assert factor.limit == pytest.approx(1.3 * plain.limit)
    assert offset.limit == pytest.approx(plain.limit + 0.3)
    assert (factor.verdict, offset.verdict) == (Verdict.PASS, Verdict.PASS)
    assert split(strata, factor=0.7).verdict is Verdict.FAIL


def test_where_more_is_better_the_sides_change() -> None:
    strata = rollout(28, 1.2)
    assert compare_split(strata, 1.0, 0.0, ">=", 0.05).verdict is Verdict.PASS
    assert compare_split(strata, 1.0, 0.5, ">=", 0.05).verdict is Verdict.FAIL
    assert compare_split(strata, 1.0, 0.2, ">=", 0.05).verdict is Verdict.UNDECIDED


def test_a_comparison_begins_with_a_week_and_a_hundred_units_an_arm() -> None:
    short = split(rollout(6, 3.0))
    assert (short.verdict, short.estimate, short.days) == (Verdict.UNDECIDED, None, 6)
    assert short.reason == "6 full days with labels of both versions so far, and a comparison begins with 7"
    assert split(rollout(7, 3.0)).verdict is Verdict.FAIL
    few = split(rollout(9, 3.0, units=11))
    assert few.reason == "99 units met the new version and 99 the old one, and 100 of each are needed"
    assert split(rollout(10, 3.0, units=11)).verdict is Verdict.FAIL
    nothing = split([])
    assert (nothing.verdict, nothing.days, nothing.units) == (Verdict.UNDECIDED, 0, 0)


def test_distinct_units_count_and_not_their_visits() -> None:
    """The planted defect: the same 50 users a day for two weeks taken for 700."""
    again = [replace(part, new=replace(part.new, ids=np.arange(50)), old=replace(part.old, ids=50 + np.arange(50)))
             for part in rollout(14, units=50)]  # fmt: skip
    assert split(rollout(14, units=50)).units == 1_400
    found = split(again)
    assert (found.units, found.verdict) == (100, Verdict.UNDECIDED)
    assert found.reason == "50 units met the new version and 50 the old one, and 100 of each are needed"


def test_a_day_without_one_of_the_versions_is_no_evidence() -> None:
    strata = rollout(10)
    gone = Stratum(10, 1.0, strata[0].new, arm(np.zeros(0), 0))
    assert split([*strata, gone]) == split(strata)


def test_the_order_of_days_does_not_matter() -> None:
    strata = rollout(10, shares=(0.1, 0.5))
    assert split(strata[::-1]) == split(strata)


def test_rows_of_one_user_are_one_piece_of_evidence() -> None:
    """The planted defect: each of a user's 20 equal rows as a unit of its own."""
    strata = rollout(14)
    users = [
        replace(part, new=_times(part.new, 20), old=_times(part.old, 20))
        for part in strata
    ]  # fmt: skip
    rows = [replace(part, new=_apart(part.new, 20), old=_apart(part.old, 20)) for part in strata]
    assert width(split(users)) == pytest.approx(width(split(strata)))
    assert width(split(rows)) == pytest.approx(width(split(strata)) / sqrt(20), rel=0.02)


def _times(units: ArmUnits, rows: int) -> ArmUnits:
    return ArmUnits(units.ids, rows * units.values, rows * units.weights)


def _apart(units: ArmUnits, rows: int) -> ArmUnits:
    ids = np.repeat(units.ids, rows) * rows + np.tile(np.arange(rows), units.ids.size)
    return ArmUnits(ids, np.repeat(units.values, rows), np.repeat(units.weights, rows))


def test_users_that_come_back_are_no_news() -> None:
    """The same users with the same losses on every day: the second week proves nothing that the first did not."""
    week = rollout(1, units=400)[0]
    daily = [replace(week, day=day) for day in range(28)]
    once = split(daily[:7])
    assert width(split(daily)) == pytest.approx(width(once), rel=0.03)
    # The planted defect: each visit a unit.
    visits = [replace(part, new=_moved(part.new, part.day), old=_moved(part.old, part.day)) for part in daily]
    assert width(split(visits)) == pytest.approx(width(once) / sqrt(28), rel=0.05)


def _moved(units: ArmUnits, day: int) -> ArmUnits:
    return replace(units, ids=units.ids + 100_000 * day)


def test_a_hard_week_is_not_blamed_on_the_version_that_got_more_of_it() -> None:
    """The planted defect: a ramp pooled over its steps, where the hard days had most of the new version's units."""
    strata = rollout(28, shares=(0.1,))[:14] + [_scaled(part, 3.0) for part in rollout(28, shares=(0.5,), seed=2)[14:]]
    assert split(strata).verdict is Verdict.UNDECIDED
    new, old = (np.concatenate([getattr(part, side).values for part in strata]) for side in ("new", "old"))
    assert (new.mean() - old.mean()) / sqrt(new.var() / new.size + old.var() / old.size) > 10


def _scaled(part: Stratum, level: float) -> Stratum:
    arms = (replace(one, values=level * one.values) for one in (part.new, part.old))
    return Stratum(part.day, part.share, *arms)


def test_a_small_arm_without_a_mistake_proves_little() -> None:
    """The planted defect: the spread of an arm without a mistake, which is none."""
    stream = np.random.default_rng(4)
    strata = [
        Stratum(day, 0.05, arm(np.zeros(20), 1_000 * day), arm((stream.random(380) < 0.01) * 1.0, 1_000 * day + 20))
        for day in range(7)
    ]
    found = split(strata)
    assert found.verdict is Verdict.UNDECIDED
    rate = np.mean(np.concatenate([part.old.values for part in strata]))
    assert width(found) > 2.8 * sqrt(rate * (1 - rate) / 140)


def test_roots_are_compared_as_roots() -> None:
    strata = rollout(28, 1.3)
    squares = compare_split(strata, 1.0, 0.0, "<=", 0.05)
    roots = compare_split(strata, 1.0, 0.0, "<=", 0.05, "root")
    assert squares.estimate is not None
    assert roots.estimate == pytest.approx(sqrt(squares.estimate))
    assert width(roots) == pytest.approx(width(squares) / (2 * sqrt(squares.estimate)), rel=0.1)
    assert compare_split(strata, 1.0, 0.4, "<=", 0.05, "root").verdict is Verdict.PASS


def test_equal_losses_and_missing_ones_prove_nothing() -> None:
    flat = [Stratum(day, 0.5, arm(np.ones(50), 1_000 * day), arm(np.ones(50), 1_000 * day + 50)) for day in range(9)]
    assert "nothing is known of their spread" in split(flat).reason
    holed = [_scaled(part, nan if part.day == 3 else 1.0) for part in rollout(9)]
    assert (split(holed).verdict, split(holed).reason) == (Verdict.UNDECIDED, "a loss is not a number")


def test_against_a_number_days_are_the_units() -> None:
    """What makes a day hard no longer cancels; the planted defect is the spread of units within days."""
    levels = np.random.default_rng(5).lognormal(sigma=0.5, size=28)
    strata = [_scaled(part, levels[part.day]) for part in rollout(28)]
    found = split(strata, factor=0.0, offset=1.1)
    assert (found.days, found.units, found.verdict) == (28, 28, Verdict.UNDECIDED)
    assert found.limit == pytest.approx(1.1)
    assert width(found) > 2 * width(split(strata)) / sqrt(2)


# -- pairs ----------------------------------------------------------------------------------------------------------


def ride_pairs(until: int, swap: bool = False) -> list[PairedDay]:
    """Real days on which two forests forecast the same rides; the first is the better one."""
    days = ride_days()[:until]
    return [PairedDay(day, rows, *((old, new) if swap else (new, old))) for day, (rows, new, old) in enumerate(days)]


def test_the_better_of_two_real_models_is_found_in_shadow() -> None:
    found = compare_paired(ride_pairs(120), 1.0, 0.0, "<=", 0.05)
    assert (found.verdict, found.days, found.units) == (Verdict.PASS, 120, 120)
    assert found.estimate == pytest.approx(ride_days()[:120, 1].sum() / ride_days()[:120, 0].sum())
    assert compare_paired(ride_pairs(120, swap=True), 1.0, 0.0, "<=", 0.05).verdict is Verdict.FAIL
    assert compare_paired(ride_pairs(120, swap=True), 1.5, 0.0, "<=", 0.05).verdict is Verdict.PASS
    assert compare_paired(ride_pairs(120, swap=True), 1.0, 0.0, ">=", 0.05).verdict is Verdict.PASS


def test_pairs_begin_with_two_weeks() -> None:
    found = compare_paired(ride_pairs(13), 1.0, 0.0, "<=", 0.05)
    assert (found.verdict, found.estimate) == (Verdict.UNDECIDED, None)
    assert found.reason == "13 full days with labels so far, and a comparison of pairs begins with 14"
    assert compare_paired(ride_pairs(14), 1.0, 0.0, "<=", 0.05).estimate is not None
    empty = [PairedDay(100 + day, 0, 0.0, 0.0) for day in range(9)]
    assert compare_paired([*ride_pairs(13), *empty], 1.0, 0.0, "<=", 0.05).days == 13


def test_days_that_resemble_each_other_count_less() -> None:
    stream = np.random.default_rng(6)
    fresh = stream.normal(size=44)
    alike = np.convolve(fresh, np.full(3, 1 / sqrt(3)), "valid")
    widths = [
        width(compare_paired([PairedDay(day, 1, one, 0.0) for day, one in enumerate(noise)], 1.0, 0.0, "<=", 0.05))
        for noise in (fresh[:42], alike)
    ]
    assert widths[1] > 1.4 * widths[0]


def test_so_alike_that_nothing_is_proven() -> None:
    climbing = [PairedDay(day, 100, 1_000.0 + day, 1_500) for day in range(14)]
    found = compare_paired(climbing, 1.0, 0.0, "<=", 0.05)
    assert (found.verdict, found.lower, found.upper) == (Verdict.UNDECIDED, None, None)
    assert found.reason.endswith("too little is known of the spread for a proof")


def test_days_weigh_what_their_rows_weigh() -> None:
    days = ride_pairs(60)
    split_day = replace(days[5], rows=days[5].rows / 2, new_loss_sum=days[5].new_loss_sum / 2)
    assert compare_paired(days, 1.0, 0.0, "<=", 0.05).estimate == pytest.approx(
        sum(day.new_loss_sum for day in days) / sum(day.rows for day in days)
    )
    lighter = compare_paired([*days[:5], split_day, *days[6:]], 1.0, 0.0, "<=", 0.05)
    assert lighter.estimate != compare_paired(days, 1.0, 0.0, "<=", 0.05).estimate


# -- the sample ratio -----------------------------------------------------------------------------------------------


def test_shares_as_planned_are_left_alone() -> None:
    found = check_sample_ratio([(day, 0.05, 50, 950) for day in range(28)])
    assert (found.suspended, found.p_value) == (False, 1.0)
    assert found.reason == "units meet the versions in the shares that were planned"
    assert not check_sample_ratio([]).suspended
    assert not check_sample_ratio([(0, 0.05, 0, 0), (1, 1.0, 400, 0)]).suspended


def test_lost_units_suspend_the_verdict() -> None:
    found = check_sample_ratio([(0, 0.5, 4_500, 5_000)])
    assert found.suspended
    assert found.p_value == pytest.approx(2 * stats.binomtest(4_500, 9_500, 0.5).pvalue, rel=1e-6)
    assert found.reason == "47.37% of 9,500 units met the new version, and 50.00% were planned"
    assert check_sample_ratio([(0, 0.05, 0, 300)]).suspended


def test_what_was_off_once_stays_off() -> None:
    """The planted defect: the same correction for all days, which forgives an early fault as days go by."""
    off = (0, 0.5, 420, 580)
    later = [(day, 0.5, 500, 500) for day in range(1, 90)]
    assert check_sample_ratio([off]).suspended
    assert check_sample_ratio([off, *later]).suspended
    assert stats.binomtest(420, 1_000, 0.5).pvalue * 1e4 > 0.001


def test_each_step_has_its_own_planned_share() -> None:
    steps = [(0, 0.05, 50, 950), (1, 0.25, 250, 750), (2, 0.5, 500, 500)]
    assert not check_sample_ratio(steps).suspended
    # The planted defect: all days held against the newest share.
    assert check_sample_ratio([(day, 0.5, new, old) for day, _, new, old in steps]).suspended
