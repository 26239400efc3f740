"""The spec and rows that score stages are tried on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "bike-demand"
COLUMNS = """
    at:         timestamp
    hr:         int in 0..23 role calendar
    workingday: bool
    weathersit: category, missing <= 1%
    temp:       float
    hum:        float
"""
SPEC = f"""\
pipeline bikes {{ language = 1 }}

environment prod {{ platform = local() }}

data rides {{
  source    = csv("data/bikeshare.csv")
  transform = python("prep.py:add_timestamp")
  time      = at
  target    = bikers
  schema {{{COLUMNS}    bikers:     int
  }}
  check rows >= 100
  split = by_time(train = 70%, validation = 10%, test = 20%)
}}

train demand {{
  data      = rides
  features  = python("features.py:Calendar")
  estimator = sklearn("ensemble.HistGradientBoostingRegressor", random_state = 7, max_iter = 20)
  track     = false
}}

test demand_gate {{
  model = demand
  require mae(test) <= 100
}}

release api {{
  model = demand
  gate  = demand_gate
}}

data latest {{
  source = csv("latest.csv")
  time   = at
  key    = at
  schema {{{COLUMNS}    email:      text role pii
  }}
  check rows >= 10
}}

score nightly {{
  model = demand
  data  = latest
  check mean(prediction) in 10..1000
}}

score served {{
  model = api
  data  = latest
  into  = sql(table = "demand", connection = secret("DB_URL"))
}}
"""


def latest_rows(days: int = 10) -> pd.DataFrame:
    """The last days of the rides as somebody would ask about them, with a column that nobody else may see."""
    rows = pd.read_csv(EXAMPLE / "data" / "bikeshare.csv")
    at = pd.Timestamp("2011-01-01") + pd.to_timedelta(rows["day"] - 1, unit="D") + pd.to_timedelta(rows["hr"], unit="h")
    names = ["at", "hr", "workingday", "weathersit", "temp", "hum"]
    rows = rows.assign(at=at)[names]
    last = rows[rows["at"] > rows["at"].max() - pd.Timedelta(days=days)]
    return last.assign(email=[f"rider{number}@example.com" for number in range(len(last))])


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str
