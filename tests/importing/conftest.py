"""Pipelines of other tools, and the command that imports them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from imported import PROJECTS, Import, Imported, run_import


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of a project, which is the current one; git knows of nobody there."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("mlopsc.compiler.cli.looks.ask_git", lambda *_, **__: "")
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def imports(folder: Path, capsys: pytest.CaptureFixture[str]) -> Import:
    """Import with the given arguments; `files` are written first, or copied from the project of a name."""

    def do(*arguments: str, files: dict[str, str] | str) -> Imported:
        if isinstance(files, str):
            shutil.copytree(PROJECTS / files, folder, dirs_exist_ok=True)
        else:
            for path, text in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, encoding="utf-8")
        return run_import(folder, capsys, *arguments)

    return do
