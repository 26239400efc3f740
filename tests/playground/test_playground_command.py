"""How the playground starts, what it says where it cannot, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import page_bundle
import pytest
from browser import PATIENCE
from click.testing import CliRunner
from conftest import Start

from mlopsc.compiler.cli.exits import CommandFailure
from mlopsc.compiler.cli.playground import command
from mlopsc.compiler.playground import assets
from mlopsc.compiler.playground.desk import Desk, NotDone

SPEC = 'data rows {\n  source = csv("rows.csv")\n}\n'


def failure_of(*arguments: str) -> CommandFailure:
    """What the command cannot do, and the next step."""
    with pytest.raises(CommandFailure) as caught:
        command.main(list(arguments), standalone_mode=False)
    return caught.value


def test_ctrl_c_ends_it_well(start: Start, tmp_path: Path) -> None:
    (tmp_path / "pipeline.mlops").write_text(SPEC, encoding="utf-8")
    program = start()
    assert program.first.startswith("pipeline.mlops: http://127.0.0.1:")
    assert program.stop() == (0, "")
    assert [one.name for one in tmp_path.iterdir()] == ["pipeline.mlops"]


def test_being_terminated_leaves_no_copy_behind(start: Start, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(scratch)
    try:
        program = start("--example", "flights")
    finally:
        os.environ.pop("TMPDIR") if before is None else os.environ.update(TMPDIR=before)
    assert len([*scratch.iterdir()]) == 1
    program.process.send_signal(signal.SIGTERM)
    program.process.wait(PATIENCE)
    assert program.stop() == (0, "")
    assert [*scratch.iterdir()] == []


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    page_bundle.needs_bundle()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        call = [sys.executable, "-m", "mlopsc.compiler.cli", "playground", "--no-open", "--port", port]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 4
    assert f"the port {port} is taken by another program" in done.stderr
    assert "leave --port out" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_page_that_is_not_built_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    told = failure_of("--no-open")
    assert "has not been built" in told.message
    assert "make playground" in told.hint


def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if one.startswith(("websockets", "mlopsc.compiler.playground.server"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "websockets", None)
    told = failure_of("--no-open")
    assert 'pip install "mlopsc[editor]"' in told.hint


def test_an_unknown_example_or_spec_is_told() -> None:
    page_bundle.needs_bundle()
    assert "did you mean `bike`" in failure_of("--example", "bikes").hint
    assert "there is no file" in failure_of("nowhere/pipeline.mlops").message
    done = CliRunner().invoke(command, ["here.mlops", "--example", "bike"])
    assert done.exit_code == 2
    assert "not both" in done.output


def test_saving_is_whole_and_notices_what_others_did(tmp_path: Path) -> None:
    spec = tmp_path / "pipeline.mlops"
    spec.write_text(SPEC, encoding="utf-8")
    desk = Desk(tmp_path, spec.name)
    desk.read(spec, [])
    desk.save({spec: SPEC + "# one\n"}, [])
    desk.save({spec: SPEC + "# two\n"}, [])
    assert spec.read_text("utf-8").endswith("# two\n")
    spec.write_text(SPEC, encoding="utf-8")
    with pytest.raises(NotDone, match="has been changed by something else"):
        desk.save({spec: "# three\n"}, [])
    spec.unlink()
    with pytest.raises(NotDone, match="has been changed by something else"):
        desk.save({spec: "# four\n"}, [])
    assert not spec.exists()


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = tmp_path / "pipeline.mlops"
    spec.write_text(SPEC, encoding="utf-8")
    desk = Desk(tmp_path, spec.name)
    desk.read(spec, [])

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", denied)
    with pytest.raises(NotDone, match="cannot be written"):
        desk.save({spec: "# new\n"}, [])
    assert spec.read_text("utf-8") == SPEC


def test_the_sources_of_the_page_name_no_place_to_load_from() -> None:
    texts = {path.name: path.read_text("utf-8") for path in page_bundle.PAGE.rglob("*") if path.is_file()}
    assert '"resolved"' not in texts["package-lock.json"]
    elsewhere = {name: text.count("https://") for name, text in texts.items() if not name.startswith("package")}
    assert set(elsewhere.values()) == {0}
