"""One piece of work, done in a worker: the same on this machine and on a cluster."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import random
import shutil
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.credentials import masked, without_credentials
from mlopsc.stdlib.runtime.engine.capture import captured, flush, last_lines, restored
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.endings import ENVIRONMENT, failure_from
from mlopsc.stdlib.runtime.engine.events import Failure
from mlopsc.stdlib.runtime.engine.outcome import Message, StageRecord
from mlopsc.stdlib.runtime.engine.tasks import Fanout, StageResult, Task
from mlopsc.stdlib.runtime.engine.usercode import failure_of, forget_project_modules
from mlopsc.stdlib.runtime.store.faults import OperationError


@dataclass(frozen=True)
class Call:
    """A task whose arguments are pickled already: the scheduler passes them on without looking inside."""

    function: str
    arguments: bytes
    label: str = ""


@dataclass(frozen=True)
class Job:
    """A call to make for a stage.

    `results` are the pickled results of the tasks that a `then` waited for. A `root` call must end in a StageResult,
    whose outputs go to the store; any other returns a value for the `then` of its own fan-out.
    """

    number: int
    call: Call
    context: StageContext
    log: Path
    root: bool
    results: tuple[bytes, ...] | None = None


@dataclass(frozen=True)
class Returned:
    """A task's result, pickled."""

    value: bytes


@dataclass(frozen=True)
class Asked:
    """A fan-out."""

    tasks: tuple[Call, ...]
    then: Call


@dataclass(frozen=True)
class Stored:
    """A stage is done: its outputs are in the store, its record is not yet."""

    record: StageRecord


@dataclass(frozen=True)
class Failed:
    """The call failed; `corrupt` is the hash of an input whose bytes are damaged, if that is why."""

    failure: Failure
    corrupt: str = ""


Reply = Returned | Asked | Stored | Failed

NO_ARGUMENTS = pickle.dumps({})


def perform(job: Job) -> Reply:
    """Make the call, with what it prints going to the job's log; never raises, whatever the user's code does.

    Afterwards the process is as it was before: modules of the project are unloaded, the environment, working folder
    and search path are restored, so that no global state reaches the next call.
    """
    context = replace(job.context, scratch=job.context.scratch / str(os.getpid()))
    before = set(sys.modules)
    try:
        with restored(), captured(job.log):
            return _told(replace(job, context=context))
    except OSError as error:
        step = "free some space, or make the project's folder writable"
        return Failed(Failure(f"`{job.log}` cannot be written: {error.strerror}", step, exit_code=ENVIRONMENT))
    finally:
        forget_project_modules(context.project, before)
        _empty(context.scratch)


def _told(job: Job) -> Reply:
    try:
        return _call(job)
    except BaseException as error:
        flush()
        tail = last_lines(job.log)
        sys.stderr.write(without_credentials(traceback.format_exc()))
        return Failed(replace(_failure(job.context, error), tail=tail), getattr(error, "sha256", ""))


def _failure(context: StageContext, error: BaseException) -> Failure:
    if isinstance(error, OperationError):
        return failure_from(error)
    return failure_from(failure_of(error, context.project, f"the stage `{context.name}`"))


def _empty(folder: Path) -> None:
    """Delete what is in a folder; the folder stays, since making one anew for each call is slow."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)  # noqa: PTH108 (no Path is needed)


def _call(job: Job) -> Reply:
    context = job.context
    context.scratch.mkdir(parents=True, exist_ok=True)
    os.chdir(context.project)
    sys.path.insert(0, str(context.project))
    _seed(context.seed)
    arguments: Mapping[str, Any] = pickle.loads(job.call.arguments)
    positional = () if job.results is None else ([pickle.loads(result) for result in job.results],)
    returned = _function(job.call.function)(context, *positional, **arguments)
    if isinstance(returned, Fanout):
        return Asked(tuple(_packed(task) for task in returned.tasks), _packed(returned.then))
    if not job.root:
        return Returned(pickle.dumps(returned, pickle.HIGHEST_PROTOCOL))
    return Stored(_stored(context, returned))


def _function(reference: str) -> Any:
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


def _seed(seed: int) -> None:
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)


def _packed(task: Task) -> Call:
    return Call(task.function, pickle.dumps(dict(task.arguments), pickle.HIGHEST_PROTOCOL), task.label)


def _stored(context: StageContext, result: StageResult) -> StageRecord:
    if not isinstance(result, StageResult):
        raise TypeError(f"the function of stage kind `{context.kind}` returned {type(result).__name__}, no StageResult")
    outputs = {name: context.store.put_object(content) for name, content in sorted(result.outputs.items())}
    record = StageRecord(
        stage=context.name,
        kind=context.kind,
        key=context.key,
        verdict=result.verdict,
        outputs=outputs,
        sizes={name: _size(content) for name, content in result.outputs.items()},
        messages=tuple(Message(**masked(vars(message))) for message in result.messages),
    )
    return replace(record, facts=_as_json(result.facts), notes=_as_json(result.notes))


def _size(content: Path | bytes) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _as_json(value: Mapping[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(masked(value), allow_nan=False))
    return copied
