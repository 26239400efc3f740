"""Bounds: equal to closed forms where there are any, ordered, deterministic, and honest where there is no evidence."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from mlopsc.stdlib.runtime.statistics.bounds import bound, estimate, estimate_against
from mlopsc.stdlib.runtime.statistics.estimates import Bound, Estimate, Undecidable
from mlopsc.stdlib.runtime.statistics.inputs import (
    Baseline,
    Evidence,
    Floats,
    Latencies,
    RowLosses,
    Statistic,
    roc_auc,
    statistic_of,
)
from mlopsc.stdlib.runtime.statistics.units import Units, column_units, row_units

STREAM = np.random.default_rng(20240101)
LOSSES = STREAM.lognormal(size=600)
USERS = column_units(STREAM.integers(0, 60, size=600), "user")
WEEKS = Units(np.arange(600) // 55, "block(7d)")
ROWS = row_units(600)
POSITIVE = STREAM.random(600) < 0.3
SCORE = np.round(STREAM.normal(size=600) + POSITIVE, 1)


def stream() -> np.random.Generator:
    """Random numbers of a test's own, the same whatever ran before."""
    return np.random.default_rng(20240102)


def bounded(evidence: Evidence, level: float = 0.95, seed: int = 1) -> Bound:
    """The bound of evidence that has one."""
    found = bound(evidence, level, seed)
    assert isinstance(found, Bound), found
    return found


def refused(evidence: Evidence, level: float = 0.95) -> Undecidable:
    """The reason why evidence has no bound."""
    found = bound(evidence, level, seed=1)
    assert isinstance(found, Undecidable), found
    return found


EVIDENCE: dict[str, Evidence] = {
    "rows": RowLosses(LOSSES, ROWS),
    "users": RowLosses(LOSSES, USERS),
    "weeks": RowLosses(LOSSES, WEEKS),
    "weighted": RowLosses(LOSSES * SCORE**2, ROWS, SCORE**2 + 0.5),
    "root": RowLosses(LOSSES**2, USERS, scale="root"),
    "complement": RowLosses(LOSSES, ROWS, (LOSSES - 1) ** 2 + 2, scale="complement"),
    "proportion": RowLosses(POSITIVE.astype(float), ROWS, span=(0.0, 1.0)),
    "proportion by user": RowLosses(POSITIVE.astype(float), USERS, span=(0.0, 1.0)),
    "auc": roc_auc(POSITIVE, SCORE, ROWS),
    "auc by week": roc_auc(POSITIVE, SCORE, WEEKS),
    "median": statistic_of(np.median, (LOSSES,), USERS),
    "latency": Latencies(LOSSES, 0.95),
}


@pytest.mark.parametrize("evidence", EVIDENCE.values(), ids=EVIDENCE.keys())
def test_bounds_are_on_their_sides_and_widen_with_the_level(evidence: Evidence) -> None:
    found = [bounded(evidence, level) for level in (0.8, 0.9, 0.95, 0.99)]
    for narrow, wide in pairwise(found):
        assert wide.lower <= narrow.lower <= narrow.estimate <= narrow.upper <= wide.upper
        assert narrow.lower < narrow.upper


@pytest.mark.parametrize("evidence", EVIDENCE.values(), ids=EVIDENCE.keys())
def test_the_same_seed_gives_the_same_bound(evidence: Evidence) -> None:
    one, same = bounded(evidence), bounded(evidence)
    assert same.lower == pytest.approx(one.lower, rel=1e-12)
    assert same.upper == pytest.approx(one.upper, rel=1e-12)


def test_another_seed_moves_a_resampled_bound_but_little() -> None:
    uppers = [bounded(EVIDENCE["rows"], seed=seed).upper for seed in range(5)]
    assert len(set(uppers)) == 5
    assert np.ptp(uppers) < 0.1 * (uppers[0] - bounded(EVIDENCE["rows"]).estimate)


