"""A small project whose whole life can be played in seconds: hourly rows of four months and a straight line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

SPEC = """
pipeline heat {{
  language = 1
}}

environment dev {{}}

environment prod {{
  follows   = dev
  approvers = ["@owners"]
}}

data hours {{
  source  = csv("hours.csv")
  time    = at
  target  = y
  unit    = row
  outcome = independent

  schema {{
    at: timestamp
    x:  float in -10..10
    y:  float
  }}

  check rows >= 100
  split = by_time(train = 60%, validation = 20%, test = 20%)
}}

train line {{
  data      = hours
  estimator = sklearn("linear_model.LinearRegression")
  features  = python("features.py:Plain")
  refit     = all
}}

test line_gate {{
  model = line
  reveal = true
  require mae(test) <= {limit} at 95%
}}

release api {{
  model    = line
  gate     = line_gate
  strategy = canary(steps = [50%, 100%], every = 4d)
{rules}
}}
{monitor}
"""
RULES = """
  guard error_rate <= champion * 2
  guard latency(p95) <= 200ms
"""
MONITOR = """
monitor live {
  release = api
  watch mae(feedback) <= 1.5 over 5d lag 1d, alarms <= 1 / 30d
  watch uptime >= 99.5% over 7d
  watch age(hours) <= 2d
  on quality do [notify("oncall@example.com"), retrain(line, refresh = hours, cooldown = 2d, limit = 4 / 30d)]
}
"""
FEATURES = '''
from sklearn.base import BaseEstimator, TransformerMixin


class Plain(TransformerMixin, BaseEstimator):
    """The number alone: a straight line cannot take a time."""

    def fit(self, rows, y=None):
        return self

    def transform(self, rows):
        return rows[["x"]]
'''


@dataclass(frozen=True)
class Played:
    """A rehearsal that has ended: the exit code, what was said, and the moments as `--json` tells them."""

    code: int
    output: str
    errors: str
    folder: Path

    @property
    def moments(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.moments if one["kind"] == kind]

    @property
    def place(self) -> Path:
        """The folder of the newest rehearsal."""
        return max((self.folder / ".mlops" / "rehearsals").iterdir(), key=lambda one: int(one.name))

    @property
    def page(self) -> str:
        return (self.place / "rehearsal.html").read_text(encoding="utf-8")


def write_project(folder: Path, limit: float = 6, rules: str = RULES, monitor: str = MONITOR) -> Path:
    """The project in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(5)
    x = generator.uniform(-5, 5, 2_880)
    hours = pd.date_range("2025-01-06", periods=2_880, freq="h", tz="UTC")
    rows = pd.DataFrame({"at": hours, "x": x, "y": 20 + 3 * x + generator.normal(0, 1, len(x))})
    rows.to_csv(folder / "hours.csv", index=False)
    (folder / "features.py").write_text(FEATURES, encoding="utf-8")
    (folder / "requirements.txt").write_text("scikit-learn\n", encoding="utf-8")
    (folder / "pipeline.mlops").write_text(SPEC.format(limit=limit, rules=rules, monitor=monitor), encoding="utf-8")
    return folder


def play(folder: Path, *arguments: str, as_json: bool = True) -> Played:
    """Run `mlopsc rehearse` as a user would."""
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "rehearse", *arguments, *(["--json"] if as_json else [])]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "160"}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=400, check=False, env=environment
    )
    return Played(done.returncode, done.stdout, done.stderr, folder)


@pytest.fixture(scope="session")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Three weeks with a failing model, an outage, labels that come late and a source that runs dry."""
    folder = write_project(tmp_path_factory.mktemp("troubled") / "heat")
    troubles = ("errors@2d", "outage@8d", "label-delay@10d", "stale-data@16d")
    return play(folder, "prod", *(part for one in troubles for part in ("--inject", one)))


@pytest.fixture(scope="session")
def drifting(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Two weeks in which the world changes on the third day."""
    folder = write_project(tmp_path_factory.mktemp("drifting") / "heat")
    return play(folder, "prod", "--inject", "drift@3d", "--days", "16")
