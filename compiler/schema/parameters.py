"""What may be written in a declaration: one setting, parameter or clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Parameter:
    """What a field of a declaration takes and means; equal to itself alone, so that what is known of it is found fast.

    `name` is that of the field (`from_`). `default` is `...` where something must be written; `constraints` are
    pydantic's (`ge`, `lt`, `min_length`, …); `runs` is False for what the runtime does not do yet.
    """

    name: str
    annotation: Any
    description: str
    default: Any = None
    runs: bool = True
    constraints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_required(self) -> bool:
        """Whether it must be written."""
        return self.default is ...

    @property
    def word(self) -> str:
        """What is written: `from`, not `from_`."""
        return self.name.rstrip("_")
