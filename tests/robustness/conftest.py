"""Projects in awkward folders, and disks that are small or read-only."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from robust_projects import Disk, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose path has spaces and letters beyond ASCII."""
    return Project(tmp_path / "mein Projekt (früh) 日本")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("a disk cannot be mounted here")
    yield Disk(folder)
    subprocess.run(["umount", str(folder)], check=True)
