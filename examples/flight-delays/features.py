"""What the model sees of a row, computed the same way in training and in service."""

from typing import Self

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class Departure(TransformerMixin, BaseEstimator):
    """Turns `scheduled` into the hour and the day of the week (Monday is 0): the sky is fullest at certain hours."""

    def fit(self, rows: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn calls it so)
        """There is nothing to learn."""
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """One row in, one row out; no row knows of another."""
        at = rows["scheduled"].dt
        return rows.drop(columns="scheduled").assign(hour=at.hour + at.minute / 60, weekday=at.day_of_week)
