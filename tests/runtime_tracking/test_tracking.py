"""Experiments in MLflow: what is written, when nothing is, and that nothing depends on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_diabetes

from mlopsc.stdlib.runtime.engine.events import Outcome
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import RunResult, run
from mlopsc.stdlib.runtime.tracking import hand_over, track_run
from mlopsc.stdlib.runtime.tracking.mirror import alias_of

FUNCTIONS = {kind: f"mlopsc.stdlib.runtime.{kind}:run" for kind in ("data", "train", "test")}
FEATURES = [f"s{i}" for i in range(1, 7)] + ["age", "sex", "bmi", "bp"]
MAE = {"function": "mae", "on": "test"}
READ = """
import json, logging, sys
logging.disable(logging.WARNING)
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
experiment = client.get_experiment_by_name("trial")
runs = client.search_runs([experiment.experiment_id])
model = mlflow.pyfunc.load_model("models:/trial.sugar@champion-dev")
rows = pd.read_csv(sys.argv[2]).head(3)
print(json.dumps({
    "runs": [{"params": one.data.params, "metrics": one.data.metrics, "tags": one.data.tags} for one in runs],
    "aliases": client.get_registered_model("trial.sugar").aliases,
    "inputs": model.metadata.signature.inputs.input_names(),
    "predicted": model.predict(rows).tolist(),
}))
"""


def column(name: str, **said: Any) -> dict[str, Any]:
    return {"name": name, "type": {"function": "float"}, **said}


def pipeline(**train: Any) -> dict[str, Any]:
    split = {"function": "random", "train": 0.6, "validation": 0.1, "test": 0.3}
    data = {"source": {"function": "csv", "path": "rows.csv"}, "target": "target", "split": split}
    settings = {"data": "rows", "estimator": {"function": "sklearn", "name": "linear_model.Ridge"}, **train}
    rule = {"id": "require mae(test)", "verb": "require", "text": "require mae(test) <= 80", "subject": MAE}
    limit = {"comparisons": [{"operator": "<=", "limit": {"offset": 80}}]}
    return {
        "ir": 1,
        "name": "trial",
        "environment": {"name": "dev", "settings": {}},
        "stages": [
            {
                "name": "rows",
                "kind": "data",
                "settings": data,
                "columns": [*(column(name) for name in FEATURES), column("target")],
                "files": ["rows.csv"],
            },
            {"name": "sugar", "kind": "train", "settings": settings, "inputs": ["rows"]},
            {
                "name": "gate",
                "kind": "test",
                "settings": {"model": "sugar", "reveal": True},
                "inputs": ["sugar", "rows"],
                "rules": [{**rule, **limit}],
            },
        ],
    }


def test_the_environment_of_another_file_has_an_alias_too() -> None:
    assert alias_of("champion", {"environment": "shared.dev"}) == "champion-shared_dev"
    assert alias_of("champion", {"environment": "prod"}) == "champion-prod"


def request(folder: Path, document: dict[str, Any] | None = None, **options: str) -> Request:
    load_diabetes(as_frame=True).frame.to_csv(folder / "rows.csv", index=False)
    return Request(document or pipeline(), folder, FUNCTIONS, jobs=1, options=options)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Request, RunResult]:
    asked = request(tmp_path_factory.mktemp("tracked"))
    result = run(asked)
    assert result.exit_code == 0
    return asked, result


def test_what_was_trained_and_judged_is_in_mlflow_and_can_be_loaded_from_there(done: tuple[Request, RunResult]) -> None:
    asked, result = done
    database = asked.project / ".mlops" / "mlflow.db"
    assert track_run(asked, result) == ""
    told = subprocess.run(
        [sys.executable, "-c", READ, f"sqlite:///{database}", str(asked.project / "rows.csv")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    found = json.loads(told.stdout.splitlines()[-1])
    (recorded,) = found["runs"]
    records = {one.stage: one.record for one in result.stages if one.record}
    assert recorded["params"]["estimator"] == "linear_model.Ridge"
    assert recorded["metrics"]["mae.validation"] == records["sugar"].facts["scores"]["validation"]
    judged = records["gate"].facts["rules"][0]["judgements"][0]
    assert recorded["metrics"]["gate.require mae_test"] == judged["estimate"]
    assert recorded["tags"]["mlopsc.data"] == records["rows"].facts["hash"]
    assert recorded["tags"]["mlopsc.gate.gate"] == "ok"
    assert recorded["tags"]["mlopsc.environment"] == "dev"
    assert found["aliases"] == {"challenger-dev": 1, "champion-dev": 1}
    assert set(found["inputs"]) == set(FEATURES)
    assert len(found["predicted"]) == 3
    assert not (asked.project / "mlruns").exists()


def test_a_run_with_nothing_to_do_hands_nothing_over(done: tuple[Request, RunResult]) -> None:
    asked, first = done
    again = run(asked)
    assert all(stage.cached for stage in again.stages)
    assert hand_over(asked, again) is None
    assert hand_over(asked, first) is not None


def test_a_new_verdict_on_a_model_that_is_cached_is_news(done: tuple[Request, RunResult]) -> None:
    asked, first = done
    stages = tuple(replace(stage, cached=stage.kind != "test") for stage in first.stages)
    handed = hand_over(asked, replace(first, stages=stages))
    assert handed is not None
    assert handed["trained"] == ["sugar"]


def test_what_is_not_to_be_tracked_or_was_interrupted_is_not(done: tuple[Request, RunResult]) -> None:
    asked, first = done
    assert hand_over(replace(asked, pipeline=pipeline(track=False)), first) is None
    assert track_run(asked, replace(first, exit_code=130, folder=Path("/nowhere"))) == ""
    failed = tuple(replace(stage, record=None, outcome=Outcome.ERROR) for stage in first.stages)
    assert hand_over(asked, replace(first, stages=failed)) is None


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9", "sqlite:////proc/nothing/mlflow.db", "nonsense://x"], ids=["gone", "denied", "odd"]
)
def test_a_tracker_that_cannot_be_written_is_one_line(done: tuple[Request, RunResult], uri: str) -> None:
    asked, result = done
    warning = track_run(replace(asked, options={"tracking": uri}), result)
    assert warning.startswith(f"experiments were not recorded in `{uri}`: ")
    assert "\n" not in warning


def test_a_setting_of_the_environment_names_the_tracker(done: tuple[Request, RunResult]) -> None:
    asked, result = done
    document = pipeline()
    document["environment"]["settings"]["tracking"] = "https://mlflow.example.com"
    handed = hand_over(replace(asked, pipeline=document), result)
    assert handed is not None
    assert handed["uri"] == "https://mlflow.example.com"


def test_on_a_machine_that_is_taken_away_only_a_server_is_told(
    done: tuple[Request, RunResult], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked, result = done
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "page.md"))
    assert hand_over(asked, result) is None
    handed = hand_over(replace(asked, options={"tracking": "https://mlflow.example.com"}), result)
    assert handed is not None
