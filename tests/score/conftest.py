"""A bike project with a version that passed its gate and score stages, and batches of real predictions."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from databases import database, postgres  # noqa: F401 (fixtures)
from scoring_projects import EXAMPLE, SPEC, Done, latest_rows

from mlopsc.compiler.cli.main import run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose gate has been passed by version 1."""
    folder = tmp_path_factory.mktemp("trained")
    for name in ("prep.py", "features.py", "data/bikeshare.csv"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(EXAMPLE / name, folder / name)
    latest_rows().to_csv(folder / "latest.csv", index=False)
    (folder / "pipeline.mlops").write_text(SPEC, encoding="utf-8")
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert run(["run"]) == 0
    finally:
        os.chdir(here)
    return folder


@pytest.fixture
def project(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which is the current folder."""
    folder = tmp_path / "Räder 2011"
    shutil.copytree(trained, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    return folder


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run a command in this process."""

    def call_it(*arguments: str) -> Done:
        capsys.readouterr()
        before = set(sys.modules)
        code = run(arguments)
        for name in set(sys.modules) - before:
            if name in ("prep", "features", "checks"):
                del sys.modules[name]
        written = capsys.readouterr()
        return Done(int(code), written.out, written.err)

    return call_it
