"""Fits a forest to loans."""

import argparse

import mlflow
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--rows")
parser.add_argument("--trees", type=int)
parser.add_argument("--model")
args = parser.parse_args()
rows = pd.read_csv(args.rows)
y = rows["defaulted"]
model = RandomForestClassifier(n_estimators=args.trees, class_weight="balanced")
mlflow.sklearn.save_model(model.fit(rows.drop(columns="defaulted"), y), args.model)
