"""One thread, and projects that have trained already."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from runtime_train.bike import ESTIMATOR, FEATURES, bike_project
from runtime_train.harness import Project
from threadpoolctl import threadpool_limits

from mlopsc.stdlib.runtime.model import parity

BEST = {**ESTIMATOR, "parameters": {"random_state": 7, "max_depth": 8, "learning_rate": 0.1}}


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.fixture(autouse=True)
def few_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What training proves of a model took half the time of these tests, and is tested where training is."""
    monkeypatch.setattr(parity, "ROWS", 10)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = bike_project(tmp_path_factory.mktemp("trained"))
    project.train("demand", "rides", features=FEATURES, estimator=BEST)
    return project


@pytest.fixture
def bike(trained: Project, tmp_path: Path) -> Project:
    """The example with its best model, in a folder and store of its own."""
    folder = tmp_path / "bike"
    shutil.copytree(trained.folder, folder)
    return replace(trained, folder=folder, stages=dict(trained.stages), records=dict(trained.records))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
