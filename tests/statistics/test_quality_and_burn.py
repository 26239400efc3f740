"""Windows of labelled rows against a limit, labels that are late, and failures that come too fast."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from scipy import special, stats

from mlopsc.stdlib.planning import BURN_WINDOWS, look_share, windows_that_burn
from mlopsc.stdlib.runtime.statistics.burn import BUCKET, Bucket, judge_burn
from mlopsc.stdlib.runtime.statistics.inputs import RowLosses, roc_auc
from mlopsc.stdlib.runtime.statistics.quality import WindowMean, judge_labels, judge_quality, measure_window
from mlopsc.stdlib.runtime.statistics.units import Units, row_units

WEEKLY = 7 / 90
PAST = (38.0, 40.0, 42.0, 39.0, 41.0, 40.5, 39.5, 40.0)
DAY = 86_400.0


def mean(value: float, rows: int = 1_000) -> WindowMean:
    return WindowMean(value, rows, rows)


def test_the_bar_is_students_quantile_in_spreads_of_past_windows() -> None:
    verdict = judge_quality(mean(46), PAST, 45, "lower", WEEKLY)
    spread = float(np.std(PAST, ddof=1))
    assert verdict.score == pytest.approx(1 / spread)
    assert verdict.bar == pytest.approx(special.stdtrit(7, 1 - WEEKLY))
    assert not verdict.event
    assert verdict.smallest_visible == pytest.approx(45 + verdict.bar * spread)
    assert judge_quality(mean(verdict.smallest_visible + 1e-9), PAST, 45, "lower", WEEKLY).event
    assert not judge_quality(mean(verdict.smallest_visible - 1e-9), PAST, 45, "lower", WEEKLY).event


def test_past_windows_that_lean_to_the_bad_side_widen_the_bar() -> None:
    skewed = (38.0, 38.0, 39.0, 39.0, 39.0, 40.0, 40.0, 60.0)
    wide = judge_quality(mean(50), skewed, 45, "lower", 1 / 90)
    student = float(special.stdtrit(7, 1 - 1 / 90))
    assert wide.bar is not None
    assert wide.bar > student + (student**2 - 1) * 0.9 * float(stats.skew(skewed, bias=False)) / 6
    # To the good side it makes no difference.
    assert judge_quality(mean(0.2), skewed, 0.3, "higher", 1 / 90).bar == pytest.approx(student)


def test_a_metric_that_should_be_high_falls_below_its_limit() -> None:
    past = [0.9 + 0.01 * (-1) ** place for place in range(10)]
    assert judge_quality(mean(0.80), past, 0.85, "higher", WEEKLY).event
    assert not judge_quality(mean(0.95), past, 0.85, "higher", WEEKLY).event
    visible = judge_quality(mean(0.85), past, 0.85, "higher", WEEKLY).smallest_visible
    assert visible is not None
    assert visible < 0.85


def test_past_windows_without_spread_or_without_a_value() -> None:
    assert judge_quality(mean(46), [40.0] * 9, 45, "lower", WEEKLY).event
    assert not judge_quality(mean(45), [40.0] * 9, 45, "lower", WEEKLY).event
    assert judge_quality(mean(99), [*PAST[1:], nan, inf], 45, "lower", WEEKLY).learning, "seven of nine have a value"


@pytest.mark.parametrize(("now", "reason"), [(mean(99, rows=99), "99 labelled rows"), (mean(nan), "not defined")])
def test_too_few_labels_and_undefined_metrics_say_nothing(now: WindowMean, reason: str) -> None:
    verdict = judge_quality(now, PAST, 45, "lower", WEEKLY)
    assert (verdict.event, verdict.learning) == (False, True)
    assert reason in verdict.reason


def test_the_first_windows_are_bounded_by_their_own_units() -> None:
    losses = np.random.default_rng(3).exponential(50, size=2_000)
    window = measure_window(RowLosses(losses, row_units(losses.size)), WEEKLY)
    assert window.lower < window.mean < window.upper
    assert judge_quality(window, (), window.lower - 0.01, "lower", WEEKLY).event
    verdict = judge_quality(window, (), window.lower + 0.01, "lower", WEEKLY)
    assert (verdict.event, verdict.learning) == (False, False)
    assert verdict.smallest_visible is not None
    assert verdict.smallest_visible > window.mean


def test_a_first_window_of_one_unit_is_learning() -> None:
    """The planted defect: the hours of one week judged as if each told something of its own."""
    losses = np.random.default_rng(4).exponential(50, size=168)
    week = measure_window(RowLosses(losses, Units(np.zeros(168, dtype=np.intp), "block(7d)")), WEEKLY)
    assert judge_quality(week, (), 1.0, "lower", WEEKLY).learning
    hours = measure_window(RowLosses(losses, row_units(168)), WEEKLY)
    assert judge_quality(hours, (), 1.0, "lower", WEEKLY).event


def test_a_metric_that_is_no_mean_is_watched_as_well() -> None:
    stream = np.random.default_rng(5)
    positive = stream.random(1_000) < 0.3
    window = measure_window(roc_auc(positive, stream.normal(size=1_000) + positive, row_units(1_000)), WEEKLY)
    assert judge_quality(window, (), 0.9, "higher", WEEKLY).event
    assert not judge_quality(window, (), 0.7, "higher", WEEKLY).event


@pytest.mark.parametrize(
    ("due", "labelled", "late"), [(100, 80, False), (100, 79, True), (0, 0, False), (10, 12, False)]
)
def test_labels_are_late_below_four_fifths(due: int, labelled: int, late: bool) -> None:
    assert judge_labels(due, labelled).late is late


def buckets(hours: float, total: int, failing: float, until: float = DAY, failing_from: float = 0.0) -> list[Bucket]:
    """Buckets up to a time, of which those from `failing_from` seconds before it fail at that rate."""
    starts = np.arange(until - hours * 3_600, until, BUCKET)
    bad = round(total * failing)
    return [
        Bucket(float(start), total, total - (bad if start >= until - failing_from else 0)) for start in starts.tolist()
    ]


def test_fast_failures_fire_within_the_hour() -> None:
    """Of 1,000 in five minutes, half fail for five: 42 times what 99.9% allows over the hour, 500 over five minutes."""
    verdict = judge_burn(buckets(24, 1_000, 0.5, failing_from=300), 0.999, DAY)
    assert verdict.fired
    assert verdict.window.long == 3_600
    assert verdict.burn == pytest.approx(0.5 / 12 / 0.001)


def test_slow_failures_fire_over_six_hours() -> None:
    verdict = judge_burn(buckets(24, 1_000, 0.008, failing_from=5 * 3_600), 0.999, DAY)
    assert verdict.fired
    assert verdict.window.long == 21_600
    assert verdict.burn == pytest.approx(0.008 * 5 / 6 / 0.001)


def test_failures_as_fast_as_allowed_never_fire_and_those_that_ended_no_longer() -> None:
    assert not judge_burn(buckets(24, 1_000, 0.001, failing_from=DAY), 0.999, DAY).fired
    over = [*buckets(3, 1_000, 0.5, failing_from=3 * 3_600), *buckets(1, 1_000, 0.0, until=DAY + 3_600)]
    assert judge_burn(over, 0.999, DAY).fired
    assert not judge_burn(over, 0.999, DAY + 3_600).fired


def test_few_requests_fire_nothing_and_none_are_told() -> None:
    """The planted defect: one failure of eight requests taken for an outage."""
    verdict = judge_burn(buckets(1, 8, 1 / 8, failing_from=300), 0.999, DAY)
    assert not verdict.fired
    assert "96 requests; 100 count" in verdict.reason
    assert judge_burn(buckets(1, 9, 1 / 9, failing_from=300), 0.999, DAY).fired
    empty = judge_burn([], 0.999, DAY)
    assert (empty.fired, empty.burn) == (False, None)
    assert "no request" in empty.reason


def test_an_objective_that_leaves_nothing_or_everything_is_an_error() -> None:
    for objective in (0.0, 1.0, 99.9):
        with pytest.raises(ValueError, match="between 0 and 1"):
            judge_burn([], objective, DAY)


def test_what_an_objective_can_fire_at_all() -> None:
    assert windows_that_burn(0.999) == BURN_WINDOWS
    assert windows_that_burn(0.9) == BURN_WINDOWS[1:]
    assert windows_that_burn(0.8) == ()
    outage = buckets(24, 1_000, 1.0, failing_from=DAY)
    assert judge_burn(outage, 0.9, DAY).fired
    assert not judge_burn(outage, 0.8, DAY).fired


def test_looks_share_the_alarms_of_a_period() -> None:
    assert look_share(7 * DAY, 1, 90 * DAY) == pytest.approx(WEEKLY)
    assert look_share(1, 2, 90) == pytest.approx(2 / 90)
