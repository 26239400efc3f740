"""Where logs are written in the tests: a folder, and S3 over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from logged import Deploy, opened
from s3_server import bucket, s3_endpoint, s3_environment  # noqa: F401 (fixtures)

from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.keys import VARIABLE


@pytest.fixture(autouse=True)
def no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a secret of their own."""
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture(params=["local", "s3"])
def location(request: pytest.FixtureRequest) -> str:
    """Where the store may be."""
    return "store" if request.param == "local" else str(request.getfixturevalue("bucket"))


@pytest.fixture
def deploy(tmp_path: Path) -> Deploy:
    """Opens a release of a project: `deploy("crm", at="s3://…", log={…})`."""

    def deployed(name: str = "api", at: str = "store", **release: object) -> Deployment:
        return opened(tmp_path, name, at, **release)

    return deployed
