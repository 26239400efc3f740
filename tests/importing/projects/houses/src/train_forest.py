"""Fits a forest."""

import pickle
from pathlib import Path

import pandas as pd
import yaml
from sklearn.ensemble import RandomForestRegressor

params = yaml.safe_load(Path("params.yaml").read_text("utf-8"))
rows = pd.read_csv("data/prepared/rows.csv")
y = rows.pop("price")
size = params["forest"]
model = RandomForestRegressor(
    n_estimators=size["trees"], max_depth=size["depth"], random_state=params["seed"], n_jobs=len(rows)
)
Path("models/forest.pkl").write_bytes(pickle.dumps(model.fit(rows, y)))
