"""Rehearsals that are stopped: nothing that they started is left, and Ctrl-C is never taken for an answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rehearsal.conftest import FEATURES, write_project

from mlopsc.stdlib.runtime.rehearsal.staging import open_place

SLOW = """        from pathlib import Path
        import time

        Path("{folder}/training").touch()
        time.sleep(600 if Path("{folder}/slow").exists() else 0)
        return self
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose training says that it is under way, and takes ten minutes where the file `slow` is."""
    folder = write_project(tmp_path / "heat", rules="", monitor="")
    code = FEATURES.replace("        return self\n", SLOW.format(folder=folder), 1)
    (folder / "features.py").write_text(code, encoding="utf-8")
    return folder


def begun(folder: Path) -> subprocess.Popen[str]:
    """A rehearsal, and all that it starts, in a session of their own."""
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "rehearse", "prod", "--days", "80"]
    environment = {**os.environ, "NO_COLOR": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def eventually(look: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not look():
        assert time.monotonic() < until
        time.sleep(0.05)


def family(ancestor: int) -> dict[int, str]:
    """The processes that come from one, whatever session they are in, with their command lines."""
    found, parents = {}, {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                found[int(process.name)], parents[int(process.name)] = line, int(parent)
    known = {ancestor}
    while more := {one for one, parent in parents.items() if parent in known} - known:
        known |= more
    return {one: found[one] for one in known if one in found}


def is_gone(members: dict[int, str]) -> bool:
    """Whether none of these processes is there any more."""
    return not any(is_there(one) for one in members)


def is_there(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ended(process: subprocess.Popen[str], members: dict[int, str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    eventually(lambda: is_gone(members))
    return process.returncode, out, err


def test_ctrl_c_while_it_trains_ends_all_of_it(folder: Path) -> None:
    (folder / "slow").touch()
    with begun(folder) as process:
        eventually((folder / "training").exists)
        members = family(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        code, out, err = ended(process, members)
    assert code == 130
    assert "page:" not in out
    assert "Traceback" not in out + err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_router_outlives_its_rehearsal(folder: Path, number: signal.Signals) -> None:
    with begun(folder) as process:
        eventually(lambda: any("serve.worker" in line for line in family(process.pid).values()))
        members = family(process.pid)
        process.send_signal(number)
        code, out, err = ended(process, members)
    assert code == (130 if number is signal.SIGINT else -number)
    assert "Traceback" not in out + err


def test_many_at_once_have_a_folder_each_and_lose_none(tmp_path: Path) -> None:
    count, program = 8, "from mlopsc.stdlib.runtime.rehearsal.staging import open_place; import pathlib, sys\n"
    program += "print(open_place(pathlib.Path(sys.argv[1])).number, flush=True); sys.stdin.read()"
    command, pipe = [sys.executable, "-c", program, str(tmp_path)], subprocess.PIPE
    playing = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(count)]
    numbers = [int(one.stdout.readline()) for one in playing if one.stdout]
    kept = {int(one.name) for one in (tmp_path / ".mlops" / "rehearsals").iterdir()}
    for one in playing:
        one.communicate()
    assert sorted(numbers) == list(range(1, count + 1))
    assert kept == {*numbers}
    assert open_place(tmp_path).number == count + 1
    assert len(list((tmp_path / ".mlops" / "rehearsals").iterdir())) == 5
