"""Streams, variables, folders and terminals that are not as usual."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from robust_projects import MLOPSC, PATIENCE, Project, spec

ENDING = "; exit ${PIPESTATUS[0]}"


@pytest.mark.parametrize(
    ("arguments", "shell", "codes"),
    [
        (["graph"], f'"$@" | head -1{ENDING}', {0, 141}),
        (["check"], f'"$@" | true{ENDING}', {0, 141}),
        (["run"], f'"$@" | sleep 0{ENDING}', {0, 141}),
        (["--help"], f'"$@" | true{ENDING}', {0, 141}),
        (["check"], '"$@" >&-', {0}),
        (["check"], '"$@" <&- >&- 2>&-', {0}),
        (["check", "-"], '"$@" <&-', {1}),
        (["fmt", "-"], '"$@" <&-', {0}),
        (["run"], '"$@" <&- >&- 2>&-', {0}),
        (["run"], '"$@" > /dev/full', {4}),
        (["graph"], '"$@" > /dev/full', {4}),
        (["check", "nowhere.mlops"], '"$@" 2> /dev/full', {4}),
        (["run"], '"$@" 2> /dev/full', {0}),
    ],
)
def test_streams_that_are_closed_full_or_unread(
    project: Project, arguments: list[str], shell: str, codes: set[int]
) -> None:
    done = project.call(*arguments, shell=shell)
    assert done.code in codes, done.told
    if "/dev/full" in shell and "2>" not in shell:
        assert "No space left on device" in done.err
        assert "help: free some space there" in done.err
    elif arguments == ["check", "-"]:
        assert "`<stdin>` holds no block" in done.out
    else:
        assert done.err == ""
    project.check_whole()


@pytest.mark.parametrize("arguments", [["check"], ["run"], ["--help"]])
def test_output_that_nobody_reads_ends_with_141(project: Project, arguments: list[str]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run([MLOPSC, *arguments], cwd=project.folder, stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("shell", "codes"),
    [
        (f'"$@" | true{ENDING}', {0, 141}),
        ('"$@" >&-', {0}),
        ('"$@" > /dev/full', {4}),
        ('PYTHONIOENCODING=ascii "$@"', {0}),
    ],
)
def test_the_script_of_a_build_survives_its_streams(project: Project, shell: str, codes: set[int]) -> None:
    assert project.call("run").code == 0
    done = subprocess.run(
        ["bash", "-c", shell, "bash", sys.executable, "deploy/tiny/dev/run.py"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in codes, done.stderr
    assert done.stderr == ("error: the output cannot be written: No space left on device\n" if codes == {4} else "")


def test_the_script_of_a_build_ends_with_the_same_codes(project: Project) -> None:
    assert project.call("build").code == 0

    def call(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "deploy/tiny/dev/run.py", *arguments]
        done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    code, told = call("rowz")
    assert (code, "there is no stage `rowz`; there are `rows`" in told) == (2, True)
    lock = project.write("mlops.lock", "[[")
    code, told = call()
    assert (code, "error: `mlops.lock` is damaged" in told, "  next: take it from" in told) == (4, True, True)
    lock.unlink()
    project.write("rows.csv", "id,x\n1,2\n")
    code, told = call()
    assert (code, "the rows of `rows` have no column `y`" in told, "at pipeline.mlops:11:5" in told) == (1, True, True)
    (project.folder / "rows.csv").unlink()
    code, told = call()
    assert (code, "there is no file `rows.csv`" in told) == (4, True)


@pytest.mark.parametrize(
    "variables",
    [
        {"TERM": "dumb"},
        {"NO_COLOR": "1", "FORCE_COLOR": "1"},
        {"COLUMNS": "20"},
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"HOME": "/nowhere"},
        {},
    ],
    ids=lambda variables: " ".join(variables) or "none",
)
def test_variables(project: Project, variables: dict[str, str]) -> None:
    project.write("pipeline.mlops", spec(columns="id: int role id\n    x: float\n    größe: int"))
    project.write("rows.csv", "id,x,größe\n1,0.5,0\n")
    environment = {"PATH": os.environ["PATH"], **variables}
    done = project.call("run", environment=environment)
    assert done.code == 0
    assert "rows data  done" in done.out
    assert "\x1b" not in done.out
    shown = project.call("data", "show", "rows", environment=environment)
    assert "größe" in shown.out or "gr??e" in shown.out
    assert project.call("run").worked == []


@pytest.mark.parametrize(
    ("variables", "colours", "redrawn"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "xterm", "COLUMNS": "20"}, True, True),
    ],
    ids=["xterm", "no colours", "dumb", "narrow"],
)
def test_terminals(project: Project, variables: dict[str, str], colours: bool, redrawn: bool) -> None:
    shown = on_a_terminal(project, variables, "run")
    assert "3 rows, 3 columns" in shown
    assert bool(re.search(r"\x1b\[[0-9;]*3\dm", shown)) == colours
    assert ("\x1b[?25l" in shown) == redrawn
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")
    if "COLUMNS" in variables:
        project.write("pipeline.mlops", spec(check="rowz >= 1"))
        assert "did you mean `rows`?" in on_a_terminal(project, variables | {"NO_COLOR": "1"}, "check")


def on_a_terminal(project: Project, variables: dict[str, str], *arguments: str) -> str:
    """What a command shows on a terminal."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], **variables}
    process = subprocess.Popen([MLOPSC, *arguments], cwd=project.folder, env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65_536):
            shown += chunk
    except OSError:  # so a terminal ends when nobody holds it any more
        pass
    os.close(ours)
    process.wait(timeout=PATIENCE)
    return shown.decode()


