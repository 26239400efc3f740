"""The fitting of the bike example with scikit-learn alone: six candidates, and the best of them once more."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

import pandas as pd
from features import Calendar
from prep import add_timestamp
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error
from threadpoolctl import threadpool_limits

COLUMNS = ["at", "hr", "workingday", "weathersit", "temp", "hum"]


def main() -> None:
    """Fit and compare, as the example's spec says."""
    rows = add_timestamp(pd.read_csv("data/bikeshare.csv")).astype({"weathersit": "category"})
    table, target = Calendar().fit_transform(rows[COLUMNS]), rows["bikers"]
    train, validation = slice(0, int(len(rows) * 0.7)), slice(int(len(rows) * 0.7), int(len(rows) * 0.8))
    scores = {}
    for depth, rate in itertools.product([4, 6, 8], [0.05, 0.1]):
        model = HistGradientBoostingRegressor(max_depth=depth, learning_rate=rate, random_state=7)
        model.fit(table[train], target[train])
        scores[depth, rate] = mean_absolute_error(target[validation], model.predict(table[validation]))
    depth, rate = min(scores, key=lambda chosen: scores[chosen])
    best = HistGradientBoostingRegressor(max_depth=depth, learning_rate=rate, random_state=7)
    best.fit(table[: validation.stop], target[: validation.stop])
    print(depth, rate, mean_absolute_error(target[validation.stop :], best.predict(table[validation.stop :])))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
