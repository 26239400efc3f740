"""The user's own functions, misbehaving."""

from __future__ import annotations

import pytest
from robust_projects import Project, derived, spec

TRANSFORMED = spec('transform = python("prep.py:prep")')

RAISES = """
def inner(frame):
    return 1 / 0

def prep(frame):
    print("about to divide", flush=True)
    return inner(frame)
"""
HANGS = """
import signal, subprocess, time

def prep(frame):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", "600"])
    print("waiting for the other side", flush=True)
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass
"""
PRINTS = """
def prep(frame):
    for block in range(1_000):
        print("\\n".join(f"line {block * 1_000 + n}" for n in range(1_000)))
    ENDING
"""
COUNTS = """
import os
import warnings

seen = []

def prep(frame):
    seen.append(len(frame))
    known = "MLOPSC_SEEN" in os.environ or len(seen) > 1
    os.environ["MLOPSC_SEEN"] = "1"
    os.chdir("/")
    warnings.simplefilter("error")
    return frame.assign(x=float(known))
"""


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (RAISES, ["`prep.py:prep` raised ZeroDivisionError: division by zero", "line 3, in inner", "about to divide"]),
        ("import sys\ndef prep(frame):\n    sys.exit(0)\n", ["`prep.py:prep` called `sys.exit(0)`", "line 3, in prep"]),
        ("import sys\nsys.exit()\ndef prep(frame):\n    return frame\n", ["called `sys.exit(None)`", "line 2, in"]),
        ("import os\ndef prep(frame):\n    os._exit(0)\n", ["its process ended by itself, with exit code 0"]),
        ("def prep(frame):\n    raise KeyboardInterrupt\n", ["raised KeyboardInterrupt", "line 2, in prep"]),
        ("import nowhere\ndef prep(frame):\n    return frame\n", ["No module named 'nowhere'", "line 1, in"]),
        ("def prep(frame):\n    frame['x'] = 1\n", ["`prep.py:prep` returned nothing, expected a DataFrame"]),
        ("def prep(frame):\n    raise ValueError('\\x1b[2J\\x07')\n", ["raised ValueError: ␛[2J␇"]),
    ],
    ids=[
        "raises",
        "exits",
        "exits when imported",
        "ends",
        "interrupts",
        "misses a module",
        "returns nothing",
        "clears",
    ],
)
def test_code_that_fails(project: Project, code: str, told: list[str]) -> None:
    project.write("pipeline.mlops", TRANSFORMED)
    project.write("prep.py", code)
    done = project.call("run")
    assert done.code == 1
    for words in [*told, "help: ", "--> pipeline.mlops:"]:
        assert words in done.out
    assert project.stored("index") == []
    project.check_whole()


def test_code_that_hangs_is_stopped_with_all_that_it_started(project: Project) -> None:
    project.write("pipeline.mlops", spec('transform = python("prep.py:prep")', "timeout = 1s"))
    project.write("prep.py", HANGS)
    process = project.start("run")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (1, "")
    assert "`rows` took longer than 1 s" in out
    assert "--> pipeline.mlops:9:3" in out
    assert "waiting for the other side" in out
    assert "help: raise its `timeout`" in out
    project.check_whole()


@pytest.mark.parametrize(("ending", "code"), [("return frame", 0), ("raise ValueError('enough')", 1)])
def test_a_million_lines_go_to_the_log(project: Project, ending: str, code: int) -> None:
    project.write("pipeline.mlops", TRANSFORMED)
    project.write("prep.py", PRINTS.replace("ENDING", ending))
    done = project.call("run")
    assert done.code == code
    assert len(done.told) < 5_000
    assert ("line 999999" in done.out) == bool(code)
    assert "line 999900" not in done.out
    log = (project.folder / ".mlops/runs/1/logs/rows.log").read_text()
    assert log.count("\nline ") == 999_999


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (b"def prep(frame)\n    return frame\n", "`prep.py` cannot be read: line 1: expected ':'"),
        (b"def prep(frame):\n    return frame  # \xe9\n", "`prep.py` is not UTF-8: line 2 has the byte 0xe9"),
        (b"def other(frame):\n    return frame\n", "`prep.py` defines no `prep`"),
        (b"def prep():\n    return 1\n", "`prep`"),
    ],
    ids=["syntax", "encoding", "name", "parameters"],
)
def test_code_that_cannot_be_called_is_found_before_anything_runs(project: Project, code: bytes, told: str) -> None:
    project.write("pipeline.mlops", TRANSFORMED)
    project.write("prep.py", code)
    done = project.call("run")
    assert done.code == 1
    assert told in done.err
    assert "--> pipeline.mlops:8:" in done.err
    assert not (project.folder / ".mlops").exists()


def test_no_global_state_reaches_another_stage(project: Project) -> None:
    transform = 'transform = python("prep.py:prep")'
    more = derived("second", "rows", transform) + derived("third", "second", transform)
    project.write("pipeline.mlops", spec(transform, more=more))
    project.write("prep.py", COUNTS)
    assert project.call("run", "-j", "1").code == 0
    for stage in ("rows", "second", "third"):
        assert "x       float        0  0 to 0, mean 0" in project.call("data", "show", stage).out
