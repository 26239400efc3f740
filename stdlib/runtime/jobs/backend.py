"""What a cloud must be able to do for stages to run there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Look:
    """How a task is doing: whether it is still under way, with what code it ended, and what the cloud says of it."""

    is_running: bool
    code: int | None = None
    reason: str = ""


class Backend(Protocol):
    """A cloud that runs tasks. All of it raises OperationError."""

    def start(self, stage: str, token: str, key: str) -> str:
        """Start the task of a stage, and say what the cloud calls it; the same token starts no second one."""

    def look(self, task: str) -> Look:
        """How a task is doing; one that the cloud has forgotten has ended."""

    def printed(self, stage: str, task: str) -> Sequence[str]:
        """The last lines that a task has printed."""
