"""The hooks for pre-commit, read as it reads them: what it would run on a commit is run.

`test_pre_commit_run.py` lets pre-commit itself run them.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from areas import ROOT

HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The bike example in a folder of its own."""
    skipped = shutil.ignore_patterns(".mlops", "deploy", "__pycache__")
    return Path(shutil.copytree(ROOT / "examples" / "bike-demand", tmp_path / "a project", ignore=skipped))


def commit(hook: dict[str, Any], project: Path, *changed: str) -> subprocess.CompletedProcess[str] | None:
    """Run a hook as for a commit of these files; None where it has nothing to do with them."""
    files = [name for name in changed if re.search(hook["files"], name)]
    if not files:
        return None
    program, *arguments = shlex.split(hook["entry"]) + hook.get("args", [])
    passed = files if hook.get("pass_filenames", True) else []
    command = [str(Path(sys.executable).parent / program), *arguments, *passed]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_hooks_are_those_that_are_named() -> None:
    assert set(HOOKS) == {"mlopsc-check", "mlopsc-fmt", "mlopsc-build"}
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert hook["name"]
        assert hook["description"]


@pytest.mark.parametrize("hook", [HOOKS["mlopsc-check"], HOOKS["mlopsc-fmt"]], ids=lambda hook: hook["id"])
def test_hooks_pass_what_is_right(hook: dict[str, Any], project: Path) -> None:
    before = (project / "pipeline.mlops").read_bytes()
    done = commit(hook, project, "pipeline.mlops")
    assert done
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "pipeline.mlops").read_bytes() == before
    assert commit(hook, project, "README.md") is None


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("pipeline.mlops", "target    = bikers", "target    = bikes", "bikers"),
        ("prep.py", "def add_timestamp(", "def add_timestamps(", "add_timestamp"),
    ],
)
def test_a_mistake_in_the_spec_or_in_its_python_stops_a_commit(
    file: str, old: str, new: str, said: str, project: Path
) -> None:
    edit(project / file, old, new)
    done = commit(HOOKS["mlopsc-check"], project, file)
    assert done
    assert done.returncode == 1
    assert said in done.stdout


def test_a_layout_is_mended_in_each_file_of_a_commit(project: Path) -> None:
    formatted = (project / "pipeline.mlops").read_bytes()
    edit(project / "pipeline.mlops", "  source    =", "      source=")
    (project / "other.mlops").write_text("limit=45\n", encoding="utf-8")
    done = commit(HOOKS["mlopsc-fmt"], project, "pipeline.mlops", "other.mlops", "prep.py")
    assert done
    assert done.returncode == 0, done.stderr
    assert (project / "pipeline.mlops").read_bytes() == formatted
    assert (project / "other.mlops").read_text("utf-8") == "limit = 45\n"
