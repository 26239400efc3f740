"""What a run would do, before it does anything."""

from __future__ import annotations

from mlopsc.stdlib.runtime.engine.outcome import StageRecord, Verdict
from mlopsc.stdlib.runtime.engine.plan import PlannedStage
from mlopsc.stdlib.runtime.engine.prepared import Prepared, Request
from mlopsc.stdlib.runtime.engine.why import Why, causes
from mlopsc.stdlib.runtime.store.faults import OperationError


def forecast(request: Request) -> tuple[Why, ...]:
    """What a run would do with each stage, and why; nothing is run or written.

    Raises OperationError when the plan, the lock or the store cannot be read.
    """
    prepared = Prepared(request)
    records: dict[str, StageRecord] = {}
    return tuple(_foresee(prepared, stage, records) for stage in prepared.plan.stages)


def _foresee(prepared: Prepared, stage: PlannedStage, records: dict[str, StageRecord]) -> Why:
    try:
        own = prepared.keys.own_parts(stage)
    except OperationError as error:
        return Why(stage.name, stage.kind, "runs", (str(error),))
    blocking = next((records[name] for name in stage.inputs if name in records and not _passed(records[name])), None)
    if blocking:
        return Why(stage.name, stage.kind, "skipped", (f"`{blocking.stage}` did not pass",))
    before = [name for name in stage.inputs if name not in records]
    if before:
        return _after(prepared, stage, before, causes(own, prepared.earlier(stage.name)))
    parts = prepared.keys.parts(stage, {name: records[name] for name in stage.inputs})
    found = prepared.find(stage, parts)
    if found.record:
        records[stage.name] = found.record
        return Why(stage.name, stage.kind, "cached")
    return Why(stage.name, stage.kind, "runs", prepared.causes(stage.name, parts, found))


def _passed(record: StageRecord) -> bool:
    return record.verdict is Verdict.OK


def _after(prepared: Prepared, stage: PlannedStage, before: list[str], own: tuple[str, ...]) -> Why:
    if stage.name in prepared.forced:
        own = ("it is forced",)
    waits = f"{' and '.join(f'`{name}`' for name in before)} may give something new"
    return Why(stage.name, stage.kind, "runs" if own else "depends", own or (waits,))
