"""Projects to run."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project(tmp_path / "mein Projekt (früh)")


@pytest.fixture
def chain(project: Project) -> Project:
    """Three stages, each reading the one before it: 1, 2, 3."""
    project.stage("rides")
    project.stage("demand", "rides", kind="train")
    project.stage("gate", "demand", kind="test")
    return project
