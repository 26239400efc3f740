"""Verdicts: all three outcomes, on both sides of a limit, with what the rows can prove and how many are needed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.stdlib.planning import rows_for_mean, rows_for_proportion
from mlopsc.stdlib.runtime.statistics.gates import first_release, judge
from mlopsc.stdlib.runtime.statistics.inputs import Baseline, Latencies, RowLosses, roc_auc
from mlopsc.stdlib.runtime.statistics.judgements import Comparison, Requirement, Verdict, share_of_look
from mlopsc.stdlib.runtime.statistics.units import Units, row_units

STREAM = np.random.default_rng(7)
LOSSES = RowLosses(STREAM.lognormal(size=400), row_units(400))
MEAN = LOSSES.measure()
HITS = RowLosses((np.arange(400) < 360).astype(float), row_units(400), span=(0.0, 1.0))
AT_MOST, AT_LEAST = Requirement("<="), Requirement(">=")


def stream() -> np.random.Generator:
    """Random numbers of a test's own, the same whatever ran before."""
    return np.random.default_rng(8)


def test_a_limit_well_above_the_losses_passes() -> None:
    found = judge(LOSSES, 3.0, AT_MOST)
    assert found.verdict is Verdict.PASS
    assert found.upper is not None
    assert found.reason == f"the upper bound {found.upper:.6g} is at most 3"
    assert (found.rows, found.units, found.level, found.method) == (400, 400, 0.95, "bootstrap-t")


def test_a_limit_well_below_the_losses_fails() -> None:
    found = judge(LOSSES, 1.0, AT_MOST)
    assert found.verdict is Verdict.FAIL
    assert found.reason == f"the lower bound {found.lower:.6g} is above 1"
    assert found.rows_needed is None


def test_a_limit_between_the_bounds_is_undecided_and_says_what_would_do() -> None:
    limit = MEAN * 1.03
    found = judge(LOSSES, limit, AT_MOST)
    assert found.verdict is Verdict.UNDECIDED
    assert found.sigma is not None
    assert found.rows_needed == rows_for_mean(limit, MEAN, found.sigma, found.design_effect or 0)
    assert f"400 rows can prove {found.upper:.6g}; about {found.rows_needed:,} rows would decide" in found.reason


def test_the_other_direction_mirrors_every_outcome() -> None:
    verdicts = [judge(HITS, limit, AT_LEAST).verdict for limit in (0.8, 0.9, 0.97)]
    assert verdicts == [Verdict.PASS, Verdict.UNDECIDED, Verdict.FAIL]
    assert "the upper bound" in judge(HITS, 0.97, AT_LEAST).reason


@pytest.mark.parametrize("comparison", ["<=", ">="])
@pytest.mark.parametrize("evidence", [LOSSES, HITS, roc_auc(np.arange(400) < 200, LOSSES.values, LOSSES.units)])
def test_the_provable_limit_is_the_tightest_that_passes(evidence: RowLosses, comparison: Comparison) -> None:
    requirement = Requirement(comparison)
    provable = judge(evidence, 0.5, requirement).provable_limit
    assert provable is not None
    tighter = math.nextafter(provable, -math.inf if comparison == "<=" else math.inf)
    assert judge(evidence, provable, requirement).verdict is Verdict.PASS
    assert judge(evidence, tighter, requirement).verdict is not Verdict.PASS


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 5), st.floats(0.1, 5))
def test_a_looser_limit_is_never_judged_worse(one: float, other: float) -> None:
    order = [Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS]
    tight, loose = (order.index(judge(LOSSES, limit, AT_MOST).verdict) for limit in sorted((one, other)))
    assert tight <= loose


@settings(max_examples=25, deadline=None)
@given(st.integers(40, 300), st.floats(0.05, 0.95), st.floats(0.5, 0.99), st.integers(1, 10))
def test_more_certainty_or_more_looks_never_decide_more(rows: int, limit: float, level: float, looks: int) -> None:
    hits = RowLosses((np.arange(rows) % 3 > 0).astype(float), row_units(rows), span=(0.0, 1.0))
    loose = judge(hits, limit, Requirement(">=", level))
    strict = judge(hits, limit, Requirement(">=", level, looks=looks))
    assert strict.verdict in (loose.verdict, Verdict.UNDECIDED)


