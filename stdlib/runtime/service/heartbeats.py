"""Signs of life: what each router says of itself every few seconds, of which the newest is kept."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from mlopsc.stdlib.runtime.alive import is_alive
from mlopsc.stdlib.runtime.store.protocol import Store

INTERVAL = 10.0
"""Seconds of real time between two signs of life, and between two flushes."""
SILENT = 6 * INTERVAL
"""After so many seconds of real time without a sign of life an instance is silent."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Rows of the times `first` to `last` that never reached the store."""

    first: float
    last: float
    rows: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What an instance says of itself. All counts are since it started.

    `at`, `started` and `flushed_at` are times of `clock.now()`, `wall` is real time. What was answered up to
    `flushed_at` is in the store or among `losses`. `ended` is true of the last sign of one that was closed. `secret` is
    the fingerprint of the secret that units and ids are made with. `troubles` say which versions cannot be loaded, and
    why.
    """

    instance: str
    at: float
    wall: float
    started: float
    flushed_at: float
    sequence: int = 0
    versions: tuple[int, ...] = ()
    troubles: tuple[str, ...] = ()
    requests: int = 0
    invalid: int = 0
    rows_written: int = 0
    rows_lost: int = 0
    feedback_written: int = 0
    losses: tuple[Loss, ...] = ()
    ended: bool = False
    secret: str = ""

    def is_live(self, wall: float) -> bool:
        """Whether the instance was at work at this real time, as far as anyone can tell."""
        return not self.ended and wall - self.wall < SILENT and not self.is_dead

    @property
    def is_dead(self) -> bool:
        """Whether it was a process of this machine that is gone."""
        host, process, _ = self.instance.rsplit("-", 2) if self.instance.count("-") > 1 else ("", "", "")
        return host == _host() and process.isdigit() and not is_alive(int(process))

    def to_json(self) -> bytes:
        """The value of its key."""
        return json.dumps(asdict(self)).encode()


def read_heartbeat(value: bytes) -> Heartbeat | None:
    """What `Heartbeat.to_json` wrote, also of another version of the program; None when the value is damaged."""
    try:
        found: Mapping[str, Any] = json.loads(value)
        known = {one.name: found[one.name] for one in fields(Heartbeat) if one.name in found}
        lists = {name: tuple(known.get(name, ())) for name in ("versions", "troubles")}
        losses = tuple(Loss(**loss) for loss in known.get("losses", ()))
        return Heartbeat(**{**known, **lists, "losses": losses})
    except (ValueError, TypeError):
        return None


def heartbeat_key(prefix: str, instance: str, number: int) -> str:
    """The key of a sign of life."""
    return f"{prefix}/{instance}/{number:08d}.json"


def new_instance() -> str:
    """The name of an instance: host, process and a random part, so that no two in any place or time share one."""
    return f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"


def _host() -> str:
    return re.sub(r"[^a-z0-9]+", "-", socket.gethostname().lower()).strip("-")[:40] or "host"


def newest_keys(store: Store, prefix: str) -> dict[str, str]:
    """The key of the newest sign of life of each instance."""
    return {key.split("/")[-2]: key for key in store.list(prefix)}


def newest_heartbeats(store: Store, prefix: str) -> dict[str, Heartbeat]:
    """The newest sign of life of each instance."""
    newest = newest_keys(store, prefix)
    values = store.get_many(list(newest.values())) if newest else []
    if any(value is None for value in values):  # a newer one took its place since they were listed
        newest = newest_keys(store, prefix)
        values = store.get_many(list(newest.values()))
    beats = {instance: read_heartbeat(value or b"") for instance, value in zip(newest, values, strict=True)}
    return {instance: beat for instance, beat in beats.items() if beat is not None}


def merged(losses: Sequence[Loss], most: int = 50) -> tuple[Loss, ...]:
    """The same losses in few spans: those within 10 seconds of each other are one, and there are at most so many."""
    spans: list[Loss] = []
    for loss in sorted(losses, key=lambda loss: loss.first):
        if spans and loss.first - spans[-1].last <= INTERVAL:
            spans[-1] = _joined(spans[-1], loss)
        else:
            spans.append(loss)
    while len(spans) > most:
        place = min(range(len(spans) - 1), key=lambda i: spans[i + 1].first - spans[i].last)
        spans[place : place + 2] = [_joined(*spans[place : place + 2])]
    return tuple(spans)


def _joined(left: Loss, right: Loss) -> Loss:
    return Loss(left.first, max(left.last, right.last), left.rows + right.rows)
