"""What is done to the rows before their schema is checked."""

import pandas as pd

LATE = 15
"""Minutes: who arrives less than these after the plan is on time, as the Department of Transportation counts."""


def add_late(flights: pd.DataFrame) -> pd.DataFrame:
    """Add `late`, what is asked for: whether a flight arrived 15 minutes or more after the plan."""
    return flights.assign(late=flights["arrived"] >= LATE)
