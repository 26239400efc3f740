"""What is merged is trained once, then brought into each environment in turn: infrastructure first, then the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mlopsc.compiler.ir.model import Stage
from mlopsc.targets.github.cloud_jobs import are_done, has_jobs, hosted, jobs_id, jobs_job
from mlopsc.targets.github.clouds import clouds
from mlopsc.targets.github.clouds.cloud import Cloud
from mlopsc.targets.github.delivery import prove_id, prove_job, release_job
from mlopsc.targets.github.expressions import Expr, literal
from mlopsc.targets.github.image import image_jobs
from mlopsc.targets.github.infrastructure import apply_id, apply_job, plan_id, plan_job
from mlopsc.targets.github.jobs import check_job, passed
from mlopsc.targets.github.model import Concurrency, Job, Value, Workflow
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.github.stage_jobs import run_jobs
from mlopsc.targets.github.telling import delivering

PURPOSE = """Delivers what is merged: the pipeline runs once in its first environment, while its image is built; then
each environment in turn gets its infrastructure (planned by somebody who can change nothing, applied as planned once
its approvers have been asked), takes over what was trained by its hash, and judges it at its gate. A version that
passes is released; ticks do the rest. Started by hand, as far as an environment that is named, or by
`repository_dispatch` (`mlopsc-retrain`), it does the same with the newest rows."""
RETRAIN = "mlopsc-retrain"


def workflow(repository: Repository) -> Workflow:
    """The workflow; one delivery at a time, and none is cancelled."""
    build = repository.builds[0]
    stages = hosted(repository.stages(build), clouds(repository.builds))
    jobs, ids = run_jobs(repository, build, stages)
    trained = [check_job(repository), *(delivering(repository, job) for job in jobs)]
    images = [(_beyond(repository, job), named) for job, named in image_jobs(repository, (trained[0].id,))]
    built = {environment: job.id for job, environments in images for environment in environments}
    delivered = _delivered(repository, stages, ids, tuple(job.id for job in trained), built)
    return Workflow(
        "cd",
        f"{repository.pipeline}: delivery",
        " ".join(PURPOSE.split()),
        {
            "push": {"branches": [repository.branch]},
            "workflow_dispatch": _asked(repository),
            "repository_dispatch": {"types": [RETRAIN]},
        },
        (*trained, *(job for job, _ in images), *delivered),
        Concurrency(f"{repository.prefix}-cd", cancels=False),
    )


def _asked(repository: Repository) -> Value:
    """How far somebody wants to deliver who starts it by hand; nothing where there is but one way."""
    names = _environments(repository)
    given: Value = {"description": "As far as", "type": "choice", "default": names[-1], "options": names}
    return {"inputs": {"environment": given}} if len(names) > 1 else {}


def _environments(repository: Repository) -> list[str]:
    first = repository.builds[0].pipeline.environment.name
    return list(dict.fromkeys([first, *(cloud.environment for cloud in clouds(repository.builds))]))


def _beyond(repository: Repository, job: Job) -> Job:
    """A job that nobody needs who goes no farther than the first environment."""
    first, *more = _environments(repository)
    return replace(job, condition=Expr(f"inputs.environment != {literal(first)}")) if more else job


def _delivered(
    repository: Repository,
    stages: Sequence[Stage],
    ids: dict[str, str],
    after: tuple[str, ...],
    images: Mapping[str, str],
) -> Iterator[Job]:
    names = _environments(repository)
    for cloud in clouds(repository.builds):
        image = images.get(cloud.environment)
        planned = plan_job(repository, cloud, (*after, image) if image else after, image if has_jobs(cloud) else None)
        place = names.index(cloud.environment)
        yield _unless_asked(planned, names[place - 1]) if place else planned
        yield apply_job(repository, cloud)
        needs: tuple[str, ...] = (plan_id(cloud), apply_id(cloud))
        condition = _unless_failed(cloud)
        if has_jobs(cloud):
            yield jobs_job(repository, cloud, needs, condition)
            needs = (*needs, jobs_id(cloud))
            condition = Expr(f"{condition.code} && {are_done(jobs_id(cloud))}")
        yield prove_job(repository, cloud, stages, ids, (*dict.fromkeys(ids.values()), *needs), condition)
        for stage in _of_kind(cloud, "release"):
            yield release_job(repository, cloud, stage)
        after = (prove_id(cloud),)


def _unless_asked(job: Job, before: str) -> Job:
    """Somebody may want to go no farther than the environment before."""
    assert job.condition is not None, "a plan waits for what was before"
    return replace(job, condition=Expr(f"{job.condition.code} && inputs.environment != {literal(before)}"))


def _unless_failed(cloud: Cloud) -> Expr:
    """Nothing to apply is fine; a failed plan or apply is not."""
    return Expr(
        f"{passed(plan_id(cloud))} && "
        f"(needs.{apply_id(cloud)}.result == 'success' || needs.{apply_id(cloud)}.result == 'skipped')"
    )


def _of_kind(cloud: Cloud, kind: str) -> list[Stage]:
    return [stage for stage in cloud.build.pipeline.stages if stage.kind == kind]
