"""Distances against scipy and by hand, and looks that are events, that are none, and that can't say yet."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlopsc.stdlib.planning import looks_to_learn
from mlopsc.stdlib.runtime.statistics.drift import (
    Distance,
    DriftVerdict,
    judge_drift,
    judge_independent,
    prepare,
)

WEEKLY = 7 / 90
SAMPLES = st.lists(st.one_of(st.integers(0, 6).map(float), st.just(float("nan"))), min_size=1, max_size=40)


def after_all_others(values: Sequence[float]) -> np.ndarray:
    """The samples as scipy can read them: missing values above all others."""
    return np.where(np.isnan(values), 1e9, values)


def looks(count: int = 20, columns: int = 5, seed: int = 0, spread: float = 0.02) -> list[dict[str, float]]:
    """Earlier looks at which nothing happened."""
    drawn = np.random.default_rng(seed).normal(0.06, spread, size=(count, columns))
    return [{f"x{place}": float(abs(value)) for place, value in enumerate(row)} for row in drawn]


def now(moved: float = 0.06, rows: int = 5_000) -> dict[str, Distance]:
    """A look at five columns of which the first is so far."""
    return {f"x{place}": Distance(0.06 if place else moved, rows, 4 * rows) for place in range(5)}


def judged(verdict: DriftVerdict, column: str = "x0") -> tuple[bool, bool, float | None]:
    found = next(one for one in verdict.columns if one.column == column)
    return verdict.event, found.drifted, found.visible


@settings(max_examples=150, deadline=None)
@given(SAMPLES, SAMPLES)
def test_numbers_are_as_far_as_scipy_says_with_ties_and_gaps(window: list[float], reference: list[float]) -> None:
    ready = prepare(reference, "numbers")
    expected = stats.ks_2samp(after_all_others(window), after_all_others(reference), method="exact")
    assert ready.distance(window).value == pytest.approx(expected.statistic, abs=1e-12)
    assert ready.p_value(window) == pytest.approx(expected.pvalue, abs=1e-9)


def test_many_rows_are_told_apart_by_the_limit_law() -> None:
    stream = np.random.default_rng(1)
    reference, window = stream.normal(size=60_000), stream.normal(size=5_000) + 0.04
    expected = stats.ks_2samp(window, reference)
    assert prepare(reference, "numbers").p_value(window) == pytest.approx(expected.pvalue, rel=1e-6)
    assert 0.001 < expected.pvalue < 0.1


def test_nothing_but_gaps_is_as_far_as_there_were_values() -> None:
    """The planted defect: a comparison that turns a column without values into NaN and lets it pass."""
    reference = prepare([1.0, 2.0, 3.0, np.nan], "numbers")
    assert reference.distance([np.nan] * 5).value == pytest.approx(0.75)
    assert prepare([np.nan] * 5, "numbers").distance([1.0]).value == 1.0
    assert prepare([np.nan] * 5, "numbers").distance([np.nan]).value == 0.0
    assert all(isfinite(prepare([np.nan] * 5, "numbers").p_value(window)) for window in ([1.0], [np.nan]))


def test_infinite_values_are_values() -> None:
    reference = prepare([-np.inf, 0.0, np.inf, np.nan], "numbers")
    assert reference.distance([-np.inf, 0.0, np.inf, np.nan]).value == 0.0
    assert reference.distance([np.inf] * 4).value == pytest.approx(0.5)
    assert isfinite(reference.p_value([np.inf] * 4))


def test_times_are_numbers_and_missing_times_gaps() -> None:
    times = pd.Series(pd.to_datetime(["2025-01-01", "2025-01-02", None, "2025-01-04"]))
    later = times + pd.Timedelta(days=30)
    assert prepare(times, "numbers").distance(times).value == 0.0
    assert prepare(times, "numbers").distance(later).value == pytest.approx(0.75)


def test_numbers_with_gaps_of_any_kind_of_column() -> None:
    whole = pd.Series([1, 2, None, 4], dtype="Int64")
    assert prepare(whole, "numbers").distance([1.0, 2.0, 4.0, np.nan]).value == 0.0


def test_levels_are_as_far_as_rows_would_have_to_move() -> None:
    reference = prepare(["a"] * 5 + ["b"] * 3 + [None] * 2, "levels")
    assert reference.distance(["a"] * 5 + ["b"] * 3 + [None] * 2).value == 0.0
    assert reference.distance(["a"] * 10).value == pytest.approx(0.5)
    assert reference.distance(["new"] * 4).value == 1.0
    assert reference.distance([None, np.nan]).value == pytest.approx(0.8)


def test_levels_without_a_row_and_bools_are_levels_too() -> None:
    column = pd.Series(pd.Categorical(["a", "b"], categories=["a", "b", "never"]))
    assert prepare(column, "levels").distance(["a", "b"]).value == 0.0
    assert prepare([True, False], "levels").distance([True, True]).value == pytest.approx(0.5)


def test_frequent_levels_are_told_apart_as_scipy_does() -> None:
    reference, window = ["a"] * 500 + ["b"] * 300 + ["c"] * 200, ["a"] * 60 + ["b"] * 20 + ["c"] * 20
    expected = stats.chi2_contingency([[500, 300, 200], [60, 20, 20]]).pvalue
    assert prepare(reference, "levels").p_value(window) == pytest.approx(expected, rel=1e-9)
    assert prepare(["a"] * 9, "levels").p_value(["a"]) == 1.0


def test_rare_levels_are_told_apart_by_tables_dealt_at_random() -> None:
    """Where chi-squared is no good: of two levels, Fisher's exact test says what is true."""
    reference, window = ["a"] * 390 + ["b"] * 10, ["a"] * 30 + ["b"] * 4
    exact = stats.fisher_exact([[30, 4], [390, 10]]).pvalue
    chi_squared = stats.chi2_contingency([[30, 4], [390, 10]], correction=False).pvalue
    found = prepare(reference, "levels").p_value(window)
    assert found == pytest.approx(exact, rel=0.1)
    assert chi_squared < exact / 3


