"""Doing the work of stages: attempts, retries, and putting on record what came of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.endings import failure_from, summary_of, with_log
from mlopsc.stdlib.runtime.engine.events import Failure, Listener, Outcome, StageStarted, StageSummary
from mlopsc.stdlib.runtime.engine.history import RunFolder, scratch_folder
from mlopsc.stdlib.runtime.engine.index import Found, save
from mlopsc.stdlib.runtime.engine.keys import Parts, key_of
from mlopsc.stdlib.runtime.engine.outcome import StageFailure, StageRecord, Verdict
from mlopsc.stdlib.runtime.engine.plan import PlannedStage
from mlopsc.stdlib.runtime.engine.scheduler import Attempt, Ended, Scheduler
from mlopsc.stdlib.runtime.engine.work import Failed, Stored
from mlopsc.stdlib.runtime.store.faults import OperationError

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.engine.executor import Executor
    from mlopsc.stdlib.runtime.engine.prepared import Prepared


@dataclass(frozen=True)
class Finished:
    """A stage has ended. `remake` are inputs whose outputs are damaged: they have to run before it can."""

    summary: StageSummary
    remake: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Work:
    stage: PlannedStage
    parts: Parts
    found: Found
    number: int
    reason: str


class Attempts:
    """The stages of a run that are being worked on. Nothing is visible to later stages before its record is made."""

    def __init__(self, prepared: Prepared, folder: RunFolder, tell: Listener, kinds: Iterable[str]) -> None:
        self._prepared = prepared
        self._folder = folder
        self._tell = tell
        self._scratch = scratch_folder(prepared.project)
        prepared.store.sweep()
        self._executor = open_executor(prepared, kinds)
        self._scheduler = Scheduler(self._executor, tell)
        self._work: dict[str, _Work] = {}
        self._remade: set[str] = set()

    @property
    def busy(self) -> bool:
        """Whether a stage is being worked on."""
        return self._scheduler.busy

    @property
    def running(self) -> frozenset[str]:
        """The stages that are being worked on."""
        return frozenset(self._work)

    def begin(
        self, stage: PlannedStage, inputs: Mapping[str, StageRecord], parts: Parts, found: Found, reason: str
    ) -> None:
        """Begin a stage."""
        context = StageContext(
            stage=stage.declaration,
            pipeline=self._prepared.plan.visible(stage),
            project=self._prepared.project,
            scratch=self._scratch,
            inputs=inputs,
            store=self._prepared.store,
            key=key_of(parts),
            pin=self._prepared.lock.pin(stage.name) if stage.kind == "data" else None,
            run=self._folder.number,
            options=self._prepared.request.options,
        )
        self._start(_Work(stage, parts, found, 1, reason), context)

    def step(self) -> list[Finished]:
        """Wait until something happens; the stages that have ended since."""
        return [finished for ended in self._scheduler.step() for finished in self._take(ended)]

    def close(self) -> None:
        """Stop all work at once and delete private files."""
        self._executor.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _start(self, work: _Work, context: StageContext) -> None:
        stage = work.stage
        self._work[stage.name] = work
        self._tell(StageStarted(stage.name, stage.kind, work.number, work.reason))
        log = self._folder.log(stage.name)
        context = replace(context, attempt=work.number)
        self._scheduler.begin(Attempt(stage.function, context, log, stage.timeout))

    def _take(self, ended: Ended) -> list[Finished]:
        work = self._work.pop(ended.attempt.context.name)
        try:
            if isinstance(ended.what, Stored):
                return [self._recorded(work, ended, ended.what.record)]
            if remake := self._damaged(ended, ended.what):
                return [Finished(self._failed(work, ended, ended.what.failure), remake)]
        except OperationError as error:
            return [Finished(self._failed(work, ended, failure_from(error)))]
        if work.number <= work.stage.retries:
            reason = ended.what.failure.message
            self._start(replace(work, number=work.number + 1, reason=reason), ended.attempt.context)
            return []
        return [Finished(self._failed(work, ended, ended.what.failure))]

    def _recorded(self, work: _Work, ended: Ended, record: StageRecord) -> Finished:
        self._check_unchanged(work)
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        record = replace(record, parts=work.parts, seconds=round(ended.attempt.seconds, 3), finished=finished)
        if record.verdict is not Verdict.ERROR:
            record = save(self._prepared.store, work.found, record)
        summary = summary_of(record, attempts=work.number, log=ended.attempt.log)
        return Finished(replace(summary, reason=work.reason))

    def _check_unchanged(self, work: _Work) -> None:
        """What was read must be what the key says, or the record would lie for ever."""
        contents = self._prepared.keys.contents(work.stage)
        for part, now in contents.items():
            before = work.parts[part]
            for path in sorted(now.keys() | before.keys()):
                if now.get(path) != before.get(path):
                    fact = f"`{path}` changed while `{work.stage.name}` was at work"
                    raise StageFailure(fact, "run again when it stays as it is", outside=True)

    def _damaged(self, ended: Ended, failed: Failed) -> tuple[str, ...]:
        """The inputs that made a damaged object, which is set aside; one is made again only once in a run."""
        if not failed.corrupt or failed.corrupt in self._remade:
            return ()
        inputs = ended.attempt.context.inputs
        makers = tuple(name for name, record in inputs.items() if failed.corrupt in record.outputs.values())
        if makers:
            self._remade.add(failed.corrupt)
            self._prepared.store.set_aside(failed.corrupt)
        return makers

    def _failed(self, work: _Work, ended: Ended, failure: Failure) -> StageSummary:
        log = ended.attempt.log
        return StageSummary(
            work.stage.name,
            work.stage.kind,
            Outcome.ERROR,
            seconds=ended.attempt.seconds,
            failure=with_log(failure, log) if ended.lost else failure,
            reason=work.reason,
            log=log if log.exists() else None,
            attempts=work.number,
        )


def open_executor(prepared: Prepared, kinds: Iterable[str]) -> Executor:
    """The executor that the environment names; `kinds` are the kinds of stage that may run."""
    declared = prepared.plan.settings.get("executor") or {}
    if declared.get("function") == "dask":
        from mlopsc.stdlib.runtime.engine.cluster import Cluster

        return Cluster(declared["url"])
    from mlopsc.stdlib.runtime.engine.processes import Processes, cores

    count = prepared.request.jobs or declared.get("count") or cores()
    return Processes(count, heavy_modules(prepared.request.functions[kind] for kind in kinds))


def heavy_modules(functions: Iterable[str]) -> list[str]:
    """What workers should find imported: beside the light module `M` of `"M:run"`, `M.stage` with all that it needs.

    There need not be such a module: then workers import what they need when they need it.
    """
    return sorted({f"{function.partition(':')[0]}.stage" for function in functions})
