"""Running a pipeline: walking its stages, finding what is done already, doing the rest."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.stdlib.runtime.engine.endings import ENVIRONMENT, INTERRUPTED, UNDECIDED, failure_from, summary_of
from mlopsc.stdlib.runtime.engine.events import Listener, Outcome, RunFinished, RunStarted, StageFinished, StageSummary
from mlopsc.stdlib.runtime.engine.history import RunFolder, new_run
from mlopsc.stdlib.runtime.engine.index import Found
from mlopsc.stdlib.runtime.engine.keys import Parts
from mlopsc.stdlib.runtime.engine.listeners import silent
from mlopsc.stdlib.runtime.engine.lock import pin_of
from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.engine.plan import PlannedStage
from mlopsc.stdlib.runtime.engine.prepared import Prepared, Request
from mlopsc.stdlib.runtime.store.faults import OperationError, require_current_folder

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.engine.attempts import Attempts, Finished

JOB = "MLOPSC_JOB"
"""Says of which stage this machine is the cloud job."""


@dataclass(frozen=True)
class RunResult:
    """How a run went. `exit_code`: 0; 1 a stage failed; 3 undecided; 4 files or network; 130 interrupted."""

    number: int
    exit_code: int
    seconds: float
    stages: tuple[StageSummary, ...]
    folder: Path


def run(request: Request, listener: Listener = silent) -> RunResult:
    """Run a pipeline; raises OperationError when it cannot even begin. What is done is kept, however the run ends."""
    require_current_folder()
    prepared = Prepared(request)
    walk = _Walk(prepared, new_run(prepared.project), listener)
    return walk.go()


def run_within(request: Request) -> RunResult:
    """Run a pipeline as a part of something larger: Ctrl-C ends that, too, by KeyboardInterrupt."""
    result = run(request)
    if result.exit_code == INTERRUPTED:
        raise KeyboardInterrupt
    return result


class _Walk:
    """One run. A stage is considered when all its inputs are settled; `_summaries` holds the settled ones."""

    def __init__(self, prepared: Prepared, folder: RunFolder, listener: Listener) -> None:
        self._prepared = prepared
        self._folder = folder
        self._tell = listener
        self._stages = {stage.name: stage for stage in prepared.plan.stages}
        self._summaries: dict[str, StageSummary] = {}
        self._waits_for = {name: set(stage.inputs) & self._stages.keys() for name, stage in self._stages.items()}
        self._ready = [stage for stage in prepared.plan.stages if not self._waits_for[stage.name]]
        self._attempts: Attempts | None = None
        self._began = time.monotonic()
        self._wall = time.time()

    def go(self) -> RunResult:
        """Walk all stages."""
        plan = self._prepared.plan
        self._write(None)
        interrupted = False
        try:
            self._tell(RunStarted(self._folder.number, plan.name, plan.environment, tuple(self._stages)))
            self._loop()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            if self._attempts:
                self._attempts.close()
        return self._finish(interrupted)

    def _loop(self) -> None:
        while True:
            while self._ready:
                self._consider(self._ready.pop(0))
            if self._attempts is None or not self._attempts.busy:
                return
            for finished in self._attempts.step():
                self._take(finished)

    def _consider(self, stage: PlannedStage) -> None:
        blocking = next((name for name in stage.inputs if self._summaries[name].outcome is not Outcome.OK), None)
        if blocking is not None:
            reason = f"because `{blocking}` {_ENDED[self._summaries[blocking].outcome]}"
            self._settle(StageSummary(stage.name, stage.kind, Outcome.SKIPPED, reason=reason))
            return
        try:
            inputs = self._inputs(stage)
            parts = self._prepared.keys.parts(stage, inputs)
            found = self._prepared.brought(stage, parts, self._prepared.find(stage, parts))
            if found.record:
                self._settle(summary_of(found.record, cached=True))
            else:
                self._begin(stage, inputs, parts, found)
        except OperationError as error:
            self._settle(StageSummary(stage.name, stage.kind, Outcome.ERROR, failure=failure_from(error)))

    def _inputs(self, stage: PlannedStage) -> dict[str, StageRecord]:
        records = {name: self._summaries[name].record for name in stage.inputs}
        return {name: record for name, record in records.items() if record}

    def _begin(self, stage: PlannedStage, inputs: Mapping[str, StageRecord], parts: Parts, found: Found) -> None:
        from mlopsc.stdlib.runtime.engine.attempts import Attempts

        if self._attempts is None:
            self._attempts = Attempts(self._prepared, self._folder, self._tell, self._kinds_ahead())
        reason = "; ".join((*self._prepared.causes(stage.name, parts, found), *_where(stage)))
        self._attempts.begin(stage, inputs, parts, found, reason)

    def _kinds_ahead(self) -> list[str]:
        now = {stage.kind for name, stage in self._stages.items() if name not in self._summaries}
        return sorted(now.union(self._prepared.request.later))

    def _take(self, finished: Finished) -> None:
        if not finished.remake:
            self._settle(finished.summary)
        for name in finished.remake:
            self._prepared.forced.add(name)
            del self._summaries[name]
            self._ready.append(self._stages[name])
            for after in self._undecided():
                if name in self._stages[after].inputs:
                    self._waits_for[after].add(name)

    def _undecided(self) -> list[str]:
        """The stages that have neither ended nor begun."""
        begun = self._attempts.running if self._attempts else frozenset()
        return [name for name in self._stages if name not in self._summaries and name not in begun]

    def _settle(self, summary: StageSummary) -> None:
        self._summaries[summary.stage] = summary
        self._tell(StageFinished(summary))
        for name, waited in self._waits_for.items():
            if summary.stage in waited:
                waited.discard(summary.stage)
                if not waited:
                    self._ready.append(self._stages[name])

    def _finish(self, interrupted: bool) -> RunResult:
        for stage in self._stages.values():
            if stage.name not in self._summaries:
                self._tell_interrupted(stage)
        stages = tuple(self._summaries[name] for name in self._stages)
        exit_code = INTERRUPTED if interrupted else _exit_code(stages)
        self._write(exit_code)
        self._keep(stages)
        seconds = time.monotonic() - self._began
        self._tell(RunFinished(self._folder.number, exit_code, seconds, stages))
        return RunResult(self._folder.number, exit_code, seconds, stages, self._folder.path)

    def _tell_interrupted(self, stage: PlannedStage) -> None:
        summary = StageSummary(stage.name, stage.kind, Outcome.INTERRUPTED)
        self._summaries[stage.name] = summary
        self._tell(StageFinished(summary))

    def _keep(self, stages: tuple[StageSummary, ...]) -> None:
        self._prepared.files.save()
        if self._prepared.request.looks_back:
            return
        records = [summary.record for summary in stages if summary.record]
        pins = {record.stage: pin for record in records if (pin := pin_of(record))}
        self._prepared.lock.update(pins, frozenset(stage["name"] for stage in self._prepared.plan.document["stages"]))
        self._prepared.latest.update({record.stage: record.key for record in records})

    def _write(self, exit_code: int | None) -> None:
        plan = self._prepared.plan
        about = {"pipeline": plan.name, "environment": plan.environment, "began": self._wall, "exit_code": exit_code}
        seconds = round(time.monotonic() - self._began, 3)
        self._folder.write({**about, "seconds": seconds}, tuple(self._summaries.values()))


def _where(stage: PlannedStage) -> tuple[str, ...]:
    """That a stage runs here, where the spec would have it run as a job and this is none."""
    asks = (stage.settings.get("compute") or {}).get("function") == "job"
    return ("here, not as the cloud job that the spec asks for",) if asks and not os.environ.get(JOB) else ()


_ENDED = {
    Outcome.FAIL: "failed",
    Outcome.UNDECIDED: "is undecided",
    Outcome.ERROR: "did not finish",
    Outcome.SKIPPED: "was skipped",
    Outcome.INTERRUPTED: "was interrupted",
}


def _exit_code(stages: tuple[StageSummary, ...]) -> int:
    outcomes = {summary.outcome for summary in stages}
    if any(summary.failure and summary.failure.exit_code == ENVIRONMENT for summary in stages):
        return ENVIRONMENT
    if outcomes & {Outcome.FAIL, Outcome.ERROR}:
        return 1
    return UNDECIDED if Outcome.UNDECIDED in outcomes else 0
