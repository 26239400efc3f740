"""How much a router takes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """`body` is in bytes, `timeout` in seconds for a request, `memory` in bytes for each worker process."""

    body: int = 10_000_000
    rows: int = 10_000
    timeout: float = 10.0
    memory: int = 2_000_000_000