def test_a_folder_that_was_deleted(project: Project) -> None:
    gone = 'mkdir ../gone; cd ../gone; rmdir ../gone; "$@"'
    path = str(project.folder / "pipeline.mlops")
    for arguments in (["check"], ["run"], ["run", path], ["init"], ["fmt"], ["why"]):
        done = project.call(*arguments, shell=gone)
        assert done.code == 4
        assert "the folder that you are in has been deleted" in done.err
        assert "help: change into one that is there" in done.err
    assert project.call("check", path, shell=gone).code == 0
    assert project.call("doctor", shell=gone).code == 4


def test_a_spec_in_another_folder(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = str(project.folder / "pipeline.mlops")
    done = project.call("run", path, folder=elsewhere)
    assert done.code == 0
    assert "log: ../mein Projekt (früh) 日本/.mlops/runs/1" in done.out
    (elsewhere / "link").symlink_to(project.folder)
    assert project.call("run", "link/pipeline.mlops", folder=elsewhere).worked == []
    assert project.call("run", folder=elsewhere / "link").worked == []
    assert project.call("why", path, "rows", folder=elsewhere).code == 0
    assert project.call("runs", "list", "--file", path, folder=elsewhere).code == 0
    assert [one.name for one in elsewhere.iterdir()] == ["link"]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.symlink_to("nowhere"), "`pipeline.mlops` is a link that leads nowhere"),
        (lambda path: path.symlink_to("pipeline.mlops"), "`pipeline.mlops` is a link that leads nowhere"),
        (lambda path: path.mkdir(), "`pipeline.mlops` is a folder, not a file"),
    ],
    ids=["broken link", "link to itself", "folder"],
)
@pytest.mark.parametrize("command", ["check", "run", "fmt"])
def test_something_else_in_the_place_of_a_spec(project: Project, command: str, make: object, told: str) -> None:
    (project.folder / "pipeline.mlops").unlink()
    assert callable(make)
    make(project.folder / "pipeline.mlops")
    done = project.call(command)
    assert done.code == 4
    assert told in done.err
    assert "help: " in done.err


def test_links_in_the_place_of_files(project: Project, tmp_path: Path) -> None:
    """What a link leads to is read and written; the link stays."""
    project.call("run")
    (tmp_path / "rows.csv").write_bytes((project.folder / "rows.csv").read_bytes())
    for name in ("rows.csv", "pipeline.mlops", "mlops.lock"):
        there = tmp_path / name
        there.write_bytes((project.folder / name).read_bytes())
        (project.folder / name).unlink()
        (project.folder / name).symlink_to(there)
    assert project.call("run").worked == []
    (tmp_path / "rows.csv").write_text("id,x,y\n1,1,1\n2,2,2\n")
    assert project.call("run").worked == ["rows"]
    assert project.call("fmt").code == 0
    assert (project.folder / "mlops.lock").is_symlink()
    assert (project.folder / "pipeline.mlops").is_symlink()
    assert "rows = 2" in (tmp_path / "mlops.lock").read_text()