@pytest.mark.parametrize("kind", ["numbers", "levels"])
def test_a_sample_without_rows_is_an_error(kind: str) -> None:
    with pytest.raises(ValueError, match="no rows"):
        prepare([], kind)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no rows"):
        prepare([1.0], kind).distance([])  # type: ignore[arg-type]


@pytest.mark.parametrize("levels", [0, 2, 12])
def test_noise_is_seldom_exceeded_by_rows_of_one_distribution(levels: int) -> None:
    stream = np.random.default_rng(2)
    kind = "levels" if levels else "numbers"
    exceeded = 0
    for _ in range(400):
        draw = (lambda n: stream.integers(0, levels, n)) if levels else (lambda n: stream.normal(size=n))
        distance = prepare(draw(600), kind).distance(draw(150))  # type: ignore[arg-type]
        exceeded += distance.value > distance.noise(0.05)
    assert exceeded <= 0.05 * 400


def test_a_column_that_moves_is_an_event_and_comes_first() -> None:
    verdict = judge_drift(now(0.3), looks(), WEEKLY)
    assert (verdict.event, verdict.learning, verdict.p) == (True, False, 1 / 21)
    assert [one.column for one in verdict.columns if one.drifted] == ["x0"]
    assert verdict.columns[0].column == "x0"
    assert "`x0` by 0.30" in verdict.reason


def test_the_smallest_visible_distance_is_what_it_says() -> None:
    _, _, visible = judged(judge_drift(now(), looks(), WEEKLY))
    assert visible is not None
    assert judged(judge_drift(now(visible + 1e-6), looks(), WEEKLY))[:2] == (True, True)
    assert judged(judge_drift(now(visible - 1e-4), looks(), WEEKLY))[:2] == (False, False)
    assert judge_drift(now(), looks(), WEEKLY).smallest_visible == pytest.approx(
        min(one.visible or 1 for one in judge_drift(now(), looks(), WEEKLY).columns)
    )


def test_what_is_unusual_but_near_is_no_event() -> None:
    verdict = judge_drift(now(0.09), looks(spread=0.002), WEEKLY)
    assert verdict.p == 1 / 21
    assert not verdict.event


