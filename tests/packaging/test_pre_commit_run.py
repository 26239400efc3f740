"""The hooks as pre-commit runs them: installed from a repository, on the files of another one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from areas import ROOT, ROOTS

HOOKS = ("mlopsc-check", "mlopsc-fmt", "mlopsc-build")


def run(*command: str | Path, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command without what a git or a hook around the tests would tell it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    return subprocess.run(command, cwd=folder, env={**kept, **more}, capture_output=True, text=True, check=False)


def git(folder: Path, *arguments: str) -> str:
    named = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"]
    done = run("git", *named, *arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit_all(folder: Path) -> str:
    git(folder, "init", "--quiet", ".")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with the files of this one, and its commit."""
    folder = tmp_path_factory.mktemp("the hooks")
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z", *ROOTS).split("\0")
    for name in [*filter(None, listed), "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"]:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder, commit_all(folder)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(hooks: tuple[Path, str], tmp_path: Path) -> Path:
    """A project that was begun, built and committed, with all hooks."""
    folder = tmp_path / "a project"
    program = Path(sys.executable).parent / "mlopsc"
    for command in (["init", str(folder)], ["build", str(folder)]):
        done = run(program, *command, folder=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    repository, commit = hooks
    lines = [f"repos:\n- repo: '{repository}'\n  rev: {commit}\n  hooks:", *(f"  - id: {name}" for name in HOOKS)]
    (folder / ".pre-commit-config.yaml").write_text("\n".join([*lines, ""]), encoding="utf-8")
    commit_all(folder)
    return folder


def outcomes(project: Path, cache: Path) -> tuple[dict[str, str], str]:
    """How each hook ends, by its id, and what pre-commit tells."""
    program = Path(sys.executable).parent / "pre-commit"
    command = [program, "run", "--all-files", "--verbose", "--color", "never"]
    done = run(*command, folder=project, PRE_COMMIT_HOME=str(cache))
    ended = re.findall(r"\.(Passed|Failed|Skipped|\(no files to check\)Skipped)\n- hook id: (\S+)", done.stdout)
    assert done.returncode == int(any(word == "Failed" for word, _ in ended)), done.stdout + done.stderr
    return {name: word for word, name in ended}, done.stdout


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_project_that_is_right_passes(project: Path, cache: Path) -> None:
    ended, said = outcomes(project, cache)
    assert ended == dict.fromkeys(HOOKS, "Passed"), said
    assert git(project, "status", "--short") == ""


def test_a_layout_is_mended_and_the_commit_stopped(project: Path, cache: Path) -> None:
    before = (project / "pipeline.mlops").read_text("utf-8")
    edit(project / "pipeline.mlops", " {\n", "  {\n")
    ended, said = outcomes(project, cache)
    assert ended["mlopsc-fmt"] == "Failed", said
    assert "files were modified by this hook" in said
    assert (project / "pipeline.mlops").read_text("utf-8") == before


def test_a_mistake_stops_a_commit(project: Path, cache: Path) -> None:
    edit(project / "pipeline.mlops", "  split ", "  splitt")
    ended, said = outcomes(project, cache)
    assert ended["mlopsc-check"] == "Failed", said
    assert "`split`" in said


def test_what_was_built_and_edited_stops_a_commit(project: Path, cache: Path) -> None:
    runner = next(project.glob("deploy/*/*/run.py"))
    runner.write_text(f"{runner.read_text('utf-8')}# by hand\n", encoding="utf-8")
    ended, said = outcomes(project, cache)
    assert ended == {"mlopsc-check": "Passed", "mlopsc-fmt": "Passed", "mlopsc-build": "Failed"}
    assert "# by hand" in said
    assert "mlopsc build" in said
