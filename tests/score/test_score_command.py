"""`mlopsc score`: from rows to predictions that are written once, whole, and without what is nobody's business."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from databases import ask
from scoring_projects import SPEC, Done, latest_rows

from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.versions import register
from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.release.state import Change, Phase, ReleaseLog, State
from mlopsc.stdlib.runtime.score import choosing, limits, stage
from mlopsc.stdlib.runtime.score.stage import log_of
from mlopsc.stdlib.runtime.store.local import LocalStore
from mlopsc.stdlib.runtime.store.log import Log

Call = Callable[..., Done]
SLOW = "  model = demand\n  data  = latest\n  timeout = 3s\n"
PATIENT = "  model = demand\n  data  = latest\n  retries = 2\n"
NEWEST = "2011-12-31T230000Z"


def store_of(project: Path) -> LocalStore:
    return LocalStore(project / ".mlops" / "store")


def version(project: Path) -> dict[str, Any]:
    record = Log(store_of(project), "versions/demand").read()[0].record
    assert record is not None
    return dict(record)


def files(project: Path) -> list[str]:
    return (
        sorted(path.name for path in (project / "predictions").glob("*")) if (project / "predictions").exists() else []
    )


def test_predictions_are_those_of_the_version_that_passed_its_gate(project: Path, call: Call) -> None:
    done = call("score", "nightly")
    assert (done.code, done.err) == (0, "")
    assert "✓ nightly in prod: 237 rows, version 1, as of 2011-12-31 23:00:00 UTC" in done.out
    assert files(project) == [f"nightly.{NEWEST}.v1.parquet"]
    found = pd.read_parquet(project / "predictions")
    assert list(found.columns) == ["at", "prediction", "version", "as_of"]
    rows = latest_rows()
    store = store_of(project)
    expected = load_model(store.local_path(version(project)["model"])).predict(rows)
    assert found["prediction"].to_numpy() == pytest.approx(expected, rel=1e-12)
    assert found["at"].dt.tz_localize(None).tolist() == rows["at"].tolist()
    assert set(found["version"]) == {1}
    assert set(found["as_of"]) == {pd.Timestamp("2011-12-31 23:00", tz="UTC")}


def test_running_twice_changes_nothing(project: Path, call: Call) -> None:
    call("score", "nightly")
    file = project / "predictions" / files(project)[0]
    before = file.stat().st_mtime_ns, file.read_bytes()
    done = call("score", "nightly")
    assert done.code == 0
    assert "it was all there already" in done.out
    assert (file.stat().st_mtime_ns, file.read_bytes()) == before
    (note,) = log_of(store_of(project), "nightly", "prod").read()
    assert note.record is not None
    assert (note.record["rows"], note.record["version"], note.record["train"]) == (237, 1, "demand")
    file.write_bytes(b"somebody else")
    assert "237 new or changed" in call("score", "nightly").out
    assert file.read_bytes() == before[1]


def test_as_of_reads_the_rows_up_to_then_and_leaves_the_lock_alone(project: Path, call: Call) -> None:
    call("score", "nightly")
    lock, latest = (project / "mlops.lock").read_bytes(), (project / ".mlops" / "latest").exists()
    done = call("score", "nightly", "--as-of", "2011-12-24T12:00", "--json")
    said = json.loads(done.out)
    assert (said["rows"], said["as_of"], said["exit_code"]) == (61, "2011-12-24T12:00:00+00:00", 0)
    found = pd.read_parquet(project / said["written"]["place"])
    assert found["at"].max() == pd.Timestamp("2011-12-24 12:00", tz="UTC")
    assert (project / "mlops.lock").read_bytes() == lock
    assert latest == (project / ".mlops" / "latest").exists()
    assert call("why", "latest").out.splitlines()[-1].split()[2] == "done"
    assert len(files(project)) == 2
    early = call("score", "nightly", "--as-of", "2011-01-01")
    assert early.code != 0
    assert "none of 237 rows is from 2011-01-01" in early.out
    assert len(files(project)) == 2


def test_as_of_needs_a_time(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_text(SPEC.replace("  time   = at\n  key    = at", "  key    = at"))
    done = call("score", "nightly", "--as-of", "2011-12-24")
    assert done.code == 4
    assert "`--as-of` needs the time of the rows of `latest`" in done.err
    assert files(project) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("mean(prediction) in 10..1000", "mean(prediction) in 1000..2000", "`check mean(prediction) in 1000..2000`"),
        ("check rows >= 10\n}\n\nscore", "check rows >= 1000\n}\n\nscore", "check rows >= 1000"),
        (
            "temp:       float\n    hum:        float\n    email",
            "temp:       float in 0..0.1\n    hum:  float\n    email",
            "temp",
        ),
    ],
)
def test_nothing_is_written_when_a_check_does_not_hold(
    project: Path, call: Call, old: str, new: str, told: str
) -> None:
    assert old in SPEC
    (project / "pipeline.mlops").write_text(SPEC.replace(old, new))
    done = call("score", "nightly")
    assert done.code == 1
    assert told in done.out
    assert "nothing was written" in done.out
    assert files(project) == []
    assert list(log_of(store_of(project), "nightly", "prod").read()) == []


def test_a_check_of_the_project_sees_rows_and_predictions(project: Path, call: Call) -> None:
    (project / "checks.py").write_text("def sane(rows):\n    print('noise')\n    return rows['prediction'] < 300\n")
    spec = SPEC.replace("check mean(prediction) in 10..1000", 'check python("checks.py:sane")')
    (project / "pipeline.mlops").write_text(spec)
    done = call("score", "nightly", "--json")
    said = json.loads(done.out)
    assert (done.code, said["written"]) == (1, None)
    text = said["messages"][0]["text"]
    assert "does not hold" in text
    assert text.splitlines()[1].startswith("  row 18: prediction = `3")
    assert "@example.com" not in done.out


def test_personal_data_stays_out_unless_it_is_the_key(project: Path, call: Call) -> None:
    call("score", "nightly")
    assert b"@example.com" not in (project / "predictions" / files(project)[0]).read_bytes()
    (project / "pipeline.mlops").write_text(SPEC.replace("key    = at", "key    = email"))
    call("score", "nightly")
    found = pd.read_parquet(project / "predictions" / files(project)[0])
    assert list(found.columns) == ["email", "prediction", "version", "as_of"]
    assert found["email"].str.endswith("@example.com").all()


def test_a_release_scores_with_the_version_that_it_serves(project: Path, call: Call, database: str) -> None:
    done = call("score", "served")
    assert done.code == 4
    assert "the release `api` serves nothing in `prod` yet" in done.err
    store = store_of(project)
    newer = {**version(project), "train_key": "another"}
    assert register(store, "demand", "another", newer) == 2
    state = State(phase=Phase.SERVING, champion=1, weights={1: 1.0})
    ReleaseLog(store, "release/api/prod/log").append(lambda *_: Change("promote", state, "test", "by hand"))
    assert "version 1" in call("score", "served").out
    assert ask(database, "select version, count(*) from demand group by 1") == [(1, 237)]
    assert "version 2" in call("score", "nightly").out


def test_other_libraries_than_those_of_the_version_are_told(
    project: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.is_dir()
    assert "was fitted with" not in call("score", "nightly").out
    found = choosing.version
    monkeypatch.setattr(choosing, "version", lambda name: "0.1" if name == "scikit-learn" else found(name))
    done = call("score", "nightly")
    assert done.code == 0
    assert f"version 1 was fitted with scikit-learn {found('scikit-learn')} (here 0.1)" in done.out


def test_without_a_version_there_is_nothing_to_score_with(project: Path, call: Call) -> None:
    for file in (project / ".mlops" / "store" / "versions").rglob("*.json"):
        file.unlink()
    done = call("score", "nightly")
    assert done.code == 4
    assert "no version of `demand` has passed a gate" in done.err


def test_a_secret_that_is_not_set_is_told_before_anything_runs(project: Path, call: Call) -> None:
    runs = len(list((project / ".mlops" / "runs").iterdir()))
    done = call("score", "served")
    assert done.code == 4
    assert "the environment variable `DB_URL` is not set" in done.err
    assert len(list((project / ".mlops" / "runs").iterdir())) == runs


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["score", "latest"], "`latest` is a `data` stage"),
        (["score", "nihgtly"], "did you mean `nightly`?"),
        (["score", "--as-of", "yesterday"], "`yesterday` is no day or time"),
        (["run", "nightly"], "`nightly` is a `score` stage: it is declared and checked, and no run starts it"),
    ],
)
def test_calls_that_mean_nothing(project: Path, call: Call, arguments: list[str], told: str) -> None:
    assert project.is_dir()
    done = call(*arguments)
    assert done.code == 2
    assert told in done.err


def test_a_run_names_the_command_that_scores(project: Path, call: Call) -> None:
    assert project.is_dir()
    assert "nightly (`mlopsc score nightly`)" in call("run").out
    assert files(project) == []


def test_rows_that_the_model_does_not_take_are_named(project: Path, call: Call) -> None:
    rows = latest_rows()
    rows.assign(hum=rows["hum"].where(rows["hr"] != 3)).to_csv(project / "latest.csv", index=False)
    spec = SPEC.replace("    hum:        float\n    email", "    hum:        float, missing <= 50%\n    email")
    assert spec != SPEC
    (project / "pipeline.mlops").write_text(spec)
    done = call("score", "nightly")
    assert done.code == 4
    assert "column `hum` has missing values" in done.err
    assert files(project) == []


def test_a_key_is_asked_for_before_anything_runs(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_text(SPEC.replace("  key    = at\n", ""))
    done = call("check")
    assert done.code == 1
    assert "`nightly` needs `key`, and `latest` does not say it" in done.out + done.err


def test_a_scoring_that_takes_too_long_is_stopped(project: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pipeline.mlops").write_text(SPEC.replace("  model = demand\n  data  = latest\n", SLOW))
    monkeypatch.setattr(stage, "put", lambda *_: time.sleep(600))
    done = call("score", "nightly")
    assert done.code == 4
    assert "it was stopped after 3s; nothing was written" in done.err
    assert files(project) == []


def test_writing_is_tried_again_only_where_the_outside_is_to_blame(
    project: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pipeline.mlops").write_text(SPEC.replace("  model = demand\n  data  = latest\n", PATIENT))
    pauses: list[float] = []
    monkeypatch.setattr(limits.time, "sleep", pauses.append)
    failures = [StageFailure("the database says: no", outside=True)] * 2
    write = stage.put

    def troubled(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return write(*arguments)

    monkeypatch.setattr(stage, "put", troubled)
    assert call("score", "nightly").code == 0
    assert pauses == [1.0, 2.0]
    failures += [StageFailure("the table is another one")]
    assert call("score", "nightly").code == 4
    assert pauses == [1.0, 2.0]


def test_what_a_build_wrote_scores_without_the_spec(project: Path, call: Call) -> None:
    assert call("build").code == 0
    (project / "pipeline.mlops").unlink()
    runner = [sys.executable, "deploy/bikes/prod/run.py"]
    done = subprocess.run([*runner, "nightly", "--as-of", "2011-12-24"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "nightly in prod: 49 rows, version 1, as of 2011-12-24 00:00:00 UTC" in done.stdout
    assert files(project) == ["nightly.2011-12-24T000000Z.v1.parquet"]
    done = subprocess.run([*runner, "nightly", "--as-of", "soon"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 2


def test_columns_that_the_model_learned_from_are_asked_for_before_anything_runs(project: Path, call: Call) -> None:
    spec = SPEC.replace("    hum:        float\n    email", "    email")
    for model in ("demand", "api"):
        named = spec.replace("model = demand\n  data  = latest", f"model = {model}\n  data  = latest")
        (project / "pipeline.mlops").write_text(named)
        done = call("check")
        assert done.code == 1
        told = "the model of `nightly` learned from `hum` of `rides`, which `latest` does not have"
        assert told in done.out + done.err
