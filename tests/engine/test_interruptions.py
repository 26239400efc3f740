"""Ctrl-C, kill -9 and other runs at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_project import Project, by_name, worked

from mlopsc.stdlib.runtime.engine.events import Event, Outcome, StageStarted
from mlopsc.stdlib.runtime.engine.history import runs
from mlopsc.stdlib.runtime.engine.runner import run
from mlopsc.stdlib.runtime.store.faults import OperationError

RUNNER = """
import sys
from pathlib import Path
from mlopsc.stdlib.runtime.engine.listeners import PlainLines
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import run

folder = Path(sys.argv[1])
functions = {"data": "stages:run", "train": "stages:run", "test": "stages:run"}
sys.exit(run(Request(folder / "pipeline.json", folder, functions, jobs=2), PlainLines(sys.stdout)).exit_code)
"""

SLOW = """
import os, subprocess, time
from pathlib import Path

def work(context):
    child = subprocess.Popen(["sleep", "600"])
    (context.scratch / "half").write_text("x")
    Path(f"{context.name}.pids").write_text(f"{os.getpid()} {child.pid}")
    while not Path("go").exists():
        time.sleep(0.01)
    child.kill()
    child.wait()
    return 1
"""


def started(project: Project) -> subprocess.Popen[str]:
    """A run in a process of its own, in a process group of its own, as a shell starts it."""
    project.request()
    command = [sys.executable, "-c", RUNNER, str(project.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fail after half a minute."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def processes(project: Project, name: str) -> list[int]:
    """The worker that does a stage, and the child that the stage has started."""
    file = project.folder / f"{name}.pids"
    eventually(lambda: file.exists() and len(file.read_text().split()) == 2)
    return [int(word) for word in file.read_text().split()]


def is_alive(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def slow(project: Project) -> None:
    """A stage that is done at once, one that waits for the file `go`, and one after it."""
    project.stage("quick")
    project.calling("slow", SLOW, "quick")
    project.stage("last", "slow")


def goes_on_after(project: Project) -> None:
    """The next run does what is left and no more, and nothing half-written is lying about."""
    project.write("go", "")
    result = project.run()
    assert result.exit_code == 0
    assert worked(result) == ["slow", "last"]
    assert list((project.folder / ".mlops" / "scratch").iterdir()) == []
    assert list((project.folder / ".mlops" / "store" / "tmp").iterdir()) == []


def test_interrupting_stops_all_processes_and_keeps_what_was_done(project: Project) -> None:
    slow(project)
    process = started(project)
    pids = processes(project, "slow")
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in output
    assert "slow: interrupted" in output
    eventually(lambda: not any(map(is_alive, pids)))
    newest = next(runs(project.folder))
    assert newest["exit_code"] == 130
    assert [stage["outcome"] for stage in newest["stages"]] == ["ok", "interrupted", "interrupted"]
    goes_on_after(project)


def test_a_killed_run_takes_its_workers_with_it_and_keeps_what_was_done(project: Project) -> None:
    slow(project)
    process = started(project)
    pids = processes(project, "slow")
    process.kill()
    process.communicate(timeout=30)
    eventually(lambda: not any(map(is_alive, pids)))
    assert next(runs(project.folder))["exit_code"] is None
    goes_on_after(project)


def test_a_killed_worker_fails_its_stage_and_nothing_else(project: Project) -> None:
    slow(project)
    project.stage("aside", "quick")
    process = started(project)
    worker, child = processes(project, "slow")
    os.kill(worker, signal.SIGKILL)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "its process was ended by SIGKILL" in output
    assert "aside: done" in output
    eventually(lambda: not is_alive(child))
    goes_on_after(project)


def test_two_runs_at_once_agree(project: Project) -> None:
    code = "import random\ndef work(context):\n    random.seed()\n    return random.random()\n"
    names = [f"s{n}" for n in range(8)]
    for name in names:
        project.calling(name, code)
    project.stage("judge", *names, kind="test", do="judge", verdict="ok")
    both = [started(project), started(project)]
    assert [run.communicate(timeout=60) and run.returncode for run in both] == [0, 0]
    assert worked(project.run()) == []
    first, second = (run for run in runs(project.folder) if run["number"] < 3)
    keys = [{stage["stage"]: stage["key"] for stage in run["stages"]} for run in (first, second)]
    assert keys[0] == keys[1]
    for folder in (project.folder / ".mlops" / "store" / "index").glob("*/*"):
        assert [file.name for file in folder.iterdir()] == ["00000001.json"]


def test_a_project_that_cannot_be_written_is_told(project: Project) -> None:
    project.stage("quick")
    project.write(".mlops", "a file where the folder should be")
    with pytest.raises(OperationError, match="cannot be written: ") as caught:
        project.run()
    assert "move away" in caught.value.hint


def test_an_interrupted_stage_is_told_as_such(project: Project) -> None:
    project.stage("quick")
    request = project.request()

    def interrupt(event: Event) -> None:
        if isinstance(event, StageStarted):
            raise KeyboardInterrupt

    result = run(request, interrupt)
    assert result.exit_code == 130
    assert by_name(result)["quick"].outcome is Outcome.INTERRUPTED
