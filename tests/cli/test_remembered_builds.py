"""A run takes over the last build when nothing that it depends on has changed, and only then."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = """\
pipeline small {}

environment dev { platform = local() }

data rows {
  source    = csv("rows.csv")
  transform = python("prep.py:keep")
  schema { x: int }
  check rows >= 1
}
"""
PREP = "def keep(rows):\n    return rows\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has been run once; each test has a copy of it."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "pipeline.mlops").write_text(SPEC, encoding="utf-8")
    (folder / "prep.py").write_text(PREP, encoding="utf-8")
    (folder / "rows.csv").write_text("x\n1\n2\n", encoding="utf-8")
    (folder / "requirements.txt").write_text("", encoding="utf-8")
    assert run(folder).returncode == 0
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "project")


def run(project: Path, *words: str, modules: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *(["-X", "importtime"] if modules else []), "-m", "mlopsc.compiler.cli"]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(
        [*command, *(words or ("run",))], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def compiles(project: Path) -> bool:
    """Whether a run checks the spec: it then imports the checker."""
    return "mlopsc.compiler.semantics.analysis" in run(project, modules=True).stderr


def test_a_second_run_does_not_compile_again(project: Path) -> None:
    assert not compiles(project)
    assert "small in dev" in run(project).stdout
    assert not compiles(project)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pipeline.mlops", SPEC.replace(">= 1", ">= 2")),
        ("prep.py", PREP + "\n\ndef other():\n    pass\n"),
        ("deploy/small/dev/pipeline.json", "{}"),
        ("deploy/small/dev/origins.json", "{}"),
    ],
)
def test_what_the_compiler_read_or_wrote_is_looked_at(project: Path, file: str, text: str) -> None:
    (project / file).write_text(text, encoding="utf-8")
    assert compiles(project)
    assert not compiles(project)
    assert json.loads((project / "deploy/small/dev/pipeline.json").read_text(encoding="utf-8"))["name"] == "small"


def test_a_mistake_that_was_not_there_is_found(project: Path) -> None:
    (project / "prep.py").write_text("def kept(rows):\n    return rows\n", encoding="utf-8")
    found = run(project)
    assert found.returncode == 1
    assert "keep" in found.stderr


def test_a_file_that_is_gone_is_missed(project: Path) -> None:
    (project / "rows.csv").unlink()
    found = run(project)
    assert found.returncode == 1
    assert "`rows.csv`" in found.stderr


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b"\xff", b'{"program": 1}'])
def test_a_damaged_note_is_no_note(project: Path, note: bytes) -> None:
    (path,) = (project / ".mlops" / "built").iterdir()
    path.write_bytes(note)
    assert compiles(project)
    assert not compiles(project)


def test_another_state_of_the_program_compiles_again(project: Path) -> None:
    (path,) = (project / ".mlops" / "built").iterdir()
    content = json.loads(path.read_bytes())
    content["program"][-1] += 1
    path.write_text(json.dumps(content), encoding="utf-8")
    assert compiles(project)


def test_unknown_names_are_told_without_compiling(project: Path) -> None:
    found = run(project, "run", "rowz")
    assert found.returncode == 2
    assert "did you mean `rows`?" in found.stderr
    assert run(project, "run", "-e", "prod").returncode == 2
