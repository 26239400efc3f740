"""`mlopsc run` and the commands that look at what it left: `why`, `runs`, `data`, `doctor`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import SPEC, Done, start, untracked, write_project

Call = Callable[..., Done]
Finished = tuple[Path, Done]


@pytest.fixture
def ran(finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project that has been run, as the current folder."""
    folder = tmp_path / "copy"
    shutil.copytree(finished[0], folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    return folder


def test_the_summary_tells_what_was_found(finished: Finished) -> None:
    done = finished[1]
    assert (done.code, done.err) == (0, "")
    for words in (
        "orders data  done",
        "2,000 rows, 3 columns from orders.csv",
        "✓ check rows >= 100   it is 2,000",
        "dropped: `note`",
        "LinearRegression predicts `price`, regression",
        "mae: 0.",
        " on validation",
        "rows predict the same alone and together",
        "✓ require mae(test) <= 5 at 95%",
        " rows, look 1 of 5\n",
        "shown at 95%",
        "a counted look tells the verdict and hides the figures: `reveal = true` shows them",
        "run 1 in local: 3 done, ",
        "log: .mlops/runs/1",
        "next: `mlopsc add release`",
    ):
        assert words in done.out, words


def test_a_second_run_finds_everything_done(ran: Path, call: Call) -> None:
    done = call("run")
    assert done.code == 0
    assert "orders: cached" in done.out
    assert "run 2 in local: 3 cached, " in done.out
    assert "✓ require mae(test) <= 5 at 95%" in done.out
    assert ran.exists()


def test_the_pages_of_experiments_are_offered_where_they_are_installed(
    ran: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.machinery import ModuleSpec

    package = ran / "site" / "mlflow"
    spec = ModuleSpec("mlflow", None, origin=str(package / "__init__.py"))
    monkeypatch.setattr("mlopsc.compiler.cli.run.find_spec", lambda _: spec)
    assert "experiments: .mlops/mlflow.db, and `pip install mlflow` brings" in call("run").out
    (package / "server/js/build").mkdir(parents=True)
    assert "experiments: mlflow ui --backend-store-uri sqlite:///.mlops/mlflow.db" in call("run").out


def test_json_is_one_object_a_line(ran: Path, call: Call) -> None:
    events = [json.loads(line) for line in call("run", "--json").out.splitlines()]
    assert [event["event"] for event in events] == ["RunStarted", *["StageFinished"] * 3, "RunFinished"]
    assert events[-1]["exit_code"] == 0
    assert ran.exists()


def test_why(ran: Path, call: Call) -> None:
    assert [line.split()[2] for line in call("why").out.splitlines()[1:]] == ["done"] * 3
    (ran / "pipeline.mlops").write_text(SPEC.replace("<= 5 at", "<= 6 at"), encoding="utf-8")
    lines = call("why").out.splitlines()[1:]
    assert [line.split()[2] for line in lines] == ["done", "done", "would"]
    assert "rule `require mae(test)` changed" in lines[2]
    assert len(call("why", "prices").out.splitlines()) == 3


def test_a_gate_that_fails_ends_with_1_and_says_what_to_do(ran: Path, call: Call) -> None:
    (ran / "pipeline.mlops").write_text(untracked(SPEC).replace("<= 5 at", "<= 0.1 at"), encoding="utf-8")
    done = start("run", folder=ran)
    assert done.code == 1
    assert "✗ require mae(test) <= 0.1 at 95%  FAIL" in done.out
    assert "--> pipeline.mlops:28:3" in done.out
    assert "next: the gate `gate` stays closed" in done.out
    assert call("run").code == 1


def test_a_gate_that_cannot_tell_ends_with_3(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "few", untracked(SPEC).replace("rows >= 100", "rows >= 10"), rows=60)
    done = start("run", folder=folder)
    assert done.code == 3, done.out + done.err
    assert "? require mae(test) <= 5 at 95%  UNDECIDED" in done.out
    assert "rows take part, and a bound needs at least 100" in done.out
    assert "next: the gate `gate` stays closed: more rows would decide; the lines above say what is" in done.out


def test_rows_that_fail_a_check_are_shown(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "bad")
    text = (folder / "orders.csv").read_text(encoding="utf-8").replace("\n0.0,", "\n-1.0,", 1)
    (folder / "orders.csv").write_text(text, encoding="utf-8")
    done = start("run", folder=folder)
    assert done.code == 1
    assert "orders data  failed" in done.out
    assert "row 1: " in done.out
    assert "prices train  skipped because `orders` failed" in done.out
    assert "next: mend the rows of `orders`" in done.out
    assert "all failing rows are in `.mlops/runs/1/orders.failing_rows.csv`" in done.out
    assert "-1.0" in (folder / ".mlops/runs/1/orders.failing_rows.csv").read_text(encoding="utf-8")


def test_a_missing_library_names_the_extra(project: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlopsc.stdlib.runtime import extras

    monkeypatch.setattr(extras, "find_spec", lambda name: None if name in ("pandas", "mlflow") else object())
    done = call("run")
    assert done.code == 4
    assert "this needs `pandas`, `mlflow`, which are not installed" in done.err
    assert 'pip install "mlopsc[run]"' in done.err
    assert not (project / ".mlops" / "runs").exists()


def test_stages_that_a_run_does_not_start(ran: Path, call: Call) -> None:
    release = "\nrelease api {\n  model = prices\n  gate  = gate\n}\n"
    (ran / "pipeline.mlops").write_text(SPEC + release, encoding="utf-8")
    done = call("run", "api")
    assert done.code == 2
    assert "`api` is a `release` stage: it is declared and checked, and no run starts it" in done.err


def test_runs(ran: Path, call: Call) -> None:
    call("run")
    done = call("runs")
    assert done.err == ""
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "2", "1"]
    assert "prices mae 0." in lines[1] or "prices mae 1" in lines[1] or "prices mae 2" in lines[1]
    assert "gate done" in lines[1]
    shown = call("runs", "show", "1").out
    assert shown.startswith("run 1 of orders in local, ")
    assert "✓ require mae(test) <= 5 at 95%" in shown
    assert call("runs", "show", "7").err.startswith("error: there is no run 7")
    assert ran.exists()


def test_comparing_runs_tells_causes_and_results(ran: Path, call: Call) -> None:
    text = SPEC.replace("linear_model.LinearRegression", "linear_model.Ridge")
    (ran / "pipeline.mlops").write_text(text, encoding="utf-8")
    start("run", folder=ran)
    out = call("runs", "compare", "1", "2").out
    assert out.startswith("run 1 → run 2\n\norders  the same\n")
    assert "because setting `estimator` changed" in out
    assert "linear_model.LinearRegression" in out
    assert "because `prices` gave other" in out


def test_data(ran: Path, call: Call) -> None:
    (line,) = call("data").out.splitlines()[1:]
    version = line.split()[1]
    assert line.split()[0] == "orders"
    assert " 2,000 " in line
    assert line.endswith("pinned")
    shown = call("data", "show", "orders", version[:6]).out
    assert "dropped, because the schema does not name them: note" in shown
    assert "weight  float" in shown
    assert call("data", "diff", "orders").code == 2
    rows = (ran / "orders.csv").read_text(encoding="utf-8")
    (ran / "orders.csv").write_text(rows + "7,3,51,n\n", encoding="utf-8")
    start("run", "orders", folder=ran)
    assert len(call("data").out.splitlines()) == 3
    assert ["rows", "2,000", "2,001"] in [line.split() for line in call("data", "diff", "orders").out.splitlines()]


def test_doctor(ran: Path, call: Call) -> None:
    done = call("doctor")
    assert done.code == 0
    lines = done.out.splitlines()
    assert "ok    spec: pipeline.mlops has no errors" in lines
    assert "ok    mlops.lock: it pins the rows of every data stage" in lines
    assert "ok    deploy/: its files are those of the spec" in lines
    assert f"ok    store of local: {Path('.mlops/store')} can be written" in lines
    assert ran.exists()


def test_doctor_finds_what_is_wrong(ran: Path, call: Call) -> None:
    (ran / "mlops.lock").write_text("<<<<<<< ours\n", encoding="utf-8")
    shutil.rmtree(ran / "deploy")
    (ran / "requirements.txt").unlink()
    done = call("doctor")
    assert done.code == 4
    assert "fail  mlops.lock: " in done.out
    assert "next: " in done.out
    assert "warn  deploy/: its files are not those of the spec" in done.out
    assert "warn  dependencies: " in done.out


def test_doctor_without_a_project(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("doctor")
    assert done.code == 0
    assert "ok    Python: " in done.out
    assert "warn  spec: there is no `pipeline.mlops` in this folder" in done.out
