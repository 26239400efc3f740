"""The error rates that rollouts promise, simulated in short: fixed seeds, three standard errors of slack.

`make simulate` runs the same claims at length. Beside each claim stands the planted defect that it must expose.
"""

from __future__ import annotations

import pytest
from claim import Claim, standard_error
from guard_claims import guard_claims
from rollout_claims import rollout_claims

CLAIMS = {claim.name: claim for claim in (*guard_claims(), *rollout_claims())}


def rate_of(name: str, replications: int) -> tuple[Claim, float]:
    """A claim and its rate, in percent, over so many replications."""
    claim = CLAIMS[name]
    return claim, claim.rate(replications)


@pytest.mark.parametrize(
    ("name", "replications"),
    [
        ("guard at its limit of 1%, 28 d: fires", 100),
        ("guard 1%, 0.2% -> 5%: found within 8 h", 100),
        ("guard 1%, 0.2% -> 5%: found within 1 d", 100),
        ("guard champion * 2 at its limit, canary: fires", 100),
        ("guard champion * 2, 0.2% -> 5%: within 1 d", 100),
        ("exponential, even: power at twice the fixed n", 100),
        ("A/A, lognormal(1), ramp: any verdict", 40),
        ("A/A, 2% mistakes, ramp: any verdict", 40),
        ("shadow, 0.5 carried over to the next day: wrong pass", 100),
        ("sample ratio as planned (5%), 28 d: suspended", 100),
        ("a tenth of the new units lost: suspended", 50),
    ],
)
def test_rollouts_are_wrong_no_more_often_than_promised(name: str, replications: int) -> None:
    claim, rate = rate_of(name, replications)
    assert claim.is_kept(rate, replications), f"{rate:.1f}% and not {claim.asked}"


@pytest.mark.parametrize(
    ("sound", "defect", "replications"),
    [
        ("shared outage, guard champion * 2: fires", "shared outage, guard 1%: fires", 100),
        ("guard at its limit of 1%, 28 d: fires", "the rate over 1 d at its limit, one look: above", 100),
        ("A/A, exponential: any verdict", "A/A, exponential, peeking: any verdict", 50),
        ("A/A, lognormal(1): any verdict", "A/A, lognormal(1), peeking: any verdict", 50),
        ("A/A, Pareto(1.8): any verdict", "A/A, Pareto(1.8), peeking: any verdict", 50),
        ("A/A, 20 rows a user: any verdict", "A/A, 20 rows a user, rows as units: any verdict", 50),
        ("A/A, users come back: any verdict", "A/A, users come back, visits as units: any verdict", 50),
        ("A/A, exponential, ramp: any verdict", "A/A, exponential, ramp, pooled: any verdict", 20),
        ("shadow, errors of rides: wrong pass", "shadow, errors of rides, peeking: any verdict", 50),
        (
            "sample ratio as planned (5%), 28 d: suspended",
            "sample ratio as planned, chi-squared at 1% a day: off",
            100,
        ),
    ],
)
def test_a_worse_method_is_exposed_by_the_same_data(sound: str, defect: str, replications: int) -> None:
    kept, rate = rate_of(sound, replications)
    assert kept.is_kept(rate, replications), f"{rate:.1f}% and not {kept.asked}"
    exposed, wrong = rate_of(defect, replications)
    assert exposed.is_kept(wrong, replications), f"{wrong:.1f}% and not {exposed.asked}"
    assert wrong > 5 + 3 * standard_error(5, replications), "it would pass for a sound method"
