"""Setting the scene of a rehearsal: the rows of the real data stage, on a stage of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.compiler.ir.model import Rule
from mlopsc.compiler.schema.values import Duration, Money, Rate
from mlopsc.stdlib.runtime.data.declared import read_stage
from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import run_within
from mlopsc.stdlib.runtime.rehearsal.injections import CANDIDATES, DAY, Injection
from mlopsc.stdlib.runtime.rehearsal.staging import Place, make_approvers, monitors_of, open_place, staged, upstream
from mlopsc.stdlib.runtime.rehearsal.world import World, read_world, thinned
from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment, stage_named
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.opening import environment_store

_MOST_REQUESTS = 3_600
"""More would take longer than a person watches."""
_LABEL_DELAY = 6 * 3_600.0
_CANDIDATE_DAYS = 35.0
"""How long a rehearsal lasts that is about a candidate alone."""


@dataclass(frozen=True)
class Asked:
    """What somebody asked to rehearse: an environment's `pipeline.json`, and what does the work of its stages."""

    document: Mapping[str, Any]
    project: Path
    functions: Mapping[str, str]
    release: str | None = None
    injections: tuple[Injection, ...] = ()
    days: float | None = None


@dataclass(frozen=True)
class Scene:
    """What is rehearsed: a release on its stage, the rows that will come, and the troubles.

    `functions` do the work of stages; `label_delay` is how long after a request its truth is told, in seconds;
    `copies` is how often each row is asked for.
    """

    deployment: Deployment
    place: Place
    world: World
    functions: Mapping[str, str]
    injections: tuple[Injection, ...]
    ends: float
    label_delay: float
    copies: int = 1


def set_scene(asked: Asked) -> Scene:
    """Read the data as the real pipeline does, from its store where it is there, and set the stage beside it.

    Raises OperationError where there is no release, no data, or trouble that would begin after the end.
    """
    release = open_deployment(asked.document, asked.project, asked.release)
    place = open_place(asked.project)
    world = _world(asked, release, place)
    days = asked.days or _days(asked.injections, world)
    ends = min(world.ends, world.begins + days * DAY)
    for injection in asked.injections:
        if world.begins + injection.after >= ends:
            length = (ends - world.begins) / DAY
            fact = f"`{injection.trouble}` would begin after the end: the rehearsal has {length:.0f} days"
            raise OperationError(fact, f"let it begin earlier: `{injection.trouble}@{max(1, int(length / 4))}d`")
    deployment = staged(asked.document, place, release.name)
    place.pipeline.write_text(json.dumps(deployment.document, indent=1), encoding="utf-8")
    if deployment.approvers:
        make_approvers(place, deployment.approvers)
    world = thinned(world, _MOST_REQUESTS)
    copies = _copies(deployment, world, ends)
    return Scene(deployment, place, world, asked.functions, asked.injections, ends, _label_delay(deployment), copies)


def _world(asked: Asked, release: Deployment, place: Place) -> World:
    name = str(release.data["name"])
    store = environment_store(release.environment_settings, asked.project)
    only = upstream(asked.document, name)
    later = tuple(asked.functions)
    request = Request(asked.document, place.project, asked.functions, only=only, store=store, later=later)
    result = run_within(request)
    records = {one.stage: one.record for one in result.stages if one.record}
    record: StageRecord | None = records.get(name)
    if result.exit_code or record is None:
        failed = next(one for one in result.stages if one.failure or one.outcome != "ok")
        reason = failed.failure.message if failed.failure else "its checks do not hold"
        raise OperationError(f"there are no rows to rehearse with: {reason}", f"`mlopsc run {failed.stage}` says more")
    stage = read_stage(stage_named(asked.document, name))
    return read_world(store.local_path(record.outputs["rows"]), store.local_path(record.outputs["splits"]), stage)


def _days(injections: Sequence[Injection], world: World) -> float:
    """All rows that are still to come; about a candidate alone, as long as a rollout takes to be stopped."""
    if injections and all(one.trouble in CANDIDATES for one in injections):
        return _CANDIDATE_DAYS
    return (world.ends - world.begins) / DAY


def _copies(deployment: Deployment, world: World, ends: float) -> int:
    """How often each row is asked for: as the expected traffic says, as far as there is time for it."""
    rows = len(world.between(world.begins, ends))
    days = (ends - world.begins) / DAY
    traffic = deployment.environment_settings.get("traffic")
    expected = _per_day(Rate.parse(traffic)) * days if traffic else rows
    return max(1, int(min(expected, _MOST_REQUESTS) // max(rows, 1)))


def _per_day(rate: Rate) -> float:
    if isinstance(rate.amount, Money):
        return 0.0
    seconds = rate.per.seconds + rate.per.months * 30 * DAY
    return rate.amount / seconds * DAY


def _label_delay(deployment: Deployment) -> float:
    """Half of the shortest time that the spec gives labels, so that they are neither at once nor late."""
    rules = [Rule.model_validate(rule) for stage in monitors_of(deployment) for rule in stage.get("rules", ())]
    lags = [Duration.parse(str(rule.clauses["lag"])).seconds for rule in rules if rule.clauses.get("lag")]
    return min(lags) / 2 if lags else _LABEL_DELAY
