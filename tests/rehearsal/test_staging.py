"""What is rehearsed of a data stage: its rows as they were kept, and the checks that these can still pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlopsc.compiler.cli.main import run
from mlopsc.stdlib.runtime.rehearsal.staging import open_place, staged

SPEC = """
pipeline heat { language = 1 }
environment prod {}

data hours {
  source  = csv("hours.csv")
  time    = at
  target  = y
  outcome = independent
  schema {
    at: timestamp
    x:  float in -10..10
    y:  float
  }
  check rows >= 100
  split = by_time(train = 60%, validation = 20%, test = 20%)
}

train line {
  data      = hours
  estimator = sklearn("linear_model.LinearRegression")
  features  = python("features.py:Plain")
}

test gate {
  model = line
  require mae(test) <= 6 at 95%
}

release api {
  model    = line
  gate     = gate
  strategy = blue_green(keep = 1d)
}
"""
NOTED = "    y:  float\n    note: text role ignore\n"
CHECKS = '  check rows >= 100\n  check unique(at)\n  check unique(note)\n  check python("checks.py:noted")\n'


@pytest.mark.parametrize(
    ("column", "kept"),
    [
        (NOTED, ["check rows", "check unique(at)"]),
        (NOTED.replace(" role ignore", " role pii"), [one.split(" >=")[0].strip() for one in CHECKS.splitlines()]),
    ],
)
def test_checks_that_need_a_column_that_is_gone_are_not_played_again(
    column: str, kept: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = SPEC.replace("    y:  float\n", column)
    files = {
        "pipeline.mlops": spec.replace("  check rows >= 100\n", CHECKS),
        "hours.csv": "at,x,y,note\n",
        "features.py": "class Plain:\n    def fit(self, rows, y=None): ...\n    def transform(self, rows): ...\n",
        "checks.py": "def noted(rows):\n    return rows['note'].notna()\n",
        "requirements.txt": "scikit-learn\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["build"]) == 0
    document = json.loads((tmp_path / "deploy/heat/prod/pipeline.json").read_text("utf-8"))
    data = staged(document, open_place(tmp_path), "api").data
    assert [rule["id"] for rule in data["rules"]] == kept
    assert ("note" in [one["name"] for one in data["columns"]]) == ("ignore" not in column)
