"""Where releases live in the tests: a folder and S3 over HTTP, and a clock that tests move."""

from __future__ import annotations

from pathlib import Path

import pytest
from releases import Clock
from s3_server import bucket, s3_endpoint, s3_environment  # noqa: F401 (fixtures)

from mlopsc.stdlib.runtime.clock import VARIABLE
from mlopsc.stdlib.runtime.service.keys import VARIABLE as SECRET
from mlopsc.stdlib.runtime.store.opening import open_store
from mlopsc.stdlib.runtime.store.protocol import Store


@pytest.fixture(autouse=True)
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """2025-03-01 00:00 UTC, until a test moves it; child processes see the same."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "clock"))
    monkeypatch.setenv(SECRET, "a secret of the tests, of no use")
    return Clock(tmp_path / "clock")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def store(project: Path) -> Store:
    """An empty store in a folder."""
    return open_store(None, project)


@pytest.fixture(params=["local", "s3"])
def location(request: pytest.FixtureRequest) -> str:
    """Where a store may be, as an environment names it."""
    return ".mlops/store" if request.param == "local" else str(request.getfixturevalue("bucket"))
