"""Stores of every kind, each empty: a folder, fsspec's memory, and S3 over HTTP."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from s3_server import bucket, s3_endpoint, s3_environment  # noqa: F401 (fixtures)

from mlopsc.stdlib.runtime.store.opening import open_store
from mlopsc.stdlib.runtime.store.protocol import Store


@pytest.fixture(params=["local", "memory", "s3"])
def location(request: pytest.FixtureRequest) -> str:
    """Where a store may be, as an environment names it."""
    match request.param:
        case "local":
            return "a store with spaces und Umläuten"
        case "memory":
            return f"memory://{uuid4().hex}"
        case _:
            return str(request.getfixturevalue("bucket"))


@pytest.fixture
def store(location: str, tmp_path: Path) -> Store:
    """An empty store."""
    return open_store(location, tmp_path)
