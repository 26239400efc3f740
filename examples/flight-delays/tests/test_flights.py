"""The project's own code, tested like any other code: `require pytest("tests/")` runs this before a model passes."""

import pandas as pd
from checks import delays_add_up
from features import Departure
from prep import add_late


def rows() -> pd.DataFrame:
    at = pd.to_datetime(["2013-01-01 05:58", "2013-07-06 17:30", "2013-12-31 21:15"])
    return pd.DataFrame({"scheduled": at, "carrier": ["UA", "AA", "UA"], "arrived": [-3, 14, 15]})


def test_a_quarter_of_an_hour_is_late() -> None:
    assert list(add_late(rows())["late"]) == [False, False, True]


def test_the_given_rows_are_left_alone() -> None:
    given = rows()
    add_late(given)
    assert "late" not in given


def test_hour_and_weekday_replace_the_time() -> None:
    seen = Departure().fit_transform(rows())
    assert [round(hour, 2) for hour in seen["hour"]] == [5.97, 17.5, 21.25]
    assert list(seen["weekday"]) == [1, 5, 1]
    assert "scheduled" not in seen


def test_a_row_is_seen_alike_alone_and_among_others() -> None:
    all_rows = rows()
    together = Departure().transform(all_rows)
    alone = pd.concat([Departure().transform(all_rows.iloc[[i]]) for i in range(len(all_rows))])
    pd.testing.assert_frame_equal(together, alone)


def test_a_delay_of_another_day_is_found() -> None:
    flights = pd.DataFrame({"left": [-4, 600, 20], "arrived": [12, 585, 1_440]})
    assert list(delays_add_up(flights)) == [True, True, False]
