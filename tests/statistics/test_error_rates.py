"""The error rates that the gates promise, simulated in short: fixed seeds, three standard errors of slack.

`make simulate` runs the same claims at length. Each claim has a planted defect beside it, a method that is known to
be wrong, which the same simulation must expose: a simulation that can't tell them apart would guard nothing.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import simulations
from claim import Claim, standard_error
from simulations import claims

CLAIMS = {claim.name: claim for claim in claims()}


def rate_of(name: str, replications: int) -> tuple[Claim, float]:
    """A claim and its rate, in percent, over so many replications."""
    claim = CLAIMS[name]
    return claim, claim.rate(replications)


@pytest.mark.parametrize(
    ("name", "replications"),
    [
        ("mean, half-normal, n = 500", 150),
        ("mean, lognormal(1), n = 1,700", 40),
        ("mean, |t3|, n = 1,700", 40),
        ("dependent hours in 20 weeks, by week", 300),
        ("accuracy >= 90%, n = 1,365: wrong pass", 500),
        ("accuracy >= 90%, n = 1,365: power at 92%", 500),
        ("error rate <= 1%, 100 users", 100),
        ("paired mae <= champion + 5%, n = 500", 100),
        ("latency(p95), 200 calls", 500),
    ],
)
def test_verdicts_are_wrong_no_more_often_than_promised(name: str, replications: int) -> None:
    claim, rate = rate_of(name, replications)
    assert claim.is_kept(rate, replications), f"{rate:.1f}% and not {claim.asked}"


def test_the_percentile_bootstrap_is_exposed() -> None:
    """The planted defect of the means: 2,000 resamples whose quantile is taken for a bound."""
    claim, rate = rate_of("the same by percentile bootstrap", 250)
    assert claim.is_kept(rate, 250)
    assert rate > 6.5, "it would pass for a sound method"


def test_dependent_rows_taken_as_independent_are_exposed() -> None:
    """The planted defect of the units: hours resampled singly, though they carry over."""
    claim, rate = rate_of("the same, hours taken as independent", 40)
    assert claim.is_kept(rate, 40)
    assert rate > 8 + 3 * standard_error(8, 40), "it would pass for blocks"


def test_twenty_looks_without_correction_are_exposed() -> None:
    """The planted defect of `max_looks`: each of 20 useless challengers judged as if it were the only one."""
    corrected, rate_corrected = rate_of("20 null challengers, max_looks = 20", 200)
    uncorrected, rate_uncorrected = rate_of("20 null challengers, max_looks = 1", 200)
    assert corrected.is_kept(rate_corrected, 200)
    assert uncorrected.is_kept(rate_uncorrected, 200)
    assert rate_uncorrected > 5 + 3 * standard_error(5, 200)


def test_slices_without_holm_are_exposed() -> None:
    """The planted defect of `by`: each slice tested alone, so that one of ten good ones fails the gate by chance."""
    held, rate_held = rate_of("10 slices at the limit: wrong fail", 25)
    alone, rate_alone = rate_of("10 slices at the limit: wrong fail without Holm", 40)
    assert held.is_kept(rate_held, 25)
    assert alone.is_kept(rate_alone, 40)
    assert rate_alone > rate_held


def test_a_broken_bound_is_reported_and_not_excused() -> None:
    """The planted defect of the simulation: a claim that is false must be called broken."""
    false = Claim("always wrong", lambda *_: True, at_most=5)
    assert not false.is_kept(false.rate(30), 30)
    harmless = Claim("never wrong, though it should be", lambda *_: False, at_least=25)
    assert not harmless.is_kept(harmless.rate(60), 60)
    # From 1,000 replications on there is no slack.
    assert not false.is_kept(5.1, 1000)


def test_the_table_runs_as_a_script() -> None:
    script = Path(simulations.__file__)
    shown = subprocess.run([sys.executable, str(script), "1"], capture_output=True, text=True, check=False)
    assert shown.returncode in (0, 1), shown.stderr
    assert len(shown.stdout.splitlines()) == len(CLAIMS) + 2
    assert ("BROKEN" in shown.stdout) == (shown.returncode == 1)
