"""How stages end: from records and errors to what is told of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlopsc.stdlib.runtime.engine.capture import last_lines
from mlopsc.stdlib.runtime.engine.events import Failure, Outcome, StageSummary
from mlopsc.stdlib.runtime.engine.outcome import StageFailure, StageRecord
from mlopsc.stdlib.runtime.store.faults import OperationError

UNDECIDED = 3
"""The exit code of a run in which rules were judged, none failed, and one could not be decided."""

ENVIRONMENT = 4
"""The exit code where files, the network or missing tools are to blame."""

INTERRUPTED = 130
"""The exit code after Ctrl-C."""

_TAIL = 12
_CRASH = 20


def summary_of(
    record: StageRecord, *, cached: bool = False, attempts: int = 0, log: Path | None = None
) -> StageSummary:
    """The summary of a stage that has a record."""
    outcome = Outcome(record.verdict.value)
    seconds = 0.0 if cached else record.seconds
    return StageSummary(record.stage, record.kind, outcome, cached, seconds, record, log=_kept(log), attempts=attempts)


def failure_from(error: OperationError) -> Failure:
    """What an error says, as plain data."""
    if isinstance(error, StageFailure):
        code = ENVIRONMENT if error.outside else 1
        return Failure(error.message, error.hint, error.details, error.rule, error.setting, exit_code=code)
    return Failure(error.message, error.hint, exit_code=ENVIRONMENT)


def with_log(failure: Failure, log: Path) -> Failure:
    """The failure of a worker that could not speak for itself, with what its log says."""
    lines = last_lines(log, 200)
    crash = next((i for i, line in enumerate(lines) if line.startswith("Fatal Python error")), len(lines))
    return replace(failure, tail=lines[:crash][-_TAIL:], details="\n".join(lines[crash:][:_CRASH]))


def _kept(log: Path | None) -> Path | None:
    """The log, unless nothing was printed: then it is deleted."""
    if log is None or not log.exists():
        return None
    if log.stat().st_size:
        return log
    log.unlink()
    return None
