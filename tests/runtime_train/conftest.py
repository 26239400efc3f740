"""One thread, as workers have it: OpenMP threads of several processes on few cores wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from runtime_train.bike import ESTIMATOR, FEATURES, bike_project
from runtime_train.harness import Project
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def bike(tmp_path: Path) -> Project:
    return bike_project(tmp_path)


@pytest.fixture(scope="session")
def trained_bike(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example with one model; for tests that only read."""
    project = bike_project(tmp_path_factory.mktemp("bike"))
    project.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    return project
