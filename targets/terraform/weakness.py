"""What a check of emitted folders finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Weakness:
    """Something too open: which kind, where, and in words."""

    name: str
    address: str
    words: str
