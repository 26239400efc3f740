"""What is done to the rows before their schema is checked."""

import pandas as pd

FIRST_DAY = pd.Timestamp("2011-01-01")


def add_timestamp(rides: pd.DataFrame) -> pd.DataFrame:
    """Add `at`, the hour that a row counts: the file has the day of the year (from 1) and the hour of the day."""
    at = FIRST_DAY + pd.to_timedelta(rides["day"] - 1, unit="D") + pd.to_timedelta(rides["hr"], unit="h")
    return rides.assign(at=at)
