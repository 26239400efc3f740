"""The bike-sharing example as stages of a `Project`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from runtime_train.harness import Project, column

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "bike-demand"
COLUMNS = [
    column("at", "timestamp"),
    column("hr", "int", low=0, high=23, role="calendar"),
    column("workingday", "bool"),
    column("weathersit", "category", missing=0.01),
    column("temp", "float"),
    column("hum", "float"),
    column("casual", "int", role="leak"),
    column("registered", "int", role="leak"),
    column("bikers", "int"),
]
SEARCH = {"function": "grid", "parameters": {"max_depth": [4, 6, 8], "learning_rate": [0.05, 0.1]}}
MINIMIZE = {
    "id": "minimize mae(validation)",
    "verb": "minimize",
    "text": "minimize mae(validation)",
    "subject": {"function": "mae", "on": "validation"},
}
ESTIMATOR = {
    "function": "sklearn",
    "name": "ensemble.HistGradientBoostingRegressor",
    "parameters": {"random_state": 7},
}


FEATURES = {"function": "python", "name": "features.py:Calendar"}
DATA = {
    "time": "at",
    "unit": {"function": "block", "length": "7d"},
    "target": "bikers",
    "split": {"function": "by_time", "train": 0.7, "validation": 0.1, "test": 0.2, "gap": "1d"},
}


def bike_rows() -> pd.DataFrame:
    """The rides as `prep.py` makes them."""
    rows = pd.read_csv(EXAMPLE / "data" / "bikeshare.csv")
    at = pd.Timestamp("2011-01-01") + pd.to_timedelta(rows["day"] - 1, unit="D") + pd.to_timedelta(rows["hr"], unit="h")
    return rows.assign(at=at)


def bike_project(folder: Path, **settings: Any) -> Project:
    """The example's data stage and code in a folder."""
    project = Project(folder)
    shutil.copy(EXAMPLE / "features.py", folder / "features.py")
    project.data("rides", bike_rows(), COLUMNS, **{**DATA, **settings})
    return project
