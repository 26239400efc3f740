"""The scheduler: keeps an executor busy with the calls of stages, and brings the results of fan-outs together."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.events import Failure, LogLine, Progress
from mlopsc.stdlib.runtime.engine.executor import Begun, Executor, Lost, Signal
from mlopsc.stdlib.runtime.engine.work import NO_ARGUMENTS, Asked, Call, Failed, Job, Returned, Stored


@dataclass
class Attempt:
    """One attempt at a stage: `function` is called with `context`; `timeout` seconds after it began, it fails."""

    function: str
    context: StageContext
    log: Path
    timeout: float | None = None
    began: float | None = None
    running: dict[int, _Pending] = field(default_factory=dict)

    @property
    def deadline(self) -> float:
        """When it is stopped, on the monotonic clock."""
        return float("inf") if self.began is None or self.timeout is None else self.began + self.timeout

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return 0.0 if self.began is None else time.monotonic() - self.began


@dataclass
class _Group:
    """A fan-out that waits for its tasks; its `then` stands in for the call that asked for it."""

    then: Call
    parent: tuple[_Group, int] | None
    results: list[bytes]
    missing: int


@dataclass(frozen=True)
class _Pending:
    attempt: Attempt
    call: Call
    slot: tuple[_Group, int] | None = None
    results: tuple[bytes, ...] | None = None


@dataclass(frozen=True)
class Ended:
    """An attempt has ended, well or not; `lost` means that its worker said nothing."""

    attempt: Attempt
    what: Stored | Failed
    lost: bool = False


class Scheduler:
    """Call `begin` for each attempt, and `step` as long as it is `busy`."""

    def __init__(self, executor: Executor, tell: Callable[[Progress | LogLine], None]) -> None:
        self._executor = executor
        self._tell = tell
        self._queue: deque[_Pending] = deque()
        self._attempts: list[Attempt] = []
        self._numbers = itertools.count(1)

    @property
    def busy(self) -> bool:
        """Whether an attempt is queued or running."""
        return bool(self._attempts)

    def begin(self, attempt: Attempt) -> None:
        """Queue an attempt."""
        self._attempts.append(attempt)
        self._queue.append(_Pending(attempt, Call(attempt.function, NO_ARGUMENTS)))

    def step(self) -> list[Ended]:
        """Hand out calls, wait until something happens, and say which attempts have ended."""
        while self._queue and self._executor.free() > 0:
            self._submit(self._queue.popleft())
        deadline = min((attempt.deadline for attempt in self._attempts), default=float("inf"))
        timeout = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
        ended = [end for signal in self._executor.wait(timeout) for end in self._take(signal)]
        return ended + list(self._overdue())

    def _submit(self, pending: _Pending) -> None:
        attempt, number = pending.attempt, next(self._numbers)
        attempt.running[number] = pending
        context = replace(attempt.context, threads=self._executor.threads)
        self._executor.submit(Job(number, pending.call, context, attempt.log, pending.slot is None, pending.results))

    def _take(self, signal: Signal) -> Iterator[Ended]:
        attempt = next((one for one in self._attempts if signal.job in one.running), None)
        if attempt is None:
            return
        match signal.what:
            case Begun():
                attempt.began = attempt.began or time.monotonic()
            case Progress() | LogLine() as event:
                self._tell(event)
            case Asked(tasks, then):
                self._fan_out(attempt.running.pop(signal.job), tasks, then)
            case Returned(value):
                self._fill(attempt.running.pop(signal.job), value)
            case Stored() | Failed() as end:
                yield self._end(attempt, end)
            case Lost(reason):
                yield self._end(attempt, Failed(_lost(attempt.running[signal.job], reason)), lost=True)

    def _fan_out(self, asking: _Pending, tasks: tuple[Call, ...], then: Call) -> None:
        group = _Group(then, asking.slot, [b""] * len(tasks), len(tasks))
        self._tell_progress(asking.attempt, group, "")
        if not tasks:
            self._queue.appendleft(_Pending(asking.attempt, then, asking.slot, ()))
        # Tasks go before stages that have not begun: what was begun is finished first.
        pending = [_Pending(asking.attempt, task, (group, index)) for index, task in enumerate(tasks)]
        self._queue.extendleft(reversed(pending))

    def _fill(self, done: _Pending, value: bytes) -> None:
        assert done.slot is not None
        group, index = done.slot
        group.results[index] = value
        group.missing -= 1
        self._tell_progress(done.attempt, group, done.call.label)
        if group.missing == 0:
            self._queue.appendleft(_Pending(done.attempt, group.then, group.parent, tuple(group.results)))

    def _tell_progress(self, attempt: Attempt, group: _Group, label: str) -> None:
        if group.parent is None and group.results:
            total = len(group.results)
            self._tell(Progress(attempt.context.name, total - group.missing, total, label))

    def _overdue(self) -> Iterator[Ended]:
        now = time.monotonic()
        for attempt in [attempt for attempt in self._attempts if attempt.deadline <= now]:
            yield self._end(attempt, Failed(_too_long(attempt)), lost=True)

    def _end(self, attempt: Attempt, what: Stored | Failed, *, lost: bool = False) -> Ended:
        self._attempts.remove(attempt)
        self._queue = deque(pending for pending in self._queue if pending.attempt is not attempt)
        self._executor.cancel(attempt.running)
        return Ended(attempt, what, lost)


def _lost(pending: _Pending, reason: str) -> Failure:
    during = f" while it did `{pending.call.label}`" if pending.call.label else ""
    return Failure(
        f"`{pending.attempt.context.name}` did not finish{during}: {reason}",
        "look for what ends or crashes the process: a call of `os._exit`, too little memory, a fault in native code",
    )


def _too_long(attempt: Attempt) -> Failure:
    return Failure(
        f"`{attempt.context.name}` took longer than {attempt.timeout:g} s",
        "raise its `timeout`, or find what it waits for",
        setting="timeout",
    )
