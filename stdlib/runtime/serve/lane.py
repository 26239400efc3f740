"""A lane: one worker process of one version, kept alive, and the calls that wait for it.

A version that serves and also answers copies of requests has a lane for each, so that no copy ever stands before a
request. Calls that wait while the worker is busy go to it together, as one batch. A batch is `{"columns": values by
column, "sizes": rows of each call}`; see `worker` for the answers.
"""

from __future__ import annotations

import asyncio
import time
from asyncio import Future, Task
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from mlopsc.stdlib.runtime.serve.limits import Limits
from mlopsc.stdlib.runtime.serve.processes import Program, WorkerProcess, start_worker
from mlopsc.stdlib.runtime.serve.rows import Row
from mlopsc.stdlib.runtime.store.faults import OperationError

Condition = Literal["loading", "ready", "restarting", "failed", "closed"]
Tell = Callable[[str], None]
Prepare = Callable[[], Awaitable[Program]]
"""Fetches the model and makes its environment; raises OperationError."""

_MOST_ROWS_IN_A_BATCH = 1_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
_HEALTHY_SECONDS = 30.0
_ROOM_TO_GROW = 1.5


@dataclass(frozen=True)
class Answers:
    """What a version answers to the rows of a call; `scores` are probabilities by class, (rows, classes)."""

    values: Sequence[Any]
    scores: Sequence[Sequence[float]] | None
    seconds: float


class ModelFault(Exception):  # noqa: N818 (the model is at fault, not the router)
    """A version gave no answer: an error of its own, or none in time."""

    def __init__(self, status: Literal["error", "timeout"], message: str, seconds: float) -> None:
        super().__init__(message)
        self.status: Literal["error", "timeout"] = status
        self.message = message
        self.seconds = seconds


@dataclass(eq=False)
class _Call:
    rows: Sequence[Row]
    future: Future[Answers]
    begun: float = field(default_factory=time.perf_counter)
    is_suspect: bool = False

    def fail(self, status: Literal["error", "timeout"], message: str) -> None:
        if not self.future.done():
            self.future.set_exception(ModelFault(status, message, time.perf_counter() - self.begun))


