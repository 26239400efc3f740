"""What must be true of the rows beyond ranges and types."""

import pandas as pd

MOST = 180
"""Minutes: what happens after the gate (a queue for the runway, a storm on the way) takes or saves less than these."""


def delays_add_up(flights: pd.DataFrame) -> "pd.Series[bool]":
    """A flight arrives about as late as it left: more apart are minutes that were read as hours, or of another day."""
    return (flights["arrived"] - flights["left"]).abs() < MOST
