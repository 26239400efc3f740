"""The trampoline between stage functions and the scheduler.

A stage function is `run(context) -> StageResult | Fanout`. A `Fanout` asks for tasks to be run side by side, by any
worker, and for `then` to be called with their results: `then(context, results, **arguments)`, results in the order of
the tasks. `then` may fan out again. A task is called as `function(context, **arguments)` and returns anything that
can be pickled. Arguments and results pass through the scheduler as bytes, which it never unpickles. How many of
a stage's tasks are done is told as its progress.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.engine.outcome import Message, Verdict


@dataclass(frozen=True)
class Task:
    """A call of `function` (`"module:name"`) with arguments that can be pickled; large data belongs in the store."""

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    """What it does in a few words ("max_depth = 4, fold 2"), for messages."""


@dataclass(frozen=True)
class Fanout:
    """Run the tasks side by side, then call `then` with the list of their results."""

    tasks: tuple[Task, ...]
    then: Task


@dataclass(frozen=True)
class StageResult:
    """What a stage function returns: outputs (files or bytes, by name) that the engine puts into the store.

    See `StageRecord` for what belongs in `facts` and what in `notes`.
    """

    outputs: Mapping[str, Path | bytes] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    verdict: Verdict = Verdict.OK
    messages: tuple[Message, ...] = ()
