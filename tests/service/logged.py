"""Releases to log for: demand, a number; and churn, a class, with keys and personal data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.service.records import FeedbackRow, RequestRow
from mlopsc.stdlib.runtime.store.faults import StoreError
from mlopsc.stdlib.runtime.store.protocol import Store

NOON = 1_741_003_200.0
"""2025-03-03 12:00 UTC."""

DAY = 86_400.0
Deploy = Callable[..., Deployment]


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


def opened(project: Path, name: str = "api", at: str = "store", **release: Any) -> Deployment:
    """A release of a project, in the store at a location; `release` are further settings."""
    return open_deployment(document(at, **release), project, name)


def answer(identity: str, time: float = NOON, **given: Any) -> RequestRow:
    """An answer of the release `api`, but for what is given."""
    inputs = {"at": "2025-03-03T12:00:00", "hr": 12, "temp": 0.5}
    fixed: dict[str, Any] = {"row": identity, "unit": "", "sequence": 1, "version": 1, "role": "served"}
    plain = {**fixed, "status": "ok", "seconds": 0.004, "prediction": 31.5, "inputs": inputs}
    return RequestRow(time=time, id=identity, **{**plain, **given})


def told(prediction: str, y: Any, time: float = NOON + 60) -> FeedbackRow:
    """What turned out to be true."""
    return FeedbackRow(prediction, y, time)


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@dataclass
class FaultyStore:
    """A store that counts what is asked of it and fails when told to: `left` calls go well, None is all of them."""

    real: Store
    left: int | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.real.url

    def _pass(self, what: str) -> None:
        self.asked.append(what)
        if self.left is not None:
            if self.left <= 0:
                raise StoreError("the store is gone", "bring it back")
            self.left -= 1

    def put_if_absent(self, key: str, value: bytes) -> bool:
        self._pass(f"put {key}")
        return self.real.put_if_absent(key, value)

    def get(self, key: str) -> bytes | None:
        self._pass(f"get {key}")
        return self.real.get(key)

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        for key in keys:
            self._pass(f"get {key}")
        return self.real.get_many(keys)

    def list(self, prefix: str) -> Any:
        self._pass(f"list {prefix}")
        return self.real.list(prefix)

    def delete(self, key: str) -> None:
        self._pass(f"delete {key}")
        self.real.delete(key)

    def put_object(self, content: bytes | Path | BinaryIO) -> str:
        return self.real.put_object(content)

    def get_object(self, sha256: str) -> bytes:
        return self.real.get_object(sha256)

    def local_path(self, sha256: str) -> Path:
        return self.real.local_path(sha256)

    def size(self, sha256: str) -> int | None:
        return self.real.size(sha256)

    def set_aside(self, sha256: str) -> None:
        self.real.set_aside(sha256)

    def sweep(self) -> None:
        self.real.sweep()