@pytest.mark.parametrize(("events", "trials"), [(0, 30), (1, 30), (45, 600), (599, 600), (600, 600)])
def test_a_proportion_of_independent_rows_has_the_clopper_pearson_bounds(events: int, trials: int) -> None:
    hits = np.zeros(trials)
    hits[:events] = 1
    found = bounded(RowLosses(hits, row_units(trials), span=(0.0, 1.0)))
    exact = stats.binomtest(events, trials).proportion_ci(0.90, "exact")
    assert found.method == "Clopper-Pearson"
    assert (found.lower, found.upper) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_recall_is_bounded_on_the_rows_of_its_class_alone() -> None:
    of_class, hit = np.arange(600) < 50, np.arange(600) < 40
    found = bounded(RowLosses((of_class & hit).astype(float), ROWS, of_class.astype(float), span=(0.0, 1.0)))
    exact = stats.binomtest(40, 50).proportion_ci(0.90, "exact")
    assert found.rows == 50
    assert (found.lower, found.upper) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_normal_losses_get_nearly_the_bound_of_student() -> None:
    values = np.random.default_rng(3).normal(50, 10, size=2000)
    found = bounded(RowLosses(values, row_units(2000)))
    exact = stats.ttest_1samp(values, 0).confidence_interval(0.90)
    width = exact.high - exact.low
    assert found.lower == pytest.approx(exact.low, abs=0.04 * width)
    assert found.upper == pytest.approx(exact.high, abs=0.04 * width)


def test_few_units_get_at_least_the_t_bound_on_the_ratio_estimator() -> None:
    found = bounded(EVIDENCE["weeks"])
    sums, sizes = (np.bincount(WEEKS.ids, weights=values) for values in (LOSSES, np.ones(600)))
    ratio = sums.sum() / sizes.sum()
    residuals = sums - ratio * sizes
    error = sqrt(11 / 10 * float(residuals @ residuals)) / 600
    reach = float(stats.t.ppf(0.95, 10)) * error
    assert (found.units, found.method) == (11, "wider of t and bootstrap-t")
    assert found.upper >= ratio + reach - 1e-12
    assert found.lower <= ratio - reach + 1e-12
    assert "fewer than 30 units" in found.note


