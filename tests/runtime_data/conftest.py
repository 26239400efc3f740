"""What the tests of data stages share."""

from __future__ import annotations

from pathlib import Path

import pytest
from data_stages import Project

from mlopsc.stdlib.runtime.store.local import LocalStore


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project; its path has a space and a letter beyond ASCII."""
    folder = tmp_path / "my prøject"
    folder.mkdir()
    return Project(folder, LocalStore(tmp_path / "store"))
