"""Starting the tasks of stages and waiting for them, whoever comes back to it.

For each key there is a log in the store, `jobs/<key>/`: a task was `started`, somebody `left` it running, it has
`ended`. A stage is done when its record is in the index, as everywhere; so what a task says of itself counts only where
there is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mlopsc.stdlib.runtime.engine.keys import INSTALLED, key_of
from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.engine.plan import PlannedStage
from mlopsc.stdlib.runtime.engine.prepared import Prepared
from mlopsc.stdlib.runtime.jobs.backend import Backend
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.log import Entry, Log

State = Literal["done", "running", "failed", "none"]
Event = Literal["started", "left", "ended"]
Tell = Callable[[str], None]
_TOKEN = 50
"""Characters of a key in what a cloud tells two starts apart by: it takes 64."""
_FIRST_PAUSE, _PAUSE = 1.0, 20.0
"""Seconds between the first two looks, and at most between two: a short job is not waited for long."""


@dataclass(frozen=True)
class Report:
    """How the job of a stage is doing; `is_left` says that somebody has left it running, and nobody has come back."""

    stage: str
    state: State
    task: str = ""
    is_left: bool = False
    reason: str = ""
    printed: Sequence[str] = ()


class Jobs:
    """The jobs of a pipeline in an environment; `stages` are those that run as tasks, each after its inputs."""

    def __init__(
        self,
        prepared: Prepared,
        backend: Backend,
        stages: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._prepared = prepared
        self._backend = backend
        self._stages = stages
        self._clock = clock
        self._sleep = sleep

    def status(self) -> list[Report]:
        """How all jobs are doing; changes nothing."""
        return [self._report(stage) for stage in self._stages]

    def submit(self) -> list[Report]:
        """Start the first job that is neither done nor under way; the later ones need what it makes."""
        reports: list[Report] = []
        for stage in self._stages:
            report = self._report(stage)
            if report.state in ("none", "failed") and all(one.state == "done" for one in reports):
                report = self._started(stage)
            reports.append(report)
        return reports

    def wait(self, seconds: float, tell: Tell) -> Report | None:
        """Start what is not done, one after the other, and wait; None when all is done.

        Else the job that failed, or the one that is still running when the time is over.
        """
        until = self._clock() + seconds
        for stage in self._stages:
            report = self._report(stage)
            if report.state == "none" or (report.state == "failed" and self._last(stage) == "ended"):
                report = self._started(stage)
                tell(f"{stage}: started as {report.task}")
            elif report.state == "running":
                tell(f"{stage}: runs already, as {report.task}")
            report = self._ended(stage, report, until)
            tell(f"{stage}: {report.state}")
            if report.state != "done":
                return report
        return None

    def _ended(self, stage: str, report: Report, until: float) -> Report:
        """How a job is when it has ended or the time is over, and a note of that."""
        pause = _FIRST_PAUSE
        while report.state == "running" and self._clock() < until:
            self._sleep(min(pause, max(0.0, until - self._clock())))
            pause = min(2 * pause, _PAUSE)
            report = self._report(stage)
        if self._last(stage) in ("started", "left"):
            self._note(stage, "left" if report.state == "running" else "ended", report.task)
        return report

    def _report(self, stage: str) -> Report:
        """A task may end between two questions, so that it is done is asked last."""
        last = self._entries(stage)[-1:]
        noted: Mapping[str, Any] = (last[0].record or {}) if last else {}
        task, event = str(noted.get("task", "")), noted.get("event")
        look = self._backend.look(task) if event in ("started", "left") else None
        is_left = event == "left"
        if self._record(stage):
            return Report(stage, "done", task, is_left)
        if look and look.is_running:
            return Report(stage, "running", task, is_left)
        if not task:
            return Report(stage, "none")
        reason = look.reason if look else ""
        code = f"it ended with {look.code}" if look and look.code is not None else ""
        words = "; ".join(one for one in (code, reason) if one)
        return Report(stage, "failed", task, is_left, words, self._backend.printed(stage, task))

    def _started(self, stage: str) -> Report:
        """Start a task, and note it: two who do so at once get the same task, by its token."""
        number = len(self._entries(stage)) + 1
        key = self._key(stage)
        task = self._backend.start(stage, f"{key[:_TOKEN]}-{number}", key)
        self._note(stage, "started", task, number)
        return Report(stage, "running", task)

    def _note(self, stage: str, event: Event, task: str, number: int | None = None) -> None:
        wanted = number or len(self._entries(stage)) + 1

        def decide(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
            return {"event": event, "stage": stage, "task": task} if len(entries) < wanted else None

        self._log(stage).append(decide)

    def _last(self, stage: str) -> str | None:
        entries = self._entries(stage)
        return str(entries[-1].record["event"]) if entries and entries[-1].record else None

    def _entries(self, stage: str) -> Sequence[Entry]:
        return self._log(stage).read()

    def _log(self, stage: str) -> Log:
        key = self._key(stage)
        return Log(self._prepared.store, f"jobs/{key[:2]}/{key[2:]}")

    def _key(self, stage: str) -> str:
        """The hash of all that is known of a stage and of what it needs before any of it has run."""
        parts = {one.name: self._prepared.keys.own_parts(one) for one in self._needed(stage)}
        if any(INSTALLED in part["dependencies"] for part in parts.values()):
            fact = f"nothing pins what the project depends on, so nobody could say that `{stage}` is done elsewhere"
            raise OperationError(fact, "write a requirements.lock or requirements.txt, and build the image with it")
        return key_of(parts)

    def _record(self, stage: str) -> StageRecord | None:
        """What the stage has left in the store, if it and all that it needs are done."""
        records: dict[str, StageRecord] = {}
        for one in self._needed(stage):
            parts = self._prepared.keys.parts(one, {name: records[name] for name in one.inputs})
            record = self._prepared.find(one, parts).record
            if record is None:
                return None
            records[one.name] = record
        return records[stage]

    def _needed(self, stage: str) -> Sequence[PlannedStage]:
        return self._prepared.plan.narrowed([stage]).stages
