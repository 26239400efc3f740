"""The false alarms that watches promise, simulated in short, each beside a planted defect that the same data exposes.

`make simulate` runs the same claims at length.
"""

from __future__ import annotations

import pytest
from claim import Claim, standard_error
from watch_claims import watch_claims

CLAIMS = {claim.name: claim for claim in watch_claims()}


def rate_of(name: str, replications: int) -> tuple[Claim, float]:
    """A claim and its rate, in percent, over so many replications."""
    claim = CLAIMS[name]
    return claim, claim.rate(replications)


@pytest.mark.parametrize(
    ("name", "replications"),
    [
        ("drift, 40 columns, 30 d, alike within days", 2),
        ("0.5 sigma in 2 of 40 columns: found in 3 d", 2),
        ("drift from training, 40 columns: days", 10),
        ("0.5 sigma in 2 of 40, from training: found in 1 d", 5),
        ("seasonal hours, 1 / 90d: weeks", 5),
        ("seasonal hours, 1 / 180d: weeks", 5),
        ("seasonal hours, shift by 2 spreads: in 2 weeks", 5),
        ("quality by weeks, over 7d, 8 windows", 60),
        ("quality by weeks, over 7d every 1d", 40),
        ("60 against 50 by hours, over 7d: in 10 d", 100),
    ],
)
def test_watches_alarm_no_more_often_than_promised_and_see_what_is_there(name: str, replications: int) -> None:
    claim, rate = rate_of(name, replications)
    assert claim.is_kept(rate, replications), f"{rate:.1f}% and not {claim.asked}"


def test_columns_judged_singly_are_exposed() -> None:
    """The planted defect of the maximum: each of 40 columns held against its own history alone."""
    claim, rate = rate_of("the same, each column by itself", 2)
    assert claim.is_kept(rate, 2)
    assert rate > 1.1 + 3 * standard_error(1.1, 2 * 30)


def test_p_values_without_correction_are_exposed() -> None:
    """The planted defect of the independent form: the smallest of 40 p-values."""
    claim, rate = rate_of("the same without Benjamini-Hochberg", 20)
    assert claim.is_kept(rate, 20)
    assert rate > 1.1 + 3 * standard_error(1.1, 20)


def test_a_test_against_the_whole_training_set_is_exposed() -> None:
    """The planted defect of the reference: seasonal weeks that have not changed, tested against a year."""
    claim, rate = rate_of("seasonal hours, two-sample test of training", 5)
    assert claim.is_kept(rate, 5)
    assert rate > 90


def test_students_t_on_skewed_windows_and_dependent_hours_as_units_are_exposed() -> None:
    """The planted defects of quality: means of days taken for normal, and hours for independent."""
    for name, replications in (
        ("quality by days, over 1d, by Student's t", 30),
        ("the same, hours that hang together", 100),
    ):
        claim, rate = rate_of(name, replications)
        assert claim.is_kept(rate, replications), f"{name}: {rate:.1f}%"
