"""A score stage from rows to written predictions."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mlopsc.compiler.ir.model import Rule
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.data.declared import read_stage
from mlopsc.stdlib.runtime.engine.events import Listener, Outcome
from mlopsc.stdlib.runtime.engine.listeners import silent
from mlopsc.stdlib.runtime.engine.outcome import Message, StageFailure, StageRecord
from mlopsc.stdlib.runtime.engine.plan import load_plan
from mlopsc.stdlib.runtime.engine.prepared import Prepared, Request
from mlopsc.stdlib.runtime.engine.runner import RunResult, run
from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.score import batch as batches
from mlopsc.stdlib.runtime.score.batch import Batch
from mlopsc.stdlib.runtime.score.choosing import Chosen, choose_version, told_of_libraries
from mlopsc.stdlib.runtime.score.limits import insist, within
from mlopsc.stdlib.runtime.score.sinks import Put, put, require_sink
from mlopsc.stdlib.runtime.service.deployment import stage_named
from mlopsc.stdlib.runtime.store.log import Entry, Log
from mlopsc.stdlib.runtime.store.protocol import Store
from mlopsc.stdlib.score import Score


@dataclass(frozen=True)
class Scoring:
    """How scoring went. `rows` are those that were predicted; `put` is None where nothing was written.

    `messages` say why, or what to look at; `run` is the run that made the rows.
    """

    stage: str
    environment: str
    run: RunResult
    version: int
    as_of: datetime | None = None
    rows: int = 0
    put: Put | None = None
    messages: tuple[Message, ...] = ()


def score(request: Request, name: str, as_of: datetime | None = None, listener: Listener = silent) -> Scoring:
    """Score the rows of a score stage's data and write them, all or nothing.

    With `as_of`, only rows up to then are read, and `mlops.lock` stays as it is. Raises OperationError when there is
    no version to score with, or something cannot be read or written.
    """
    document = load_plan(request.pipeline, request.functions).document
    settings = Score.model_validate(stage_named(document, name).get("settings", {}))
    with within(settings.timeout):
        return _score(request, document, name, settings, as_of, listener)


def _score(
    request: Request,
    document: Mapping[str, Any],
    name: str,
    settings: Score,
    as_of: datetime | None,
    listener: Listener,
) -> Scoring:
    looking = _looking_back(document, str(settings.data), as_of) if as_of else document
    asked = replace(request, pipeline=looking, only=(str(settings.data),), looks_back=as_of is not None)
    prepared = Prepared(asked)
    require_sink(settings.into, prepared.project)
    chosen = choose_version(document, prepared.store, str(settings.model))
    result, environment = run(asked, listener), prepared.plan.environment
    summary = next(one for one in result.stages if one.stage == settings.data)
    if summary.outcome is not Outcome.OK or summary.record is None:
        return Scoring(name, environment, result, chosen.number)
    with redirect_stdout(sys.stderr):  # what the project's own code prints is no part of the result
        model = load_model(prepared.store.local_path(chosen.artefact))
        made, messages = _made(prepared, looking, name, settings, (chosen.number, model), summary.record)
    done = Scoring(name, environment, result, chosen.number, made.as_of, made.table.num_rows, messages=tuple(messages))
    if messages:
        return done
    written = insist(lambda: put(made, settings.into, prepared.project), settings.retries)
    _record(prepared.store, document, made, chosen, summary.record, written)
    warning = told_of_libraries(chosen, model.environment)
    return replace(done, put=written, messages=(Message(warning, level="warning"),) if warning else ())


def _made(
    prepared: Prepared,
    document: Mapping[str, Any],
    name: str,
    settings: Score,
    version: tuple[int, LoadedModel],
    record: StageRecord,
) -> tuple[Batch, list[Message]]:
    """The batch, and what it breaks."""
    data = read_stage(stage_named(document, str(settings.data)))
    rows = batches.read_rows(data, prepared.store.local_path(record.outputs["rows"]))
    number, model = version
    scored = batches.predict(data, rows, model)
    rules: Sequence[Rule] = [Rule.model_validate(rule) for rule in stage_named(document, name).get("rules", ())]
    messages = batches.hold(scored, rules, prepared.project)
    return batches.assemble(name, scored, number, batches.as_of(data, rows)), messages


def _looking_back(document: Mapping[str, Any], name: str, as_of: datetime) -> dict[str, Any]:
    """The pipeline with the rows of a data stage, and of those that it is derived from, cut off at a moment.

    Raises StageFailure when none of them has a time.
    """
    names, waiting = set[str](), [name]
    while waiting:
        names.add(current := waiting.pop())
        waiting += [one for one in stage_named(document, current).get("inputs", ()) if one not in names]
    cut = {
        one["name"]: {**one, "settings": {**one["settings"], "as_of": as_of.isoformat()}}
        for one in document["stages"]
        if one["name"] in names and one["settings"].get("time")
    }
    if name not in cut:
        hint = f"say which column it is: `time = …` in `{name}`"
        raise StageFailure(f"`--as-of` needs the time of the rows of `{name}`", hint, setting="time")
    return {**document, "stages": [cut.get(one["name"], one) for one in document["stages"]]}


def log_of(store: Store, stage: str, environment: str) -> Log:
    """What was written by a score stage, batch by batch."""
    return Log(store, f"score/{stage}/{environment}/log")


def _record(
    store: Store, document: Mapping[str, Any], batch: Batch, chosen: Chosen, data: StageRecord, written: Put
) -> None:
    """Note what is written now, unless the newest note about this batch says so already."""
    record = {
        "train": chosen.train,
        "version": chosen.number,
        "as_of": batch.as_of.isoformat(),
        "rows": batch.table.num_rows,
        "data": data.facts["hash"],
        "batch": batch.sha256,
        "into": written.place,
    }

    def decide(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
        notes = (one.record for one in reversed(entries) if one.record)
        same = (one for one in notes if all(one[name] == record[name] for name in ("as_of", "version", "into")))
        newest = next(same, {"batch": ""})
        return None if newest["batch"] == record["batch"] else {**record, "at": clock.stamp(clock.now())}

    log_of(store, batch.stage, str(document["environment"]["name"])).append(decide)
