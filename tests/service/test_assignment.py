"""Units are assigned uniformly, for good, and nested: whoever is in 5% is in 25%."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, kstest

from mlopsc.stdlib.runtime.release.state import State
from mlopsc.stdlib.runtime.service.assignment import bucket, shadows_for, version_for

UNITS = [f"{i:016x}" for i in range(20_000)]
CANARY = State(champion=3, candidate=4, weights={3: 0.95, 4: 0.05}, salt="api/prod/12")
Bucket = Callable[[str, str], float]


def is_uniform(bucket_of: Bucket, units: Iterable[str] = UNITS) -> bool:
    """Whether the buckets of these units, under some salts, look drawn from [0, 1)."""
    values = [[bucket_of(salt, unit) for unit in units] for salt in ("a", "b", "api/prod/1")]
    inside = all(0 <= value < 1 for row in values for value in row)
    is_fine = all(len(set(row)) == len(row) for row in values)
    return inside and is_fine and min(kstest(row, "uniform").pvalue for row in values) > 1e-4


def is_independent(bucket_of: Bucket) -> bool:
    """Whether the bucket under one salt says nothing of that under another."""
    table = np.zeros((10, 10))
    for unit in UNITS:
        table[int(bucket_of("api/prod/1", unit) * 10), int(bucket_of("api/prod/2", unit) * 10)] += 1
    return bool(chi2_contingency(table).pvalue > 1e-4)


def coarse(salt: str, unit: str) -> float:
    """A planted defect: a hundred buckets."""
    return int(bucket(salt, unit) * 100) / 100


def saltless(salt: str, unit: str) -> float:  # noqa: ARG001
    """A planted defect: the same units are always the first to try what is new."""
    return bucket("", unit)


def by_digits(salt: str, unit: str) -> float:  # noqa: ARG001
    """A planted defect: the key itself as its bucket, as with ids that were given in order."""
    return int(unit[-4:], 16) / 65_536


def test_buckets_are_uniform_and_independent_between_releases() -> None:
    assert is_uniform(bucket)
    assert is_uniform(bucket, [f"user-{i}" for i in range(20_000)])
    assert is_independent(bucket)


def test_the_test_of_buckets_finds_buckets_that_are_not() -> None:
    assert not is_uniform(coarse)
    assert not is_uniform(by_digits)
    assert not is_independent(saltless)


@pytest.mark.parametrize("share", [0.001, 0.05, 0.25, 0.5, 0.99])
def test_a_version_gets_its_share(share: float) -> None:
    state = replace(CANARY, weights={3: 1 - share, 4: share})
    served = Counter(version_for(state, unit) for unit in UNITS)
    expected = share * len(UNITS)
    assert abs(served[4] - expected) < 4 * np.sqrt(expected * (1 - share)) + 1


@given(st.text(), st.text(), st.floats(0, 1), st.floats(0, 1))
def test_whoever_was_moved_stays_moved(salt: str, unit: str, one: float, other: float) -> None:
    less, more = sorted((one, other))
    before = replace(CANARY, salt=salt, weights={3: 1 - less, 4: less})
    after = replace(CANARY, salt=salt, weights={3: 1 - more, 4: more})
    assert version_for(before, unit) == 3 or version_for(after, unit) == 4
    assert (version_for(after, unit) == 4) == (bucket(salt, unit) < more)
    assert version_for(before, unit) == version_for(replace(before, sequence=9, shadow={4: 1.0}), unit)


def test_nesting_does_not_depend_on_the_numbers_of_versions() -> None:
    back = State(champion=7, candidate=2, weights={7: 0.75, 2: 0.25}, salt="s")
    first = replace(back, weights={7: 0.95, 2: 0.05})
    moved = {unit for unit in UNITS if version_for(first, unit) == 2}
    assert moved < {unit for unit in UNITS if version_for(back, unit) == 2}


@given(st.text(), st.dictionaries(st.integers(1, 9), st.floats(0.01, 1), min_size=1, max_size=4))
def test_every_unit_is_served_by_a_live_version(unit: str, shares: dict[int, float]) -> None:
    whole = sum(shares.values())
    weights = {version: share / whole for version, share in shares.items()} | {10: 0.0}
    assert version_for(State(weights=weights), unit) in shares


def test_without_a_live_version_nobody_is_served() -> None:
    with pytest.raises(LookupError, match="no version is live"):
        version_for(State(), "a")


def test_whoever_does_not_serve_answers_unseen() -> None:
    state = replace(CANARY, shadow={3: 1.0, 4: 1.0})
    assert shadows_for(state, 3, "id") == (4,)
    assert shadows_for(state, 4, "id") == (3,)
    assert shadows_for(CANARY, 3, "id") == ()


def test_a_shadow_gets_its_share_of_predictions_whoever_they_are_for() -> None:
    state = replace(CANARY, shadow={4: 0.2})
    copied = [unit for unit in UNITS if shadows_for(state, 3, unit)]
    assert abs(len(copied) - 0.2 * len(UNITS)) < 4 * np.sqrt(0.16 * len(UNITS))
    served = Counter(version_for(state, unit) for unit in copied)
    assert abs(served[4] - 0.05 * len(copied)) < 4 * np.sqrt(0.05 * len(copied))
