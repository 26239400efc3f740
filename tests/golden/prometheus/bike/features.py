"""Columns that a calendar knows."""

import pandas as pd


class Calendar:
    def fit(self, frame: pd.DataFrame, target: object = None) -> "Calendar":  # noqa: ARG002 (it learns nothing)
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[["temp"]].assign(month=frame["at"].dt.month)
