"""What happens in a run, as it is told to a listener."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mlopsc.stdlib.runtime.engine.outcome import StageRecord


class Outcome(StrEnum):
    """How a stage ended. `fail` and `undecided` are verdicts on rules; `error` means that it could not do its work."""

    OK = "ok"
    FAIL = "fail"
    UNDECIDED = "undecided"
    ERROR = "error"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"

    @property
    def told(self) -> str:
        """How a stage ended, in a word or two."""
        return {"ok": "done", "fail": "failed", "error": "did not finish"}.get(self.value, self.value)


@dataclass(frozen=True)
class Failure:
    """Why a stage did not end well, as plain data.

    `rule` or `setting` leads to the line of the spec; `tail` are the last lines of what the stage printed;
    `exit_code` is 4 where files, the network or missing tools are to blame.
    """

    message: str
    hint: str = ""
    details: str = ""
    rule: str = ""
    setting: str = ""
    tail: tuple[str, ...] = ()
    exit_code: int = 1


@dataclass(frozen=True)
class StageSummary:
    """How one stage of a run ended; `cached` means that nothing was done because its key had a record.

    `reason` says in words why it was skipped, or why it ran.
    """

    stage: str
    kind: str
    outcome: Outcome
    cached: bool = False
    seconds: float = 0.0
    record: StageRecord | None = None
    failure: Failure | None = None
    reason: str = ""
    log: Path | None = None
    attempts: int = 0


@dataclass(frozen=True)
class RunStarted:
    """A run begins: `number` is its number in the project's history, `stages` are what it walks, in order."""

    number: int
    pipeline: str
    environment: str
    stages: tuple[str, ...]


@dataclass(frozen=True)
class StageStarted:
    """A stage begins to work (not told of one that is cached); `attempt` counts from 1."""

    stage: str
    kind: str
    attempt: int = 1
    reason: str = ""


@dataclass(frozen=True)
class Progress:
    """A stage is at `done` of `total` (None: not known)."""

    stage: str
    done: float
    total: float | None = None
    text: str = ""


@dataclass(frozen=True)
class LogLine:
    """A stage has something to say while it runs."""

    stage: str
    text: str


@dataclass(frozen=True)
class StageFinished:
    """A stage has ended, or was found in the store, or was skipped."""

    summary: StageSummary


@dataclass(frozen=True)
class RunFinished:
    """The run has ended; `exit_code` is what the command exits with."""

    number: int
    exit_code: int
    seconds: float
    stages: tuple[StageSummary, ...]


Event = RunStarted | StageStarted | Progress | LogLine | StageFinished | RunFinished

Listener = Callable[[Event], None]
"""Whoever shows a run: called in the scheduler's process, one event at a time."""
