"""The service whose monitor is tested."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from monitored import Service, open_service, train


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose gate has passed."""
    project = tmp_path_factory.mktemp("trained")
    train(project)
    return project


@pytest.fixture
def make_service(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Service]:
    """Makes a service with these rules in its monitor, and these files in its project (`script__py` is `script.py`)."""
    project = tmp_path / "project"
    monkeypatch.setenv("MLOPSC_CLOCK", str(project / "clock"))

    def make(rules: str, **files: str) -> Service:
        return open_service(trained, project, rules, {name.replace("__", "."): text for name, text in files.items()})

    return make