def test_a_short_week_weighs_less() -> None:
    """The planted defect: the mean of weekly means counts a week of one row like a full one."""
    values = np.concatenate([np.ones(600), [100.0]])
    units = Units(np.append(np.arange(600) // 55, 11), "block(7d)")
    values[:600] += stream().normal(size=600) / 10
    found = bounded(RowLosses(values, units))
    mean_of_means = np.mean([values[units.ids == unit].mean() for unit in range(12)])
    assert found.estimate == pytest.approx(values.mean())
    assert mean_of_means > 5 * found.estimate


def test_the_root_of_a_bound_is_the_bound_of_the_root() -> None:
    squares = bounded(RowLosses(LOSSES**2, USERS))
    roots = bounded(RowLosses(LOSSES**2, USERS, scale="root"))
    assert (roots.lower, roots.estimate, roots.upper) == pytest.approx(
        (sqrt(squares.lower), sqrt(squares.estimate), sqrt(squares.upper))
    )


def test_a_complement_swaps_the_bounds() -> None:
    ratio = bounded(RowLosses(LOSSES, ROWS, LOSSES + 1))
    complement = bounded(RowLosses(LOSSES, ROWS, LOSSES + 1, scale="complement"))
    assert (complement.lower, complement.upper) == pytest.approx((1 - ratio.upper, 1 - ratio.lower))


def test_ratios_of_sums_are_the_metrics_of_scikit_learn() -> None:
    target, prediction = LOSSES, LOSSES + stream().normal(size=600)
    residuals, deviations = (target - prediction) ** 2, (target - target.mean()) ** 2
    assert RowLosses(residuals, ROWS, deviations, "complement").measure() == pytest.approx(
        metrics.r2_score(target, prediction)
    )
    assert RowLosses(residuals, ROWS, scale="root").measure() == pytest.approx(
        metrics.root_mean_squared_error(target, prediction)
    )
    found = prediction > 1.5
    both = (found & POSITIVE).astype(float)
    parts = found.astype(float) + POSITIVE
    assert RowLosses(2 * both, ROWS, parts, span=(0.0, 1.0)).measure() == pytest.approx(
        metrics.f1_score(POSITIVE, found)
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=40))
def test_the_area_under_the_curve_is_that_of_scikit_learn(rows: list[tuple[bool, int, int]]) -> None:
    positive, score, counts = (np.array(column) for column in zip(*rows, strict=True))
    found = roc_auc(positive, score.astype(float), row_units(len(rows))).measure(counts)
    taken = np.repeat(np.arange(len(rows)), counts)
    if np.unique(positive[taken]).size < 2:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(metrics.roc_auc_score(positive[taken], score[taken]))


def test_a_row_at_the_mean_still_counts_against_r2() -> None:
    """The planted defect: its weight, the squared deviation, is 0, but its error is not."""
    target = np.tile([1.0, 2.0, 3.0], 60)
    errors = np.tile([0.1, 0.4, 0.2], 60) * np.linspace(0.5, 1, 180)
    losses = RowLosses(errors**2, row_units(180), (target - 2) ** 2, "complement")
    found = bounded(losses)
    assert found.rows == 180
    assert found.estimate == pytest.approx(metrics.r2_score(target, target + errors))


def test_a_statistic_of_a_function_is_bounded_like_the_mean_that_it_is() -> None:
    as_function = bounded(statistic_of(lambda values: float(np.mean(values)), (LOSSES,), ROWS))
    as_mean = bounded(EVIDENCE["rows"])
    width = as_mean.upper - as_mean.lower
    assert as_function.method == "BCa"
    assert as_function.upper == pytest.approx(as_mean.upper, abs=0.15 * width)
    assert as_function.lower == pytest.approx(as_mean.lower, abs=0.15 * width)


def test_bca_bounds_are_those_of_scipy() -> None:
    values = np.random.default_rng(5).lognormal(size=150)
    found = bounded(statistic_of(lambda column: float(np.var(column)), (values,), row_units(150)))
    peer = stats.bootstrap(
        (values,), np.var, n_resamples=5000, confidence_level=0.90, method="BCa", rng=np.random.default_rng(6)
    ).confidence_interval
    width = peer.high - peer.low
    assert found.lower == pytest.approx(peer.low, abs=0.06 * width)
    assert found.upper == pytest.approx(peer.high, abs=0.12 * width)


def test_statistics_resample_units_and_not_rows() -> None:
    """The planted defect: rows that are copies within a user, resampled singly, make the bound far too narrow."""
    user_values = np.random.default_rng(8).lognormal(size=60)
    values, user = np.repeat(user_values, 10), np.repeat(np.arange(60), 10)
    by_user = bounded(statistic_of(lambda column: float(np.median(column)), (values,), Units(user, "user")))
    by_row = bounded(statistic_of(lambda column: float(np.median(column)), (values,), ROWS))
    assert by_user.upper - by_user.lower > 2 * (by_row.upper - by_row.lower)


def test_latency_bounds_count_the_calls_above_exactly() -> None:
    seconds = np.sort(stream().lognormal(size=1000))
    found = bounded(Latencies(stream().permutation(seconds), 0.95))
    above_upper, reaching_lower = (seconds > found.upper).sum(), (seconds >= found.lower).sum()
    assert stats.binom.cdf(above_upper, 1000, 0.05) <= 0.05 < stats.binom.cdf(above_upper + 1, 1000, 0.05)
    assert stats.binom.sf(reaching_lower - 1, 1000, 0.05) <= 0.05 < stats.binom.sf(reaching_lower - 2, 1000, 0.05)


def test_many_units_are_dealt_into_groups_that_bound_the_same() -> None:
    values = np.random.default_rng(9).lognormal(size=30_000)
    found = bounded(RowLosses(values, row_units(30_000)))
    exact = stats.ttest_1samp(values, 0).confidence_interval(0.90)
    width = exact.high - exact.low
    assert found.units == 30_000
    assert (found.lower, found.upper) == pytest.approx((exact.low, exact.high), abs=0.1 * width)


@pytest.mark.parametrize(
    ("evidence", "reason", "needed"),
    [
        (RowLosses(LOSSES[:99], row_units(99)), "99 rows take part, and a bound needs at least 100", 100),
        (RowLosses(LOSSES, Units(np.arange(600) // 86, "block(7d)")), "only 7 units of `block(7d)`", 686),
        (RowLosses(POSITIVE[:29].astype(np.float64), row_units(29), span=(0.0, 1.0)), "29 rows take part", 30),
        (roc_auc(np.arange(600) < 20, SCORE, ROWS), "20 rows are of class `positive`", 900),
        (Latencies(LOSSES[:199], 0.95), "199 calls were timed, and p95 at 0.95 needs at least 200", 200),
        (Latencies(LOSSES[:298], 0.99), "p99 at 0.95 needs at least 299", 299),
        (RowLosses(np.full(600, 2.0), ROWS), "all 600 units have the same loss, 2", None),
        (RowLosses(np.append(LOSSES[1:], np.nan), ROWS), "rows have a loss that is not a finite number", None),
        (RowLosses(np.append(1.0, np.zeros(599)), ROWS), "leave no finite bound", None),
        (statistic_of(lambda _: 3.0, (LOSSES,), ROWS), "every resample gives 3", None),
        (statistic_of(lambda _: float("nan"), (LOSSES,), ROWS), "not defined on these rows", None),
        (RowLosses(np.zeros(0), row_units(0)), "0 rows take part", 100),
        (Latencies(np.zeros(0), 0.95), "0 calls", 200),
    ],
)
def test_too_little_evidence_is_said_and_not_bounded(evidence: Evidence, reason: str, needed: int | None) -> None:
    found = refused(evidence)
    assert reason in found.reason
    assert found.rows_needed == needed


@pytest.mark.parametrize("loss", [1.0, 0.1, 1 / 3, 7e6])
@pytest.mark.parametrize("units", [ROWS, USERS])
def test_what_rounding_leaves_of_a_spread_bounds_nothing(loss: float, units: Units) -> None:
    """A third of the resamples has no row but alike ones; their spread is 0, however their squares are rounded."""
    assert "leave no finite bound" in refused(RowLosses(np.append(loss, np.zeros(599)), units)).reason


def test_a_level_beyond_the_resamples_is_refused() -> None:
    assert "no finite bound at 0.99999" in refused(EVIDENCE["rows"], level=0.99999).reason


def test_no_error_among_users_is_not_certainty() -> None:
    """The planted defect: without errors the spread is 0, and a mean's bound would be 0 as well."""
    found = bounded(RowLosses(np.zeros(600), USERS, span=(0.0, 1.0)))
    assert (found.lower, found.estimate) == (0, 0)
    assert found.upper == pytest.approx(1 - 0.05 ** (1 / 60))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([(0.0, 1.0), (1.0, 1.0), (0.0, 2.0), (2.0, 2.0)]), min_size=30, max_size=200))
@example([(0.0, 1.0)] * 20 + [(1.0, 1.0)] * 20)
def test_a_proportion_of_any_rows_has_a_bound_within_its_span(rows: list[tuple[float, float]]) -> None:
    """The planted defect: of half zeros and half ones, the median is a value that no row has."""
    values, weights = (np.array(column) for column in zip(*rows, strict=True))
    units = Units(np.arange(len(rows)) // 2, "user")
    found = bound(RowLosses(values, units, weights, span=(0.0, 1.0)), 0.95, seed=1)
    if isinstance(found, Bound):
        assert -1e-12 <= found.lower <= found.estimate + 1e-12
        assert found.estimate - 1e-12 <= found.upper <= 1 + 1e-12
    else:
        assert "have the same loss" in found.reason


def test_errors_of_one_user_are_bounded_by_users() -> None:
    errors = (USERS.ids == 0).astype(float)
    found = bounded(RowLosses(errors, USERS, span=(0.0, 1.0)))
    assert found.upper == pytest.approx(stats.binomtest(1, 60).proportion_ci(0.90, "exact").high)


def test_two_models_that_hardly_differ_are_bounded_by_the_rows_that_tell_them_apart() -> None:
    """The planted defect: four rows resampled are no spread, and pass wrongly in 10% of cases."""
    new, old = np.ones(600), np.ones(600)
    new[:3], old[3:4] = 0, 0
    found, limits = against(RowLosses(new, ROWS, span=(0.0, 1.0)), Baseline(RowLosses(old, ROWS, span=(0.0, 1.0))))
    worse, better = (stats.binomtest(rows, 600).proportion_ci(0.90, "exact").high for rows in (3, 1))
    assert found.method == "paired Clopper-Pearson over units"
    assert (limits.lower - old.mean(), limits.upper - old.mean()) == pytest.approx((-worse, better))


def test_a_perfect_ranking_is_bounded_by_disjoint_pairs() -> None:
    found = bounded(roc_auc(POSITIVE, POSITIVE + LOSSES / 1000, ROWS))
    assert (found.estimate, found.upper) == (1, 1)
    assert found.lower == pytest.approx(0.05 ** (1 / POSITIVE.sum()))


def test_a_statistic_that_some_resamples_do_not_define_counts_them_against_both_sides() -> None:
    def mean_or_nothing(counts: np.ndarray) -> float:
        if counts[0] == 0:
            raise ValueError("this row is needed")
        return float(counts @ LOSSES / counts.sum())

    assert "no finite bound" in refused(Statistic(mean_or_nothing, ROWS)).reason


# -- comparisons ----------------------------------------------------------------------------------------------------


def against(metric: RowLosses | Statistic, baseline: Baseline, alpha: float = 0.05) -> tuple[Estimate, Bound]:
    """The estimate and bound of a comparison that has one."""
    found = estimate_against(metric, baseline, alpha, seed=1)
    assert isinstance(found, Estimate), found
    limits = found.bound(alpha)
    assert isinstance(limits, Bound), limits
    return found, limits


def test_a_paired_mean_is_the_mean_of_the_differences() -> None:
    old = LOSSES * stream().lognormal(sigma=0.2, size=600)
    _, found = against(RowLosses(LOSSES, USERS), Baseline(RowLosses(old, USERS), factor=1.05))
    differences = bounded(RowLosses(LOSSES - 1.05 * old, USERS))
    shift = 1.05 * old.mean()
    assert (found.lower, found.upper) == pytest.approx((differences.lower + shift, differences.upper + shift))
    assert found.estimate == pytest.approx(LOSSES.mean())


def test_pairing_takes_out_what_both_models_find_hard() -> None:
    """The planted defect: two bounds side by side, as if the models had been judged on different rows."""
    old = LOSSES * 1.02
    paired = against(RowLosses(LOSSES, ROWS), Baseline(RowLosses(old, ROWS)))[1]
    apart = bounded(RowLosses(LOSSES, ROWS))
    assert paired.upper - paired.lower < 0.05 * (apart.upper - apart.lower)


@pytest.mark.parametrize("scale", ["identity", "root", "complement"])
def test_the_limit_lies_within_its_own_bounds_where_models_are_equal(scale: str) -> None:
    assert scale in ("identity", "root", "complement")
    same = RowLosses(LOSSES, ROWS, np.full(600, 4.0), scale)  # type: ignore[arg-type]
    baseline = Baseline(same)
    found, limits = against(same, baseline)
    assert limits.lower == limits.upper == baseline.limit()
    assert found.note == "no row tells the two apart"


@pytest.mark.parametrize("scale", ["identity", "root", "complement"])
def test_a_comparison_decides_as_its_difference_does(scale: str) -> None:
    old_values = LOSSES * stream().lognormal(sigma=0.2, size=600)
    new = RowLosses(LOSSES, USERS, np.full(600, 4.0), scale)  # type: ignore[arg-type]
    old = RowLosses(old_values, USERS, np.full(600, 4.0), scale)  # type: ignore[arg-type]
    resampled = statistic_of(lambda taken: new.measure(_counts(taken)) - old.measure(_counts(taken)), (ARANGE,), USERS)
    as_whole = bounded(resampled)
    rowwise = against(new, Baseline(old))[1]
    width = as_whole.upper - as_whole.lower
    assert rowwise.upper - old.measure() == pytest.approx(as_whole.upper, abs=0.2 * width)
    assert rowwise.lower - old.measure() == pytest.approx(as_whole.lower, abs=0.2 * width)


ARANGE = np.arange(600)


def _counts(taken: Floats) -> np.ndarray:
    return np.bincount(taken.astype(int), minlength=600)


def test_other_metrics_are_compared_as_wholes() -> None:
    worse = roc_auc(POSITIVE, SCORE + stream().normal(size=600), ROWS)
    found, limits = against(roc_auc(POSITIVE, SCORE, ROWS), Baseline(worse, offset=-0.01))
    assert found.method == "paired BCa"
    assert worse.measure() < limits.lower < found.value
    assert limits.upper < found.value + 0.1


def test_equal_rankings_are_not_told_apart() -> None:
    ranking = roc_auc(POSITIVE, SCORE, USERS)
    found, limits = against(ranking, Baseline(roc_auc(POSITIVE, SCORE * 2, USERS)))
    assert limits.lower == limits.upper == found.value


def test_precisions_have_rows_of_their_own_and_are_compared_as_wholes() -> None:
    hits, found_new, found_old = (POSITIVE & (SCORE > 0.5)), SCORE > 0.5, SCORE > 0.2
    new = RowLosses(hits.astype(float), ROWS, found_new.astype(float), span=(0.0, 1.0))
    old = RowLosses((POSITIVE & found_old).astype(float), ROWS, found_old.astype(float), span=(0.0, 1.0))
    assert against(new, Baseline(old))[0].method == "paired BCa"


def test_models_must_be_compared_on_the_same_rows() -> None:
    with pytest.raises(ValueError, match="600 rows can't be paired with one of 599"):
        estimate_against(RowLosses(LOSSES, ROWS), Baseline(RowLosses(LOSSES[1:], row_units(599))), 0.05, 1)


def test_the_estimate_says_what_planning_needs() -> None:
    found = estimate(EVIDENCE["users"], 0.05, seed=1)
    assert isinstance(found, Estimate)
    assert found.sigma == pytest.approx(LOSSES.std(ddof=1))
    sums, sizes = (np.bincount(USERS.ids, weights=values) for values in (LOSSES, np.ones(600)))
    residuals = sums - LOSSES.mean() * sizes
    error = sqrt(USERS.count / (USERS.count - 1) * float(residuals @ residuals)) / 600
    assert found.design_effect is not None
    assert found.sigma is not None
    assert found.sigma * sqrt(found.design_effect / 600) == pytest.approx(error)