class Lane:
    """Keeps one worker of a version running: started again when it dies or hangs, replaced when it has grown.

    Calls that a worker's death interrupted are asked once more, each by itself, so that only the one that kills the
    model fails.
    """

    def __init__(self, prepare: Prepare, limits: Limits, tell: Tell) -> None:
        self.condition: Condition = "loading"
        self.about: Mapping[str, Any] = {}
        self.restarts = 0
        self.fault = ""
        self._prepare = prepare
        self._limits = limits
        self._tell = tell
        self._waiting: deque[_Call] = deque()
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._worker: WorkerProcess | None = None
        self._successor: Task[WorkerProcess] | None = None
        self._task = asyncio.create_task(self._live())

    @property
    def pid(self) -> int | None:
        """The process that answers now."""
        return None if self._worker is None else self._worker.pid

    @property
    def resident(self) -> int:
        """The memory of its process, in bytes."""
        return 0 if self._worker is None else self._worker.resident

    @property
    def waiting_rows(self) -> int:
        """How many rows wait."""
        return sum(len(call.rows) for call in self._waiting)

    @property
    def is_usable(self) -> bool:
        """Whether it answers, or will soon do so again."""
        return self.condition in ("ready", "restarting")

    async def settle(self) -> None:
        """Wait until the first attempt to load the model has succeeded or failed."""
        await self._settled.wait()

    async def ask(self, rows: Sequence[Row], seconds: float) -> Answers:
        """The answers to rows within so many seconds; raises ModelFault."""
        if not self.is_usable:
            raise ModelFault("error", self.fault or "it is not loaded", 0.0)
        call = _Call(rows, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        self._changed.set()
        try:
            return await asyncio.wait_for(call.future, seconds)
        except TimeoutError:
            elapsed = time.perf_counter() - call.begun
            raise ModelFault("timeout", f"it gave no answer within {seconds:g} s", elapsed) from None

    async def close(self) -> None:
        """End the process once nobody waits for it any more, at the latest after the time of one request."""
        begun = time.monotonic()
        while (self._waiting or self._is_busy) and time.monotonic() - begun < self._limits.timeout:
            await asyncio.sleep(0.05)
        self.condition = "closed"
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    _is_busy = False

    async def _live(self) -> None:
        failures = 0
        try:
            while True:
                begun = time.monotonic()
                fault = await self._run()
                failures = 0 if time.monotonic() - begun > _HEALTHY_SECONDS else failures + 1
                self.restarts += 1
                self._fall(fault)
                await asyncio.sleep(min(_FIRST_PAUSE * 2.0 ** (failures - 1), _LONGEST_PAUSE) if failures > 1 else 0)
        finally:
            await self._end()

    async def _run(self) -> str:
        """Load and answer until something fails; what it was."""
        try:
            self._worker = await self._start()
        except OperationError as error:
            return error.message
        self.about = self._worker.about
        self.condition, self.fault = "ready", ""
        self._settled.set()
        return await self._answer()

    async def _start(self) -> WorkerProcess:
        worker = await start_worker(await self._prepare())
        worker.when_ended(self._changed.set)
        return worker

    def _fall(self, fault: str) -> None:
        """After a failure: what had loaded once will load again, so calls may wait; else they must not."""
        if fault != self.fault:
            self._tell(fault)
        self.fault = fault
        self.condition = "restarting" if self.about else "failed"
        self._settled.set()
        if self.condition == "failed":
            while self._waiting:
                self._waiting.popleft().fail("error", fault)

    async def _answer(self) -> str:
        while True:
            await self._changed.wait()
            batch = self._next_batch()
            if not batch:
                self._changed.clear()
                assert self._worker is not None
                if not self._worker.is_alive:
                    return f"its process ended: {await self._lose(batch)}"
                continue
            self._is_busy = True
            try:
                fault = await self._pass_on(batch)
            finally:
                self._is_busy = False
            if fault:
                return fault
            await self._renew()

    def _next_batch(self) -> list[_Call]:
        """The calls that wait, as many as fit; one that may have killed a worker stays alone."""
        batch: list[_Call] = []
        rows = 0
        while self._waiting:
            call = self._waiting[0]
            if call.future.done():  # whoever asked has gone
                self._waiting.popleft()
                continue
            if batch and (call.is_suspect or rows + len(call.rows) > _MOST_ROWS_IN_A_BATCH):
                break
            batch.append(self._waiting.popleft())
            rows += len(call.rows)
            if call.is_suspect:
                break
        return batch

    async def _pass_on(self, batch: Sequence[_Call]) -> str:
        """Ask the worker, and give each call its answer; what has failed, else nothing."""
        assert self._worker is not None
        rows = [row for call in batch for row in call.rows]
        columns = {name: [row.get(name) for row in rows] for name in self.about["inputs"]}
        document = {"columns": columns, "sizes": [len(call.rows) for call in batch]}
        try:
            answers = await asyncio.wait_for(self._worker.ask(document), self._limits.timeout)
            for call, answer in zip(batch, answers, strict=True):
                _deliver(call, answer)
        except TimeoutError:
            for call in batch:
                call.fail("timeout", f"it gave no answer within {self._limits.timeout:g} s")
            await self._end()
            return f"it hung for {self._limits.timeout:g} s"
        except ConnectionError:
            return f"its process ended: {await self._lose(batch)}"
        except Exception as error:  # a worker runs the code of a model: it may say anything
            for call in batch:
                call.fail("error", "its answer makes no sense")
            await self._end()
            return f"it answers what nobody understands: {type(error).__name__}: {error}"
        return ""

    async def _lose(self, batch: Sequence[_Call]) -> str:
        assert self._worker is not None
        told = await self._worker.end()
        self._worker = None
        for call in reversed(batch):
            if call.is_suspect:
                call.fail("error", f"its process ended: {told}")
            else:
                call.is_suspect = True
                self._waiting.appendleft(call)
        return told

    async def _renew(self) -> None:
        """Replace a worker that holds too much memory by a new one, without a pause between the two."""
        assert self._worker is not None
        allowed = max(self._limits.memory, int(self._worker.resident_at_start * _ROOM_TO_GROW))
        if self._successor is None and self._worker.resident > allowed:
            self._tell(f"its process holds {self._worker.resident / 1e6:,.0f} MB and is replaced")
            self._successor = asyncio.create_task(self._start())
        if self._successor is not None and self._successor.done():
            successor, self._successor = self._successor, None
            with suppress(OperationError):
                old, self._worker = self._worker, successor.result()
                self.restarts += 1
                await old.end()

    async def _end(self) -> None:
        if self._successor is not None:
            self._successor.cancel()
            with suppress(asyncio.CancelledError, OperationError):
                await (await self._successor).end()
            self._successor = None
        if self._worker is not None:
            worker, self._worker = self._worker, None
            await worker.end()


def _deliver(call: _Call, answer: Mapping[str, Any]) -> None:
    if call.future.done():
        return
    if "error" in answer:
        call.future.set_exception(ModelFault("error", str(answer["error"]), float(answer["seconds"])))
    else:
        call.future.set_result(Answers(answer["values"], answer["scores"], float(answer["seconds"])))
