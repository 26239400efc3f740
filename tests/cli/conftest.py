"""Projects and commands for the tests of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Done, start, write_project

from mlopsc.compiler.cli.main import run

Call = Callable[..., Done]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a folder with spaces and letters beyond ASCII, which is the current folder."""
    folder = write_project(tmp_path / "mein Projekt (früh) 日本")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    return folder


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process."""

    def call_it(*arguments: str) -> Done:
        capsys.readouterr()
        code = run(arguments)
        written = capsys.readouterr()
        return Done(int(code), written.out, written.err)

    return call_it


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A project that has been run once, and what the run said; tests only look at it."""
    folder = write_project(tmp_path_factory.mktemp("finished") / "Bestellungen früh")
    return folder, start("run", folder=folder, environment={"COLUMNS": "", "CI": os.environ.get("CI", "")})
