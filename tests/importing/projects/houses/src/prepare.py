"""Drops what was never sold."""

import sys

import pandas as pd


def prepare(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["price"] > 0]


if __name__ == "__main__":
    prepare(pd.read_csv(sys.argv[1])).to_csv("data/prepared/rows.csv", index=False)
