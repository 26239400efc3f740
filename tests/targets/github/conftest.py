"""What runs of workflows share."""

from __future__ import annotations

import acting
import pytest
from acting import Workshop
from s3_server import s3_endpoint  # noqa: F401


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The wheel of this checkout, and an environment for jobs."""
    return acting.equipped(tmp_path_factory.mktemp("workshop"))
