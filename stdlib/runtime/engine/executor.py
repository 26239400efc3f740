"""What the scheduler asks of whatever does the work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from mlopsc.stdlib.runtime.engine.events import LogLine, Progress
from mlopsc.stdlib.runtime.engine.work import Job, Reply


@dataclass(frozen=True)
class Begun:
    """A worker has taken the job up: from now on its time counts."""


@dataclass(frozen=True)
class Lost:
    """Whoever did a job is gone without an answer: `reason` says how it ended."""

    reason: str


@dataclass(frozen=True)
class Signal:
    """Something that happened to a job; after the `last` one its worker takes no more."""

    job: int
    what: Begun | Reply | Lost | Progress | LogLine
    last: bool = False


class Executor(Protocol):
    """Does jobs side by side; all methods are called from one thread."""

    threads: int
    """How many threads one job may use."""

    def free(self) -> int:
        """How many more jobs it could begin now."""

    def submit(self, job: Job) -> None:
        """Begin a job."""

    def wait(self, timeout: float | None) -> list[Signal]:
        """What has happened since the last call; waits for something, at most `timeout` seconds."""

    def cancel(self, jobs: Iterable[int]) -> None:
        """Stop jobs; nothing more is said of them."""

    def close(self) -> None:
        """Stop everything at once."""