def test_what_few_rows_show_by_chance_is_no_event() -> None:
    """The planted defect: windows of much traffic, and one of little, which is further by nature."""
    assert judge_drift(now(0.155, rows=100_000), looks(), WEEKLY).event
    assert not judge_drift(now(0.155, rows=120), looks(), WEEKLY).event
    few = judge_drift(now(0.9, rows=60), looks(), WEEKLY)
    assert (few.event, few.learning) == (False, True)
    assert "60 rows" in few.reason


def test_a_column_that_never_moved_hides_no_other_and_may_move_itself() -> None:
    still = [{**look, "x1": 0.0} for look in looks()]
    assert judged(judge_drift({**now(), "x1": Distance(0.02, 5_000, 20_000)}, still, WEEKLY), "x1")[:2] == (
        False,
        False,
    )
    assert judged(judge_drift({**now(), "x1": Distance(0.2, 5_000, 20_000)}, still, WEEKLY), "x1")[:2] == (True, True)
    once = [{**look, "x1": 0.02 if place == 3 else 0.0} for place, look in enumerate(looks())]
    assert judge_drift({**now(0.3), "x1": Distance(0.0, 5_000, 20_000)}, once, WEEKLY).event


def test_an_earlier_look_that_stood_out_as_much_makes_this_one_usual() -> None:
    """With 20 earlier looks, 7.8% allow none; with 30, one."""
    assert not judge_drift(now(0.3), [*looks(19), {**looks(1)[0], "x0": 0.31}], WEEKLY).event
    assert judge_drift(now(0.3), [*looks(29), {**looks(1)[0], "x0": 0.31}], WEEKLY).event


def test_too_little_history_is_learning() -> None:
    verdict = judge_drift(now(0.9), looks(19), WEEKLY)
    assert (verdict.event, verdict.learning, verdict.columns) == (False, True, ())
    assert "19 earlier looks, and 20" in verdict.reason
    assert judge_drift(now(0.9), looks(88), 1 / 90).learning
    assert judge_drift(now(0.9), looks(89), 1 / 90).event


def test_looks_as_rare_as_the_budget_can_be_an_event_at_all() -> None:
    for share in (0.5, WEEKLY, 1 / 90, 1 / 2160):
        assert 1 / (1 + looks_to_learn(share)) <= share * (1 + 1e-9)


def test_a_new_column_is_named_and_silences_no_other() -> None:
    with_new = {**now(0.3), "new": Distance(0.9, 5_000, 20_000)}
    known = [{**look, "new": 0.1} if place > 15 else look for place, look in enumerate(looks(30))]
    verdict = judge_drift(with_new, known, WEEKLY)
    assert verdict.event
    assert [one.column for one in verdict.columns if one.drifted] == ["x0"]
    assert "too new to be judged: `new`" in verdict.reason


def test_without_columns_nothing_is_judged() -> None:
    assert judge_drift({}, looks(), WEEKLY).learning
    assert judge_independent({}, {}, WEEKLY).learning


def test_independent_rows_are_judged_after_benjamini_and_hochberg() -> None:
    far = {f"x{place}": Distance(0.2, 1_000, 10_000) for place in range(5)}
    p_values = {"x0": 0.001, "x1": 0.02, "x2": 0.04, "x3": 0.3, "x4": 0.9}
    verdict = judge_independent(far, p_values, 0.05)
    assert [one.column for one in verdict.columns if one.drifted] == ["x0", "x1"]
    assert [round(one.p, 6) for one in verdict.columns] == [0.005, 0.05, 0.066667, 0.375, 0.9]
    near = {**far, "x0": Distance(0.05, 1_000, 10_000)}
    assert [one.column for one in judge_independent(near, p_values, 0.05).columns if one.drifted] == ["x1"]


@pytest.mark.parametrize("share", [0.0, 0.6, -1.0])
def test_a_share_that_is_none_is_an_error(share: float) -> None:
    with pytest.raises(ValueError, match="false alarms"):
        judge_drift(now(), looks(), share)
    with pytest.raises(ValueError, match="false alarms"):
        judge_independent(now(), dict.fromkeys(now(), 0.5), share)
