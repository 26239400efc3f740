"""What must be true of the rows beyond ranges and types."""

import pandas as pd


def riders_add_up(rides: pd.DataFrame) -> "pd.Series[bool]":
    """Casual and registered riders are all there are: this is why both would give the answer away."""
    return rides["casual"] + rides["registered"] == rides["bikers"]
