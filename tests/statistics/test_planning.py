"""Rows and days needed: against closed forms, and against the exact binomial distribution at every number of rows."""

from __future__ import annotations

import subprocess
import sys
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlopsc.stdlib.planning import days_for_arms, rows_for_mean, rows_for_proportion, rows_per_arm


def powers(limit: float, assumed: float, alpha: float, rows: np.ndarray) -> np.ndarray:
    """The power of the exact one-sided test that a proportion exceeds a limit, for each number of rows."""
    critical = stats.binom.isf(alpha, rows, limit) + 1
    return np.asarray(stats.binom.sf(critical - 1, rows, assumed))


def test_ninety_against_ninety_two_takes_1290_rows_first_and_1365_for_good() -> None:
    plan = rows_for_proportion(0.90, 0.92, alpha=0.05, power=0.8)
    assert (plan.first, plan.for_good, plan.exact) == (1290, 1365, True)


@pytest.mark.parametrize(
    ("limit", "assumed", "alpha"),
    [(0.9, 0.92, 0.05), (0.9, 0.92, 0.01), (0.5, 0.55, 0.05), (0.99, 0.999, 0.05), (0.3, 0.9, 0.05), (0.8, 0.83, 0.1)],
)
def test_first_and_for_good_are_those_of_a_search_over_all_numbers(limit: float, assumed: float, alpha: float) -> None:
    rows = np.arange(1, 6000)
    enough = powers(limit, assumed, alpha, rows) >= 0.8
    plan = rows_for_proportion(limit, assumed, alpha)
    assert plan.first == rows[enough][0]
    assert plan.for_good == rows[~enough][-1] + 1


def test_the_saw_tooth_falls_short_again_after_the_first_number() -> None:
    """The defect that `for_good` guards against: taking the first number as if all larger ones would do."""
    plan = rows_for_proportion(0.90, 0.92)
    between = powers(0.90, 0.92, 0.05, np.arange(plan.first, plan.for_good))
    assert between[0] >= 0.8
    assert between[-1] < 0.8


@settings(max_examples=40, deadline=None)
@given(st.floats(0.02, 0.98), st.floats(0.02, 0.98))
def test_to_show_a_share_is_to_show_its_complement(limit: float, assumed: float) -> None:
    if abs(limit - assumed) < 0.03:
        return
    plan, mirrored = rows_for_proportion(limit, assumed), rows_for_proportion(1 - limit, 1 - assumed)
    # 1 - (1 - x) is x but for a rounding error, which may move a tie by a row.
    assert abs(plan.for_good - mirrored.for_good) <= 1
    assert plan.first <= plan.for_good


def test_a_perfect_share_takes_the_rule_of_three() -> None:
    assert rows_for_proportion(0.01, 0.0).for_good == 299
    assert stats.binomtest(0, 299).proportion_ci(0.90, "exact").high <= 0.01
    assert stats.binomtest(0, 298).proportion_ci(0.90, "exact").high > 0.01


def test_beyond_the_walk_the_normal_approximation_stands_in() -> None:
    plan = rows_for_proportion(0.90, 0.901)
    assert not plan.exact
    assert powers(0.90, 0.901, 0.05, np.array([plan.for_good])) == pytest.approx(0.8, abs=0.005)


def test_rows_for_a_mean_have_the_power_that_was_asked_for() -> None:
    rows = rows_for_mean(45, 40, sigma=30, alpha=0.05, power=0.8)
    passes_below = 45 - stats.norm.ppf(0.95) * 30 / sqrt(rows)
    assert stats.norm.cdf(passes_below, 40, 30 / sqrt(rows)) >= 0.8
    fewer = rows - 1
    assert stats.norm.cdf(45 - stats.norm.ppf(0.95) * 30 / sqrt(fewer), 40, 30 / sqrt(fewer)) < 0.8


def test_dependent_rows_multiply_what_is_needed() -> None:
    assert rows_for_mean(45, 33, 40, design_effect=10) == pytest.approx(10 * rows_for_mean(45, 33, 40), abs=10)


def test_five_percent_against_five_and_a_half_takes_31218_an_arm() -> None:
    assert rows_per_arm(0.05, 0.055) == 31_218
    assert rows_per_arm(0.055, 0.05) == 31_218


def test_days_are_whole_and_grow_with_uneven_arms() -> None:
    assert days_for_arms(31_218, 20_000) == 4
    assert days_for_arms(31_218, 20_000, smaller_share=0.05) == 17
    smaller, larger = 0.05 * 17 * 20_000, 0.95 * 17 * 20_000
    assert 1 / smaller + 1 / larger <= 2 / 31_218


@pytest.mark.parametrize("call", [lambda: rows_for_mean(1, 1, 1), lambda: rows_for_proportion(0.5, 0.5)])
def test_what_no_number_of_rows_shows_is_an_error(call: object) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match="no number of rows"):
        call()


def test_planning_imports_no_heavy_library() -> None:
    code = "import sys, mlopsc.stdlib.planning; print([m for m in ('numpy', 'scipy', 'pandas') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
