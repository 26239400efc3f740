"""What the model sees of a row, computed the same way in training and in service."""

from typing import Self

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class Calendar(TransformerMixin, BaseEstimator):
    """Turns `at` into the day of the week (Monday is 0) and the month; the other columns pass as they are."""

    def fit(self, rows: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn calls it so)
        """There is nothing to learn."""
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """One row in, one row out; no row knows of another."""
        at = rows["at"].dt
        return rows.drop(columns="at").assign(weekday=at.day_of_week, month=at.month)
