"""Small releases in real stores: a deployment of any strategy, versions without a model, and a clock to move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.clock import set_clock
from mlopsc.stdlib.runtime.engine.versions import register
from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.store.protocol import Store

BEGAN = 1_740_787_200.0
"""2025-03-01 00:00 UTC, a Saturday."""
DAY = 86_400.0
HOUR = 3_600.0

DIRECT = {"function": "direct"}
CANARY = {"function": "canary", "steps": [0.05, 0.25, 1.0], "every": "1d"}
MAE = {"function": "mae", "on": "feedback"}


def rule(text: str, subject: dict[str, Any], operator: str, limit: dict[str, Any], **clauses: Any) -> dict[str, Any]:
    verb, _, _ = text.partition(" ")
    compared = [{"operator": operator, "limit": limit}]
    return {"id": text, "verb": verb, "text": text, "subject": subject, "comparisons": compared, "clauses": clauses}


def document(
    strategy: dict[str, Any],
    rules: tuple[dict[str, Any], ...] = (),
    approvers: tuple[str, ...] = (),
    outcome: str | None = None,
    **settings: Any,
) -> dict[str, Any]:
    return {
        "ir": 1,
        "name": "trial",
        "environment": {"name": "prod", "rank": 1, "settings": {"approvers": list(approvers)} if approvers else {}},
        "stages": [
            {
                "name": "rows",
                "kind": "data",
                "settings": {
                    "source": {"function": "csv", "path": "rows.csv"},
                    "target": "y",
                    "split": {"function": "random", "train": 0.6, "validation": 0.2, "test": 0.2},
                    **({"outcome": outcome} if outcome else {}),
                },
                "columns": [{"name": name, "type": {"function": "float"}} for name in ("x", "y")]
                + [{"name": "user", "type": {"function": "category"}, "role": "id"}],
            },
            {"name": "model", "kind": "train", "settings": {"data": "rows"}, "inputs": ["rows"]},
            {"name": "gate", "kind": "test", "settings": {"model": "model"}, "inputs": ["model", "rows"]},
            {
                "name": "api",
                "kind": "release",
                "settings": {"model": "model", "gate": "gate", "strategy": strategy, "assign": "user", **settings},
                "rules": list(rules),
                "inputs": ["model", "gate"],
            },
        ],
    }


def deployed(store: Store, project: Path, strategy: dict[str, Any], **said: Any) -> Deployment:
    return open_deployment(document(strategy, **said), project, store=store)


def add_version(deployment: Deployment, gate: str = "gate") -> int:
    """Registers one more version, as a gate that opened would; routers would find no model behind it."""
    number = len(list(deployment.store.list(deployment.versions))) + 1
    record = {
        "model": deployment.store.put_object(f"model {number}".encode()),
        "data": {"stage": "rows", "rows": f"{number:064x}"},
        "commit": {"sha": f"{number:040x}", "changed": False},
        "lock": {"uv.lock": f"{number:064x}"},
        "test": gate,
        "test_key": f"{number + 100:064x}",
    }
    return register(deployment.store, deployment.model, f"{number + 200:064x}", record)


class Clock:
    """The rehearsal clock of a test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.at = BEGAN
        self.set(BEGAN)

    def set(self, seconds: float) -> None:
        self.at = seconds
        set_clock(self.path, seconds)

    def move(self, seconds: float) -> None:
        self.set(self.at + seconds)
