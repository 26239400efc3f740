"""Which rows belong together: blocks of time anchored at a Monday, columns, and rows by themselves."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.stdlib.runtime.statistics.units import block_units, column_units, fold, row_units

WEEK = timedelta(days=7)


def test_a_week_begins_on_monday_at_midnight() -> None:
    days = ["1970-01-04 23:59", "1970-01-05 00:00", "1970-01-11 23:59", "1970-01-12 00:00", "2011-03-07 00:00"]
    times = pd.to_datetime(days)
    assert block_units(times, WEEK, "UTC").ids.tolist() == [0, 1, 1, 2, 3]
    assert pd.Timestamp("2011-03-07").day_name() == "Monday"


def test_a_block_does_not_depend_on_the_rows_around_it() -> None:
    """The planted defect: blocks counted from the first row put the same rows together differently."""
    hours = pd.date_range("2011-01-05 07:00", periods=2000, freq="h")
    whole, part = block_units(hours, WEEK, "UTC"), block_units(hours[300:], WEEK, "UTC")
    same_whole = np.equal.outer(whole.ids[300:], whole.ids[300:])
    assert np.array_equal(same_whole, np.equal.outer(part.ids, part.ids))
    from_first_row = (np.arange(2000) // 168)[300:]
    assert not np.array_equal(same_whole, np.equal.outer(from_first_row, from_first_row))


def test_times_with_a_zone_are_read_on_the_clock_of_the_data() -> None:
    utc = pd.to_datetime(["2024-01-07 22:30", "2024-01-07 23:30"], utc=True)
    assert block_units(utc, WEEK, "UTC").count == 1
    assert block_units(utc, WEEK, "Europe/Berlin").count == 2
    on_the_clock = pd.to_datetime(["2024-01-07 22:30", "2024-01-07 23:30"])
    assert block_units(on_the_clock, WEEK, "Europe/Berlin").count == 1


def test_a_week_with_a_clock_change_is_one_week() -> None:
    hours = pd.date_range("2024-03-25", "2024-04-01", freq="h", tz="Europe/Berlin", inclusive="left")
    assert len(hours) == 167
    assert block_units(hours, WEEK, "Europe/Berlin").count == 1


@pytest.mark.parametrize(
    ("width", "label"),
    [(WEEK, "block(7d)"), (timedelta(hours=12), "block(12h)"), (timedelta(minutes=90), "block(90min)")],
)
def test_the_label_is_as_the_spec_writes_it(width: timedelta, label: str) -> None:
    assert block_units(pd.to_datetime(["2024-01-01"]), width, "UTC").label == label


def test_resolution_does_not_matter() -> None:
    times = pd.date_range("2011-01-01", periods=500, freq="h")
    seconds, nanoseconds = (block_units(times.as_unit(unit), WEEK, "UTC").ids for unit in ("s", "ns"))
    assert np.array_equal(seconds, nanoseconds)
    assert np.array_equal(seconds, block_units(times.to_numpy(), WEEK, "UTC").ids)


def test_a_row_without_a_time_is_an_error_that_counts_them() -> None:
    with pytest.raises(ValueError, match=r"1 of 2 rows have no time.*block\(7d\)"):
        block_units(pd.DatetimeIndex(["2024-01-01", "NaT"]), WEEK, "UTC")


def test_a_column_makes_units_and_missing_values_are_one() -> None:
    units = column_units(pd.Series(["ann", "bob", "ann", None, None]), "user")
    assert units.ids.tolist() == [0, 1, 0, 2, 2]
    assert (units.count, units.label, units.single_rows) == (3, "user", False)


def test_rows_are_units_of_their_own() -> None:
    units = row_units(3)
    assert (units.count, units.single_rows) == (3, True)
    assert units.select(np.array([True, False, True])).ids.tolist() == [0, 1]


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-1e6, 1e6)), min_size=1))
def test_folding_keeps_the_sum_of_every_unit(rows: list[tuple[int, float]]) -> None:
    units = column_units([unit for unit, _ in rows], "user")
    sums = fold(np.array([value for _, value in rows]), units)
    for place in range(units.count):
        expected = sum(value for (_, value), unit in zip(rows, units.ids, strict=True) if unit == place)
        assert sums[place] == pytest.approx(expected, abs=1e-6)


def test_dealing_keeps_units_whole_and_groups_even() -> None:
    units = column_units(np.repeat(np.arange(1000), 3), "user")
    group = units.deal(100, np.random.default_rng(1))
    assert all(np.unique(group[units.ids == unit]).size == 1 for unit in range(0, 1000, 97))
    assert set(np.bincount(group)) == {30}
