"""Ctrl-C and `kill -9` at many moments of a run: what was done is kept, nothing is half-written or left running."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable

import pytest
from robust_projects import PATIENCE, Project, derived, end, eventually, processes_of, spec, until

STAGES = ("rows", "second", "third")
WAITS = """
import os
import subprocess
import time
from pathlib import Path

def work(frame):
    child = subprocess.Popen(["sleep", "600"])
    Path("NAME.new").write_text(f"{os.getpid()} {child.pid}")
    Path("NAME.new").replace("NAME.began")
    while not Path("go").exists() and not Path("NAME.go").exists():
        time.sleep(0.005)
    child.kill()
    child.wait()
    return frame
"""
SIGNALS = {signal.SIGINT: 130, signal.SIGKILL: -9, signal.SIGTERM: -15}


@pytest.fixture
def chain(project: Project) -> Project:
    """Three stages, each of which waits in the middle of its work until a file tells it to go on."""
    for name in STAGES:
        project.write(f"{name}_code.py", WAITS.replace("NAME", name))
    steps = {name: f'transform = python("{name}_code.py:work")' for name in STAGES}
    more = derived("second", "rows", steps["second"]) + derived("third", "second", steps["third"])
    project.write("pipeline.mlops", spec(steps["rows"], more=more))
    return project


def goes_on(project: Project, worked: list[str]) -> None:
    """The next run does what is left and nothing else."""
    project.write("go", "")
    done = project.call("run")
    assert (done.code, done.worked) == (0, worked)
    project.check_whole(killed=True)
    assert project.call("run").worked == []


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_in_the_middle_of_a_stage(chain: Project, number: signal.Signals, stage: str) -> None:
    before = STAGES[: STAGES.index(stage)]
    for name in before:
        chain.write(f"{name}.go", "")
    process = chain.start("run")
    until(process, (chain.folder / f"{stage}.began").exists)
    done = end(process, number)
    assert (done.code, done.err) == (SIGNALS[number], "")
    assert len(chain.stored("index")) == len(before)
    if number is signal.SIGINT:
        assert f"{stage}: interrupted" in done.out
        assert "what is done is kept" in done.out
        chain.check_whole()
    goes_on(chain, list(STAGES[len(before) :]))


MOMENTS: dict[str, Callable[[Project], bool]] = {
    "at once": lambda _: True,
    "built": lambda project: (project.folder / "deploy/tiny/manifest.json").exists(),
    "begun": lambda project: (project.folder / ".mlops/runs/1/run.json").exists(),
    "storing": lambda project: (project.folder / ".mlops/store/objects").exists(),
    "recorded": lambda project: any((project.folder / ".mlops/store").glob("index/*/*/*.json")),
    "pinned": lambda project: (project.folder / "mlops.lock").exists(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_killed_at_any_moment(project: Project, moment: str) -> None:
    process = project.start("run")
    eventually(lambda: MOMENTS[moment](project) or process.poll() is not None)
    done = end(process, signal.SIGKILL)
    assert done.code in (-9, 0)
    assert done.err == ""
    again = project.call("run")
    assert again.code == 0
    project.check_whole(killed=True)
    assert project.call("run").worked == []


@pytest.mark.parametrize("lines", [1, 2])
def test_ctrl_c_as_soon_as_a_run_says_something(project: Project, lines: int) -> None:
    """After the second line its workers begin to import their libraries, which Ctrl-C reaches as well."""
    process = project.start("run")
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(lines)]
    assert told[-1].startswith(("run 1:", "rows: starts")[lines - 1])
    done = end(process, signal.SIGINT)
    assert (done.code, done.err) == (130, "")
    project.check_whole()
    assert project.call("run").code == 0


def test_ctrl_c_twice(chain: Project) -> None:
    process = chain.start("run")
    until(process, (chain.folder / "rows.began").exists)
    process.send_signal(signal.SIGINT)
    done = end(process, signal.SIGINT)
    assert done.code == 130
    assert "Traceback" not in done.out + done.err
    goes_on(chain, list(STAGES))


def test_a_polite_kill_leaves_nothing_running(chain: Project) -> None:
    process = chain.start("run")
    until(process, (chain.folder / "rows.began").exists)
    assert end(process, signal.SIGTERM).code == -15
    goes_on(chain, list(STAGES))


def test_a_worker_that_is_killed_fails_its_stage(chain: Project) -> None:
    process = chain.start("run")
    until(process, (chain.folder / "rows.began").exists)
    worker = (chain.folder / "rows.began").read_text().split()[0]
    subprocess.run(["kill", "-9", worker], check=True)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (1, "")
    assert "`rows` did not finish: its process was ended by SIGKILL" in out
    eventually(lambda: processes_of(process.pid) == [])
    goes_on(chain, list(STAGES))


def test_the_history_says_which_runs_did_not_end(chain: Project) -> None:
    process = chain.start("run")
    until(process, (chain.folder / "rows.began").exists)
    end(process, signal.SIGKILL)
    assert "not finished" in chain.call("runs").out
    assert json.loads((chain.folder / ".mlops/runs/1/run.json").read_bytes())["exit_code"] is None


def test_a_training_that_is_killed(project: Project) -> None:
    """The features of a model wait in the middle of fitting."""
    project.write("rows.csv", "id,x,y\n" + "".join(f"{n},{n * 0.5},{n % 5}\n" for n in range(60)))
    split = "split = random(train = 60%, validation = 20%, test = 20%)"
    estimator = 'estimator = sklearn("linear_model.Ridge")\n  features = python("slow.py:Slow")\n  track = false'
    train = f"train line {{\n  data = rows\n  {estimator}\n  minimize mae(validation)\n}}\n"
    project.write("pipeline.mlops", spec("target = y", split, more=train))
    project.write("slow.py", SLOW)
    process = project.start("run")
    until(process, (project.folder / "fitting").exists)
    assert end(process, signal.SIGKILL).code == -9
    project.write("go", "")
    done = project.call("run")
    assert (done.code, done.worked) == (0, ["line"])
    project.check_whole(killed=True)


SLOW = """
import time
from pathlib import Path

from sklearn.base import BaseEstimator, TransformerMixin

class Slow(BaseEstimator, TransformerMixin):
    def fit(self, frame, target=None):
        return self

    def transform(self, frame):
        Path("fitting").touch()
        while not Path("go").exists():
            time.sleep(0.005)
        return frame
"""
