"""The project's own code, tested like any other code: `require pytest("tests/")` runs this before a model passes."""

import pandas as pd
from checks import riders_add_up
from features import Calendar
from prep import add_timestamp


def rows() -> pd.DataFrame:
    return pd.DataFrame({"day": [1, 59, 365], "hr": [0, 13, 23]})


def test_the_first_and_the_last_hour_of_the_year() -> None:
    at = add_timestamp(rows())["at"]
    assert list(at) == [
        pd.Timestamp("2011-01-01 00:00"),
        pd.Timestamp("2011-02-28 13:00"),
        pd.Timestamp("2011-12-31 23:00"),
    ]


def test_the_given_rows_are_left_alone() -> None:
    given = rows()
    add_timestamp(given)
    assert "at" not in given


def test_weekday_and_month_replace_the_timestamp() -> None:
    seen = Calendar().fit_transform(add_timestamp(rows()))
    assert list(seen["weekday"]) == [5, 0, 5]
    assert list(seen["month"]) == [1, 2, 12]
    assert "at" not in seen


def test_a_row_is_seen_alike_alone_and_among_others() -> None:
    all_rows = add_timestamp(rows())
    together = Calendar().transform(all_rows)
    alone = pd.concat([Calendar().transform(all_rows.iloc[[i]]) for i in range(len(all_rows))])
    pd.testing.assert_frame_equal(together, alone)


def test_a_row_that_does_not_add_up_is_found() -> None:
    rides = pd.DataFrame({"casual": [3, 3], "registered": [13, 13], "bikers": [16, 17]})
    assert list(riders_add_up(rides)) == [True, False]
