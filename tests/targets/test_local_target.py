"""The local target: what it writes is readable, says what the spec says, and runs."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlopsc.compiler.ir import schema
from mlopsc.compiler.ir.model import Column, Comparison, Environment, Limit, Pipeline, Rule, Stage
from mlopsc.targets import Build, OutputFile, UnknownTargetError, folder_name, load, names
from mlopsc.targets.local import target

FUNCTIONS = {"data": "mlopsc.stdlib.runtime.data:run", "train": "mlopsc.stdlib.runtime.train:run"}
HOSTILE = "\"\"\" + __import__('os').getcwd() + '''\\ {{ 7 * 7 }} {% raw %} \u2028 %s ${x}"


def a_pipeline(name: str = "shop", environment: str = "dev", note: str = "plain") -> Pipeline:
    at_least = Comparison(operator=">=", limit=Limit(offset=3.0))
    rows = Rule(id="check rows", verb="check", text="rows >= 3", subject={"function": "rows"}, comparisons=(at_least,))
    orders = Stage(
        name="orders",
        kind="data",
        settings={"source": {"function": "csv", "path": "orders.csv"}, "zone": "UTC"},
        columns=(Column(name="price", type={"function": "float"}, low=0.0), Column(name="n", type={"function": "int"})),
        rules=(rows,),
        inputs=(),
        files=("orders.csv",),
    )
    live = Stage(name="live", kind="monitor", settings={"release": "api", "note": note}, rules=(), inputs=())
    return Pipeline(
        ir=1,
        name=name,
        language=1,
        settings={"description": note},
        environment=Environment(name=environment, rank=0, serves=True, settings={}),
        stages=(orders, live),
        metrics=(),
    )


def a_build(pipeline: Pipeline) -> Build:
    origins = {"stages": {"orders": {"at": "pipeline.mlops:1:1", "rules": {"check rows": "pipeline.mlops:7:3"}}}}
    return Build(pipeline, origins, "pipeline.mlops", FUNCTIONS)


def emitted(pipeline: Pipeline) -> dict[str, OutputFile]:
    return {file.path.rpartition("/")[2]: file for file in target.emit([a_build(pipeline)])}


def document_of(script: str, folder: Path) -> dict[str, Any]:
    """The pipeline that a `run.py` would run, from the script itself."""
    path = folder / "run.py"
    path.write_text(script, encoding="utf-8")
    scope = runpy.run_path(str(path), run_name="not main")
    return {**scope["PIPELINE"], "stages": [stage() for stage in scope["STAGES"]]}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with spaces and letters beyond ASCII in its path, its data, and all that a build writes."""
    folder = tmp_path / "mes données"
    folder.mkdir()
    (folder / "orders.csv").write_text("price,n\n1.5,1\n2.5,2\n3.5,3\n")
    for file in target.emit([a_build(a_pipeline())]):
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_text(file.text, encoding="utf-8")
    return folder


def run(project: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    script = project / "deploy" / "shop" / "dev" / "run.py"
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=cwd or project,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_each_environment_gets_its_three_files() -> None:
    files = target.emit([a_build(a_pipeline()), a_build(a_pipeline(environment="prod"))])
    assert [(file.path, file.committed) for file in files] == [
        ("deploy/shop/dev/run.py", True),
        ("deploy/shop/dev/pipeline.json", True),
        ("deploy/shop/dev/origins.json", False),
        ("deploy/shop/prod/run.py", True),
        ("deploy/shop/prod/pipeline.json", True),
        ("deploy/shop/prod/origins.json", False),
    ]


@pytest.mark.parametrize("note", ["plain", HOSTILE, "a\nb\r\n\t\x00", "größe 🚲"])
def test_the_script_and_the_json_say_the_same_whatever_the_spec_holds(note: str, tmp_path: Path) -> None:
    pipeline = a_pipeline(name="shop", note=note)
    files = emitted(pipeline)
    assert document_of(files["run.py"].text, tmp_path) == json.loads(files["pipeline.json"].text)
    assert schema.load(files["pipeline.json"].text) == pipeline


def test_names_of_people_cannot_escape_the_docstring_or_the_folder(tmp_path: Path) -> None:
    pipeline = a_pipeline(name='../../"""\\', environment="/etc")
    files = target.emit([a_build(pipeline)])
    assert all(file.path.startswith("deploy/") and ".." not in file.path for file in files)
    assert document_of(files[0].text, tmp_path)["name"] == pipeline.name
    assert folder_name("a/b") != folder_name("a_b") != folder_name("a:b")
    assert folder_name("bike_demand-2") == "bike_demand-2"


@pytest.mark.parametrize("note", ["plain", "it's", 'say "it"', "größe 🚲"])
def test_a_formatter_has_nothing_to_change(note: str, tmp_path: Path) -> None:
    path = tmp_path / "run.py"
    path.write_text(emitted(a_pipeline(note=note))["run.py"].text, encoding="utf-8")
    for command in (["format", "--check", "--diff"], ["check", "--select", "E,F,W,I", "--ignore", "E501"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_emission_is_the_same_whatever_the_hash_seed() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_local_target import *\n"
        "sys.stdout.buffer.write(''.join(f.text for f in target.emit([a_build(a_pipeline())])).encode())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(texts) == 1


def test_it_runs_and_the_second_run_does_nothing(project: Path, tmp_path: Path) -> None:
    first = run(project)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "orders: done" in first.stdout
    second = run(project, "orders", "-j", "1", cwd=tmp_path)
    assert second.returncode == 0
    assert "orders: cached" in second.stdout


def test_it_can_be_forced_and_speak_json(project: Path) -> None:
    run(project)
    done = run(project, "--force", "orders", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["event"] == "RunStarted"
    finished = [event for event in events if event["event"] == "StageFinished"]
    assert [event["summary"]["cached"] for event in finished] == [False]


def test_a_failing_check_names_its_line_of_the_spec(project: Path) -> None:
    (project / "orders.csv").write_text("price,n\n1.5,1\n")
    done = run(project)
    assert done.returncode == 1
    assert "at pipeline.mlops:7:3" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["orderz"], 2, "no stage `orderz`"),
        (["live"], 4, "`live` is a `monitor` stage"),
        (["--force", "orderz"], 2, "no stage `orderz`"),
        (["-j", "0"], 2, "a number of 1 or more"),
        (["--jason"], 2, "unrecognized arguments"),
    ],
)
def test_what_it_is_told_wrong_is_said(project: Path, arguments: list[str], code: int, words: str) -> None:
    done = run(project, *arguments)
    assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr


def test_without_its_neighbours_it_still_runs(project: Path) -> None:
    for name in ("pipeline.json", "origins.json"):
        (project / "deploy" / "shop" / "dev" / name).unlink()
    assert run(project).returncode == 0


def test_targets_are_found_by_name() -> None:
    assert load("local") is target
    assert "local" in names()
    for name in ("nowhere", "local.messages", "__init__", "../local"):
        with pytest.raises(UnknownTargetError):
            load(name)
