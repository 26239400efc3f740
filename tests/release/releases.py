"""Small releases in real stores: a deployment of any strategy, versions without a model, and a clock to move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.random import Generator

from mlopsc.stdlib.runtime.clock import set_clock
from mlopsc.stdlib.runtime.engine.versions import register
from mlopsc.stdlib.runtime.release.state import ReleaseLog, State
from mlopsc.stdlib.runtime.service.assignment import shadows_for, version_for
from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.service.records import FeedbackRow, RequestRow
from mlopsc.stdlib.runtime.service.writing import LogWriter
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
    target: str = "float",
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
                "columns": [
                    {"name": "x", "type": {"function": "float"}},
                    {"name": "y", "type": {"function": target}},
                    {"name": "user", "type": {"function": "category"}, "role": "id"},
                ],
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


@dataclass
class Traffic:
    """Requests that a router would have logged: `rate` an hour, dealt to versions as the release log says."""

    deployment: Deployment
    clock: Clock
    rate: int = 40
    users: int = 400
    seed: int = 1
    _asked: int = 0

    def hours(self, count: int, faults: Mapping[int, Behaviour] | None = None) -> None:
        """Let so many hours pass, with rows and labels written and the clock moved to their end."""
        state = ReleaseLog(self.deployment.store, self.deployment.log).state()
        dice = np.random.default_rng([self.seed, self._asked])
        began, rows = self.clock.at, count * self.rate
        found: list[RequestRow | FeedbackRow] = []
        for i in range(rows):
            self._asked += 1
            found += self._asked_once(state, began + (i + 0.5) * HOUR / self.rate, dice, faults or {})
        self.clock.set(began + count * HOUR)
        writer = LogWriter(self.deployment, interval=3_600.0)
        for first in range(0, len(found), 5_000):
            writer.add(found[first : first + 5_000])
            assert writer.flush()
        writer.close()

    def _asked_once(
        self, state: State, at: float, dice: Generator, faults: Mapping[int, Behaviour]
    ) -> Iterator[RequestRow | FeedbackRow]:
        name, truth, user = f"id-{self.seed}-{self._asked}", dice.normal(50, 10), f"user {dice.integers(self.users)}"
        served = version_for(state, user)
        for version in (served, *shadows_for(state, served, name)):
            behaviour = faults.get(version, Behaviour())
            status: Literal["ok", "error"] = "error" if dice.random() < behaviour.errors else "ok"
            yield RequestRow(
                time=at,
                id=name,
                row=name,
                unit=user,
                sequence=state.sequence,
                version=version,
                role="served" if version == served else "shadow",
                status=status,
                seconds=dice.exponential(behaviour.seconds),
                prediction=truth + dice.normal(0, behaviour.spread) if status == "ok" else None,
                inputs={"x": dice.normal()},
            )
        yield FeedbackRow(name, truth, at + 1)


@dataclass(frozen=True)
class Behaviour:
    """How a version answers: its share of errors, its mean time, and the standard deviation of its mistakes."""

    errors: float = 0.0
    seconds: float = 0.01
    spread: float = 10.0