def test_several_looks_share_the_error_rate() -> None:
    for look, level in ((1, 0.96), (2, 0.9975), (5, 0.9975)):
        shared = judge(LOSSES, 2.0, Requirement("<=", 0.95, looks=5, look=look))
        alone = judge(LOSSES, 2.0, Requirement("<=", level))
        assert (shared.lower, shared.upper) == pytest.approx((alone.lower, alone.upper), rel=1e-9)


@given(st.integers(1, 100))
def test_the_shares_of_all_looks_add_up_to_one(looks: int) -> None:
    assert sum(share_of_look(look, looks) for look in range(1, looks + 1)) == pytest.approx(1.0)


def test_without_a_level_the_estimate_decides() -> None:
    few = RowLosses(LOSSES.values[:5], row_units(5))
    value = few.measure()
    passed, failed = (judge(few, limit, Requirement("<=", None)) for limit in (value, value * 0.999))
    assert (passed.verdict, failed.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert (passed.lower, passed.upper, passed.method) == (None, None, "point estimate")
    assert passed.reason.startswith("the estimate")


def test_too_few_rows_are_undecided_and_never_pass() -> None:
    found = judge(RowLosses(np.zeros(50), row_units(50)), 1e9, AT_MOST)
    assert found.verdict is Verdict.UNDECIDED
    assert (found.provable_limit, found.rows_needed, found.rows) == (None, 100, 50)


@pytest.mark.parametrize("level", [0.95, None])
def test_losses_that_are_no_numbers_never_pass(level: float | None) -> None:
    """The planted defect: NaN compares as false with everything, so that `not (loss > limit)` would pass."""
    broken = RowLosses(np.append(LOSSES.values, np.nan), row_units(401))
    for comparison in ("<=", ">="):
        requirement = Requirement("<=" if comparison == "<=" else ">=", level)
        assert judge(broken, 1.0, requirement).verdict is Verdict.UNDECIDED


def test_rows_needed_follow_what_was_assumed() -> None:
    limit = MEAN * 1.05
    assumed = judge(LOSSES, limit, Requirement("<=", assuming=MEAN * 1.01))
    assert assumed.sigma is not None
    assert assumed.rows_needed == rows_for_mean(limit, MEAN * 1.01, assumed.sigma)


def test_an_assumption_that_the_rows_contradict_is_not_believed() -> None:
    limit = MEAN * 1.05
    hopeful = judge(LOSSES, limit, Requirement("<=", assuming=0.1))
    assert hopeful.rows_needed == judge(LOSSES, limit, AT_MOST).rows_needed
    assert hopeful.rows_needed is not None
    assert hopeful.rows_needed > 400


def test_rows_needed_of_a_proportion_are_exact() -> None:
    found = judge(HITS, 0.88, Requirement(">=", assuming=0.9))
    assert found.verdict is Verdict.UNDECIDED
    assert found.rows_needed == rows_for_proportion(0.88, 0.9).for_good


def test_no_rows_help_where_the_estimate_is_beyond_the_limit() -> None:
    found = judge(LOSSES, MEAN * 0.99, AT_MOST)
    assert (found.verdict, found.rows_needed) == (Verdict.UNDECIDED, None)


def test_enough_rows_decide_as_planned() -> None:
    """Rows needed are no empty words: with that many, about 80% of runs pass."""
    limit, spread = 1.1, 0.5
    rows = rows_for_mean(limit, 1.0, spread)
    samples = stream().normal(1.0, spread, size=(300, rows))
    verdicts = [judge(RowLosses(sample, row_units(rows)), limit, AT_MOST).verdict for sample in samples]
    passes = verdicts.count(Verdict.PASS)
    # Three standard errors of 300 runs are 7 points.
    assert 0.73 * 300 <= passes <= 0.87 * 300


# -- against another model ------------------------------------------------------------------------------------------


def against(share_worse: float, factor: float = 1.05) -> tuple[RowLosses, Baseline]:
    """A model that is worse by a share than its champion, on the same rows."""
    champion = RowLosses(LOSSES.values * stream().lognormal(sigma=0.1, size=400), LOSSES.units)
    return RowLosses(LOSSES.values * (1 + share_worse), LOSSES.units), Baseline(champion, factor, label="champion + 5%")


@pytest.mark.parametrize(
    ("share_worse", "verdict"), [(0.0, Verdict.PASS), (0.055, Verdict.UNDECIDED), (0.1, Verdict.FAIL)]
)
def test_a_champion_is_met_missed_or_neither(share_worse: float, verdict: Verdict) -> None:
    new, champion = against(share_worse)
    found = judge(new, champion, AT_MOST)
    assert found.verdict is verdict
    assert found.limit == pytest.approx(1.05 * champion.metric.measure())
    assert "(champion + 5%)" in found.reason
    assert found.method == "paired bootstrap-t"


def test_rows_decide_a_paired_difference_that_they_can_not_decide_apart() -> None:
    new, champion = against(0.0)
    number = champion.limit()
    assert judge(new, champion, AT_MOST).verdict is Verdict.PASS
    assert judge(new, number, AT_MOST).verdict is Verdict.UNDECIDED


def test_the_same_model_keeps_up_with_itself_but_does_not_beat_itself() -> None:
    assert judge(LOSSES, Baseline(LOSSES), AT_MOST).verdict is Verdict.PASS
    assert judge(LOSSES, Baseline(LOSSES, 0.99), AT_MOST).verdict is Verdict.FAIL


def test_a_share_may_fall_by_points() -> None:
    worse = RowLosses(np.roll(HITS.values, 3), HITS.units, span=(0.0, 1.0))
    assert judge(worse, Baseline(HITS, offset=-0.03), AT_LEAST).verdict is Verdict.PASS
    assert judge(worse, Baseline(HITS, offset=0.03), AT_LEAST).verdict is Verdict.FAIL


def test_a_baseline_without_a_value_is_undecided() -> None:
    nothing = Baseline(RowLosses(np.full(400, np.nan), LOSSES.units), label="naive(168h)")
    found = judge(LOSSES, nothing, AT_MOST)
    assert (found.verdict, found.limit) == (Verdict.UNDECIDED, None)
    assert "(naive(168h)) is not defined" in found.reason


def test_the_first_release_passes_and_says_so() -> None:
    found = first_release(LOSSES)
    assert found.verdict is Verdict.PASS
    assert found.estimate == pytest.approx(MEAN)
    assert "first release" in found.reason


# -- latency --------------------------------------------------------------------------------------------------------


def test_latency_is_judged_at_95_percent_unless_told_otherwise() -> None:
    calls = Latencies(stream().lognormal(mean=math.log(0.010), sigma=0.2, size=400), 0.95)
    found = judge(calls, 0.020, Requirement("<=", None))
    assert (found.verdict, found.level) == (Verdict.PASS, 0.95)
    assert found.estimate == pytest.approx(0.010 * math.exp(0.2 * 1.645), rel=0.15)
    assert judge(calls, 0.010, AT_MOST).verdict is Verdict.FAIL
    assert judge(calls, found.estimate or 0.0, AT_MOST).verdict is Verdict.UNDECIDED


def test_latency_has_no_baseline() -> None:
    with pytest.raises(ValueError, match="against a number"):
        judge(Latencies(LOSSES.values, 0.95), Baseline(LOSSES), AT_MOST)


@pytest.mark.parametrize(("level", "looks"), [(0.4, 1), (1.0, 1), (0.95, 0)])
def test_levels_and_looks_out_of_range_are_errors(level: float, looks: int) -> None:
    with pytest.raises(ValueError, match=r"level|look"):
        Requirement("<=", level, looks)


def test_weeks_prove_less_than_their_hours_pretend() -> None:
    """The planted defect: hours that carry over, taken as independent, pass a limit that weeks can't prove."""
    weeks = np.repeat(stream().normal(size=12), 168)
    losses = np.abs(40 + 8 * weeks + np.random.default_rng(9).normal(size=weeks.size))
    by_week = RowLosses(losses, Units(np.arange(weeks.size) // 168, "block(7d)"))
    by_hour = RowLosses(losses, row_units(weeks.size))
    limit = float(losses.mean()) + 1.0
    assert judge(by_hour, limit, AT_MOST).verdict is Verdict.PASS
    assert judge(by_week, limit, AT_MOST).verdict is Verdict.UNDECIDED
