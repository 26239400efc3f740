"""How an action of an event ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """How an action ended: `word` is `sent`, `passed`, `failed`, …; where `failed_to_act`, it could not be done."""

    word: str
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    failed_to_act: bool = False
