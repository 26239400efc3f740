"""The jobs that bring what was trained into an environment, and look after it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlopsc.compiler.ir.model import Stage
from mlopsc.targets.github.clouds.cloud import IDENTITY, Cloud
from mlopsc.targets.github.expressions import Expr, literal
from mlopsc.targets.github.jobs import READ, checkout, passed, python
from mlopsc.targets.github.model import Job, Step, Text
from mlopsc.targets.github.names import job_id
from mlopsc.targets.github.preparing import prepared, secrets, services
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.github.stage_jobs import downloads

BEFORE = ".mlops/before"
"""Where a job has what was made in the environment before."""
_LONGEST = 330
"""Minutes: a hosted machine is taken away after six hours."""
_SHORT = 15
_LEAST = 60


def prove_job(
    repository: Repository,
    cloud: Cloud,
    stages: Sequence[Stage],
    ids: dict[str, str],
    needs: tuple[str, ...],
    condition: Expr,
) -> Job:
    """The run in an environment: what was trained before comes by its hash, and the gate judges it here."""
    there = repository.stages(cloud.build)
    run = Step(
        "run",
        "Run what has not been made before, up to the gate",
        run='python "$RUNNER_FILE"',
        env={
            "RUNNER_FILE": f"{cloud.build.folder}/run.py",
            "MLOPSC_STORE": cloud.store,
            **cloud.opens,
            "MLOPSC_STORE_BEFORE": BEFORE,
            **secrets(there),
        },
    )
    steps = (
        checkout(),
        *python(repository, cloud.extra),
        *prepared(repository, there),
        *downloads(repository, stages, ids, BEFORE),
        *cloud.log_in("train", _LONGEST),
        run,
    )
    return Job(
        prove_id(cloud),
        f"prove in {cloud.environment}",
        steps,
        _LONGEST,
        needs,
        (READ, IDENTITY),
        condition,
        cloud.running,
        services=services(repository),
        folder=repository.folder,
    )


def release_job(repository: Repository, cloud: Cloud, stage: Stage) -> Job:
    """Start a release and leave: ticks bring the version in."""
    start = 'mlopsc release start "$SPEC" --environment "$ENVIRONMENT" --release "$RELEASE"'
    return _service_job(
        repository,
        cloud,
        "release",
        f"release {stage.name} in {cloud.environment}",
        stage,
        start,
        (prove_id(cloud),),
        identity="release",
        condition=Expr(passed(prove_id(cloud))),
    )


def tick_job(repository: Repository, cloud: Cloud, stage: Stage) -> Job:
    """What is due of a release."""
    tick = 'mlopsc release tick "$SPEC" --environment "$ENVIRONMENT" --release "$RELEASE"'
    return _service_job(
        repository,
        cloud,
        "tick",
        f"tick {stage.name} in {cloud.environment}",
        stage,
        tick,
        identity="release",
    )


def look_job(repository: Repository, cloud: Cloud, stage: Stage) -> Job:
    """What is due of a monitor; where it retrains, that takes as long as a training."""
    look = 'mlopsc monitor look "$SPEC" --environment "$ENVIRONMENT" --monitor "$MONITOR"'
    there = repository.stages(cloud.build)
    job = _service_job(
        repository,
        cloud,
        "look",
        f"look at {stage.name} in {cloud.environment}",
        stage,
        look,
        minutes=_LONGEST,
        identity="monitor",
        env=secrets(there),
        before=tuple(prepared(repository, there)),
    )
    return replace(job, services=services(repository))


def rollback_job(repository: Repository, cloud: Cloud, stage: Stage) -> Job:
    """Back to the version before, or to the one that is named; nobody is asked, because it takes seconds."""
    script = """set -- --environment "$ENVIRONMENT" --release "$RELEASE" --reason "$REASON"
if [ -n "$VERSION" ]; then
  mlopsc release rollback "$SPEC" "$VERSION" "$@"
else
  mlopsc release rollback "$SPEC" "$@"
fi
"""
    asked = Expr(f"inputs.environment == {literal(cloud.environment)}")
    extra = {"VERSION": Expr("inputs.version"), "REASON": Expr("inputs.reason")}
    return _service_job(
        repository,
        cloud,
        "rollback",
        f"roll back {stage.name} in {cloud.environment}",
        stage,
        script,
        identity="release",
        condition=asked,
        env=extra,
    )


def prove_id(cloud: Cloud) -> str:
    """The id of the job that proves."""
    return job_id("prove", cloud.environment)


def _service_job(
    repository: Repository,
    cloud: Cloud,
    word: str,
    name: str,
    stage: Stage,
    script: str,
    needs: tuple[str, ...] = (),
    *,
    identity: str,
    minutes: int = _SHORT,
    condition: Expr | None = None,
    env: dict[str, Expr] | None = None,
    before: tuple[Step, ...] = (),
) -> Job:
    """A command on a release or monitor of an environment, as the identity that it is made for."""
    about: dict[str, Text] = {
        "SPEC": repository.builds[0].spec,
        "ENVIRONMENT": cloud.environment,
        stage.kind.upper(): stage.name,
        "MLOPSC_STORE": cloud.store,
        **cloud.opens,
        **(env or {}),
    }
    run = Step("run", name[0].upper() + name[1:], run=script, env=about)
    installed = python(repository, cloud.extra)
    steps = (checkout(), *installed, *before, *cloud.log_in(identity, max(minutes, _LEAST)), run)
    job = job_id(word, cloud.environment, stage.name)
    return Job(job, name, steps, minutes, needs, (READ, IDENTITY), condition, cloud.running, folder=repository.folder)
