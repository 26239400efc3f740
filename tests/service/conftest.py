"""Releases to log for: demand, a number; and churn, a class, with keys and personal data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from s3_server import bucket, s3_endpoint, s3_environment  # noqa: F401 (fixtures)

from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.service.keys import VARIABLE
from mlopsc.stdlib.runtime.service.records import FeedbackRow, RequestRow

NOON = 1_741_003_200.0
"""2025-03-03 12:00 UTC."""

Deploy = Callable[..., Deployment]
Answer = Callable[..., RequestRow]


def document(location: str, **release: Any) -> dict[str, Any]:
    """A `pipeline.json` of two releases; `release` are further settings of both."""
    return {
        "ir": 1,
        "name": "shop",
        "environment": {"name": "prod", "settings": {"store": location}},
        "stages": [
            _data("rides", "bikers", [("at", "timestamp"), ("hr", "int"), ("temp", "float"), ("bikers", "int")]),
            _data(
                "customers",
                "left",
                [
                    ("customer", "text", "id"),
                    ("email", "text", "pii"),
                    ("age", "int", "pii"),
                    ("plan", "category"),
                    ("minutes", "float"),
                    ("since", "date"),
                    ("refund", "float", "leak"),
                    ("left", "bool"),
                ],
            ),
            {"name": "demand", "kind": "train", "settings": {"data": "rides"}},
            {"name": "churn", "kind": "train", "settings": {"data": "customers"}},
            {"name": "api", "kind": "release", "settings": {"model": "demand", "gate": "gate", **release}},
            {
                "name": "crm",
                "kind": "release",
                "settings": {"model": "churn", "gate": "gate", "assign": "customer", **release},
            },
        ],
    }


def _data(name: str, target: str, columns: list[Any]) -> dict[str, Any]:
    found = [
        {"name": column, "type": {"function": word}, "missing": 0.1 * (column == "minutes"), "role": (*role, None)[0]}
        for column, word, *role in columns
    ]
    settings: Mapping[str, Any] = {"source": {"function": "csv", "path": f"{name}.csv"}, "target": target}
    return {"name": name, "kind": "data", "settings": settings, "columns": found, "rules": []}


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
    """Opens a release in a folder, or in the store at a location."""

    def opened(name: str = "api", at: str = "store", **release: Any) -> Deployment:
        return open_deployment(document(at, **release), tmp_path, name)

    return opened


@pytest.fixture
def answer() -> Answer:
    """Makes answers of the release `api`."""

    def made(prediction_id: str, time: float = NOON, **given: Any) -> RequestRow:
        inputs = {"at": "2025-03-03T12:00:00", "hr": 12, "temp": 0.5}
        fixed: dict[str, Any] = {"row": prediction_id, "unit": "", "sequence": 1, "version": 1, "role": "served"}
        plain = {**fixed, "status": "ok", "seconds": 0.004, "prediction": 31.5, "inputs": inputs}
        return RequestRow(time=time, id=prediction_id, **{**plain, **given})

    return made


def told(prediction_id: str, y: Any, time: float = NOON + 60) -> FeedbackRow:
    """What turned out to be true."""
    return FeedbackRow(prediction_id, y, time)
