"""Files that are missing or are no specs, outputs that cannot be written, and being interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import SPEC, Done, start

from mlopsc.compiler.cli import spec as spec_module

Call = Callable[..., Done]
COMMANDS = ["check", "build", "graph", "run", "why"]


@pytest.mark.parametrize("command", [*COMMANDS, "fmt"])
def test_no_spec(command: str, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(command)
    assert done.code == 4
    assert "there is no `pipeline.mlops`" in done.err
    assert "mlopsc init" in done.err


@pytest.mark.parametrize("command", [*COMMANDS, "fmt"])
def test_a_misspelt_spec(command: str, project: Path, call: Call) -> None:
    done = call(command, "pipelin.mlops")
    assert done.code == 4
    assert "there is no file `pipelin.mlops`" in done.err
    assert "did you mean `pipeline.mlops`?" in done.err
    assert project.exists()


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", 1, ""),
        (b"\n  # nothing yet\n", 1, ""),
        (bytes(range(256)), 1, "pipeline.mlops"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 1, "pipeline.mlops"),
        ("data rides {}\n".encode("utf-16"), 1, "pipeline.mlops"),
        ("data r\u00e4der {}\n".encode("latin-1"), 1, "pipeline.mlops"),
        (b"{" * 10_000_000, 1, "pipeline.mlops"),
        (b"[(" * 100_000, 1, "pipeline.mlops"),
        (b'data "' + b"x" * 1_000_000, 1, "pipeline.mlops"),
    ],
    ids=["empty", "comment", "binary", "png", "utf-16", "latin-1", "braces", "brackets", "string"],
)
@pytest.mark.parametrize("command", ["check", "build", "fmt"])
def test_what_is_no_spec(command: str, content: bytes, code: int, words: str, project: Path) -> None:
    (project / "pipeline.mlops").write_bytes(content)
    done = start(command, folder=project)
    told = done.out + done.err
    assert "Traceback" not in told
    assert "internal" not in told
    assert words in told
    assert len(told) < 20_000
    if words:
        assert done.code == code or (command == "fmt" and done.code == 4), told
        assert (project / "pipeline.mlops").read_bytes() == content
        assert not (project / "deploy").exists()


def test_a_byte_order_mark_and_windows_lines_are_fine(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_bytes(b"\xef\xbb\xbf" + SPEC.replace("\n", "\r\n").encode())
    assert call("check").out == "orders: 3 stages, 1 environment, no findings\n"


def test_a_folder_in_the_place_of_a_spec(project: Path, call: Call) -> None:
    (project / "folder.mlops").mkdir()
    done = call("check", "folder.mlops")
    assert done.code == 4
    assert "there is no file `folder.mlops/pipeline.mlops`" in done.err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_spec_that_may_not_be_read(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").chmod(0)
    done = call("check")
    assert done.code == 1
    assert "may not be read" in done.out


def test_a_full_disk_leaves_nothing_half_written(project: Path) -> None:
    done = start("build", folder=project, limits="ulimit -f 1")
    assert done.code == 4
    assert "cannot be written" in done.err
    assert "Traceback" not in done.err
    left = [path for path in (project / "deploy").rglob("*") if path.is_file()] if (project / "deploy").exists() else []
    assert left == []


def test_a_file_in_the_place_of_a_folder(project: Path, call: Call) -> None:
    (project / "deploy").write_text("mine", encoding="utf-8")
    done = call("build")
    assert done.code == 4
    assert "cannot be written" in done.err
    assert (project / "deploy").read_text(encoding="utf-8") == "mine"


def test_output_that_nobody_reads(project: Path) -> None:
    command = f'"{sys.executable}" -m mlopsc.compiler.cli explain | head -n 1; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", command], cwd=project, capture_output=True, check=False)
    assert done.returncode in (0, 141)
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written(project: Path) -> None:
    command = f'"{sys.executable}" -m mlopsc.compiler.cli explain > /dev/full'
    done = subprocess.run(["bash", "-c", command], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_without_a_traceback(project: Path) -> None:
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "check", "-"]
    process = subprocess.Popen(
        command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(b"data ")
    process.stdin.flush()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err.strip()) == (130, b"", b"")


def test_a_terminal_of_another_encoding_shows_what_it_can(project: Path) -> None:
    done = start("graph", folder=project, environment={"PYTHONIOENCODING": "ascii"})
    assert done.code == 0
    assert "? orders data" in done.out


def test_a_mistake_of_the_program_is_reported(
    project: Path, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("planted\nmore")

    monkeypatch.setattr(spec_module.Spec, "compile", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    done = call("check")
    assert done.code == 70
    assert done.err.startswith("error: internal error: RuntimeError: planted\n")
    (report,) = tmp_path.glob("mlopsc-*.txt")
    assert report.name in done.err
    text = report.read_text(encoding="utf-8")
    assert "command: mlopsc check" in text
    assert "Traceback" in text
    assert project.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chekc"], "did you mean `check`?"),
        (["check", "--formt", "json"], "--format"),
        (["check", "--format", "xml"], "xml"),
        (["run", "orderz"], "did you mean `orders`?"),
        (["run", "--force", "gat"], "did you mean `gate`?"),
        (["run", "-e", "prod"], "there is no environment `prod`"),
        (["run", "-j", "0"], "0"),
        (["run", "a.mlops", "b.mlops"], "one spec at a time"),
        (["why", "nothing_like_it"], "there are `orders`, `prices`, `gate`"),
        (["build", "--target", "cloud"], "there is no target `cloud`"),
        (["build", "-"], "stdin"),
        (["explain", "by_tim"], "did you mean `by_time`?"),
        (["explain", "E9999"], "there is no code or word `E9999`"),
        (["runs", "show"], "nothing has been run here yet"),
        (["data", "show", "orders"], "no data stage `orders` has been run here"),
        (["completion", "tcsh"], "tcsh"),
    ],
)
def test_usage(arguments: list[str], words: str, project: Path, call: Call) -> None:
    done = call(*arguments)
    assert done.code == 2, done
    assert words in done.err
    assert project.exists()
