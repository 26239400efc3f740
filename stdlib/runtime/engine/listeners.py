"""Showing a run as plain lines and as JSON lines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TextIO

from mlopsc.stdlib.runtime.engine.events import (
    Event,
    Failure,
    LogLine,
    Outcome,
    Progress,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    StageSummary,
)
from mlopsc.stdlib.runtime.engine.outcome import Message

_SECONDS_BETWEEN_PROGRESS = 5.0


def silent(event: Event) -> None:
    """Shows nothing."""


class PlainLines:
    """One line for each thing that happens, for logs of CI and files; progress at most every five seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._told: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Show an event."""
        for line in self._lines(event):
            print(line, file=self._stream, flush=True)

    def _lines(self, event: Event) -> list[str]:
        match event:
            case RunStarted():
                stages = "1 stage" if len(event.stages) == 1 else f"{len(event.stages)} stages"
                return [f"run {event.number}: {event.pipeline} in {event.environment}, {stages}"]
            case StageStarted():
                again = f", attempt {event.attempt}" if event.attempt > 1 else ""
                return [f"{event.stage}: starts{again}{f' ({event.reason})' if event.reason else ''}"]
            case Progress():
                return self._progress(event)
            case LogLine():
                return [f"{event.stage}: {event.text}"]
            case StageFinished():
                return _ending(event.summary)
            case RunFinished():
                return [_total(event)]

    def _progress(self, event: Progress) -> list[str]:
        if not event.done:
            return []
        now = self._clock()
        if now - self._told.get(event.stage, float("-inf")) < _SECONDS_BETWEEN_PROGRESS:
            return []
        self._told[event.stage] = now
        of = f" of {event.total:g}" if event.total is not None else ""
        return [f"{event.stage}: {event.done:g}{of}{f' {event.text}' if event.text else ''}"]


def _ending(summary: StageSummary) -> list[str]:
    how = "cached" if summary.cached else f"{summary.seconds:.1f} s"
    match summary.outcome:
        case Outcome.SKIPPED | Outcome.INTERRUPTED:
            first = f"{summary.stage}: {summary.outcome.value}{f', {summary.reason}' if summary.reason else ''}"
        case Outcome.OK:
            first = f"{summary.stage}: {'cached' if summary.cached else f'done in {how}'}"
        case _:
            first = f"{summary.stage}: {summary.outcome.told} ({how})"
    messages = summary.record.messages if summary.record and summary.outcome is not Outcome.OK else ()
    told = [line for message in messages for line in _message(message)]
    return [first, *told, *(_failure(summary.failure, summary.log) if summary.failure else [])]


def _message(message: Message) -> list[str]:
    return [f"  {message.text}", *([f"  next: {message.hint}"] if message.hint else [])]


def _failure(failure: Failure, log: Path | None) -> list[str]:
    lines = [f"  {failure.message}", *([f"  next: {failure.hint}"] if failure.hint else [])]
    lines += [f"    {line}" for line in failure.details.splitlines()]
    if failure.tail:
        lines += ["  the last lines it printed:", *(f"    {line}" for line in failure.tail)]
    return [*lines, *([f"  log: {log}"] if log else [])]


def _total(event: RunFinished) -> str:
    counts: dict[str, int] = {}
    for stage in event.stages:
        word = "cached" if stage.cached and stage.outcome is Outcome.OK else stage.outcome.told
        counts[word] = counts.get(word, 0) + 1
    return f"run {event.number}: {', '.join(f'{n} {word}' for word, n in counts.items())} in {event.seconds:.1f} s"


class JsonLines:
    """One JSON object a line for each event; `event` names it, the other keys are its fields."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Show an event."""
        line = {"event": type(event).__name__, **_plain(event)}
        print(json.dumps(line, ensure_ascii=False), file=self._stream, flush=True)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        shown = [field.name for field in fields(value) if field.name != "parts"]  # of keys: long, and for `why` only
        return {name: _plain(getattr(value, name)) for name in shown}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Path | Enum):
        return str(value.value if isinstance(value, Enum) else value)
    return value
