"""Fits a line."""

import pickle
from pathlib import Path

import pandas as pd
import yaml
from sklearn import linear_model

alpha = yaml.safe_load(Path("params.yaml").read_text("utf-8"))["ridge"]["alpha"]
rows = pd.read_csv("data/prepared/rows.csv")
y = rows.pop("price")
Path("models/ridge.pkl").write_bytes(pickle.dumps(linear_model.Ridge(alpha=alpha).fit(rows, y)))
