"""What can be injected, how it is written, and the models that go wrong on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from mlopsc.stdlib.runtime.rehearsal.faults import FaultyEstimator
from mlopsc.stdlib.runtime.rehearsal.injections import DAY, KINDS, Injection, Trouble, parse_injection
from mlopsc.stdlib.runtime.store.faults import OperationError


class Doubling:
    """An estimator that doubles."""

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return rows[:, 0] * 2.0


ROWS = np.arange(200, dtype=float)[:, None]


def test_trouble_begins_when_it_says_or_when_its_kind_does() -> None:
    assert parse_injection("drift@20d") == Injection(Trouble.DRIFT, 20 * DAY)
    assert parse_injection("outage@12h") == Injection(Trouble.OUTAGE, DAY / 2)
    assert parse_injection("errors").after == KINDS[Trouble.ERRORS].begins * DAY


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("drfit", "did you mean `drift`?"),
        ("", "there are `drift`"),
        ("drift@soon", "write when it begins as `drift@20d`"),
        ("drift@1mo", "write it in days"),
    ],
)
def test_trouble_that_is_none_is_told_what_there_is(written: str, told: str) -> None:
    with pytest.raises(OperationError) as caught:
        parse_injection(written)
    assert told in str(caught.value)


def test_every_trouble_says_what_could_notice_it_and_what_to_write() -> None:
    assert set(KINDS) == set(Trouble)
    assert all(kind.notices and kind.advice for kind in KINDS.values())


def test_a_bad_model_is_wrong_and_a_slow_one_is_right() -> None:
    good = Doubling().predict(ROWS)
    assert not np.allclose(FaultyEstimator(Doubling(), "bad-model").predict(ROWS), good)
    assert np.allclose(FaultyEstimator(Doubling(), "slow-model").predict(ROWS[:1]), good[:1])


def test_a_failing_model_fails_for_some_rows_and_always_for_the_same() -> None:
    def fails(row: np.ndarray) -> bool:
        try:
            FaultyEstimator(Doubling(), "errors").predict(row[None, :])
        except ValueError:
            return True
        return False

    failed = [fails(row) for row in ROWS]
    assert 0.1 < np.mean(failed) < 0.4
    assert [fails(row) for row in ROWS] == failed
