"""`watch age(…)`: how long ago the newest row of a data stage happened, by its source as it is now."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mlopsc.stdlib.monitor import DataAge
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.data import snapshot
from mlopsc.stdlib.runtime.data.declared import DataStage, read_stage
from mlopsc.stdlib.runtime.data.sources import read_source
from mlopsc.stdlib.runtime.data.typed import read_column
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.history import Latest
from mlopsc.stdlib.runtime.engine.index import find
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.monitor.evidence import Evidence, seconds_of
from mlopsc.stdlib.runtime.monitor.journal import Reading, Record, Status
from mlopsc.stdlib.runtime.monitor.watches import WatchRule

_DAY = 86_400.0


def read_age(evidence: Evidence, watch: WatchRule, readings: Sequence[Record]) -> Reading:
    """What a look says now. A source that cannot be read ages from the newest row that was last seen in it."""
    assert isinstance(watch.what, DataAge)
    trouble = ""
    try:
        newest = _newest_row(evidence, read_stage(evidence.deployment.declared(str(watch.what.data))))
    except StageFailure as failure:
        trouble = f"; the source cannot be read: {failure.message}"
        seen = [record["evidence"]["newest"] for record in readings if record["evidence"].get("newest") is not None]
        newest = float(seen[-1]) if seen else -np.inf
    if not np.isfinite(newest):
        return Reading(Status.UNDECIDED, f"no row of `{watch.what.data}` has a time{trouble}")
    age, limit = clock.now() - newest, watch.comparisons[0].limit.offset
    text = f"the newest row of `{watch.what.data}` is {age / _DAY:.2f} d old against {limit / _DAY:.3g} d{trouble}"
    strict = watch.comparisons[0].operator == "<"
    status = Status.BROKEN if age > limit or (strict and age == limit) else Status.HOLDS
    return Reading(status, text, {"value": age, "limit": limit, "newest": newest})


def _newest_row(evidence: Evidence, stage: DataStage) -> float:
    """When the newest row happened, in seconds since 1970; -inf without any; raises StageFailure."""
    if stage.settings.from_:
        return _newest_of_snapshot(evidence, stage)
    column = next(one for one in stage.columns if one.name == stage.settings.time)
    deployment = evidence.deployment
    with tempfile.TemporaryDirectory() as scratch:
        context = StageContext(
            deployment.declared(stage.name),
            deployment.document,
            deployment.project.resolve(),
            Path(scratch),
            {},
            deployment.store,
            "",
        )
        frame = read_source(context, stage).frame
    if column.name not in frame:
        raise StageFailure(f"the source of `{stage.name}` has no column `{column.name}`")
    typed = read_column(frame[column.name], column, stage.settings.zone)
    return float(seconds_of(typed.values.to_pandas()).max())


def _newest_of_snapshot(evidence: Evidence, stage: DataStage) -> float:
    """The same of rows that are derived from other stages, as they were when the stage last ran in this project."""
    deployment = evidence.deployment
    latest = Latest(deployment.project.resolve(), str(deployment.document["name"]), deployment.environment)
    record = find(deployment.store, latest.keys[stage.name]).record if stage.name in latest.keys else None
    if record is None or "rows" not in record.outputs:
        raise StageFailure(f"`{stage.name}` has not run here yet", "run it")
    frame = snapshot.read_rows(deployment.store.local_path(record.outputs["rows"]), stage)
    return float(seconds_of(frame[str(stage.settings.time)]).max())
