"""The train stage in worker processes, as a run does it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from runtime_train.bike import COLUMNS, DATA, ESTIMATOR, EXAMPLE, FEATURES, MINIMIZE
from runtime_train.harness import Project

from mlopsc.stdlib.runtime.engine.events import Outcome
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import run

FUNCTIONS = {kind: f"mlopsc.stdlib.runtime.{kind}:run" for kind in ("data", "train")}


def pipeline(search: dict[str, Any]) -> dict[str, Any]:
    source = {"function": "csv", "path": "data/bikeshare.csv"}
    transform = {"function": "python", "name": "prep.py:add_timestamp"}
    rides = {"source": source, "transform": transform, **DATA}
    demand = {"data": "rides", "features": FEATURES, "estimator": ESTIMATOR, "search": search}
    files = ["data/bikeshare.csv", "prep.py"]
    return {
        "ir": 1,
        "name": "bike",
        "environment": {"name": "dev", "settings": {}},
        "stages": [
            {"name": "rides", "kind": "data", "settings": rides, "columns": COLUMNS, "files": files},
            {
                "name": "demand",
                "kind": "train",
                "settings": demand,
                "inputs": ["rides"],
                "rules": [MINIMIZE],
                "files": ["features.py"],
            },
        ],
    }


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, folder / "bike", ignore=shutil.ignore_patterns(".mlops", "__pycache__")))


def test_candidates_side_by_side_make_the_same_model_as_one_after_the_other(tmp_path: Path, bike: Project) -> None:
    search = {"function": "grid", "parameters": {"max_depth": [2, 3]}}
    result = run(Request(pipeline(search), copied(tmp_path), FUNCTIONS, jobs=2))
    assert result.exit_code == 0
    record = result.stages[-1].record
    assert record is not None
    alone = bike.train("demand", "rides", [MINIMIZE], features=FEATURES, estimator=ESTIMATOR, search=search)
    assert dict(record.outputs) == dict(alone.outputs)
    assert record.facts["scores"] == alone.facts["scores"]
    assert record.facts["candidates"] == alone.facts["candidates"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise RuntimeError('no luck')\n", "`features.py` cannot be imported: RuntimeError: no luck"),
        ("import os\nos._exit(3)\n", ""),
    ],
    ids=["raises", "ends the process"],
)
def test_code_that_fails_fails_the_stage_and_keeps_the_data(tmp_path: Path, text: str, told: str) -> None:
    folder = copied(tmp_path)
    (folder / "features.py").write_text(text)
    result = run(
        Request(pipeline({"function": "grid", "parameters": {"max_depth": [2, 3]}}), folder, FUNCTIONS, jobs=1)
    )
    data, train = result.stages
    assert (data.outcome, train.outcome) == (Outcome.OK, Outcome.ERROR)
    assert train.failure is not None
    assert told in train.failure.message
    assert result.exit_code == 1
