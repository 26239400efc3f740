"""What is due of releases and monitors, hour by hour."""

from __future__ import annotations

from dataclasses import replace

from mlopsc.targets.github.cloud_jobs import are_done, has_jobs, resume_id, resume_job
from mlopsc.targets.github.clouds import clouds
from mlopsc.targets.github.clouds.cloud import Cloud
from mlopsc.targets.github.delivery import look_job, prove_job, release_job, tick_job
from mlopsc.targets.github.expressions import Expr
from mlopsc.targets.github.jobs import passed
from mlopsc.targets.github.model import Concurrency, Job, Workflow
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.github.scheduling import cron

PURPOSE = """Ticks releases and looks at what monitors watch, at minutes of its own. Both do what is due
and nothing else, so a run that GitHub leaves out or starts late costs time, never a step. GitHub stops schedules of
public repositories after 60 days without activity."""


def workflow(repository: Repository) -> Workflow | None:
    """The workflow; none where nothing is released."""
    jobs: list[Job] = []
    for cloud in clouds(repository.builds):
        if has_jobs(cloud):
            jobs += _resumed(repository, cloud)
        for stage in cloud.build.pipeline.stages:
            if stage.kind == "release":
                jobs.append(_alone(repository, tick_job(repository, cloud, stage)))
            elif stage.kind == "monitor":
                jobs.append(_alone(repository, look_job(repository, cloud, stage)))
    if not jobs:
        return None
    schedule = cron(repository.every, repository.pipeline)
    assert schedule is not None, "a spec that was checked asks for no other"
    return Workflow(
        "monitor",
        f"{repository.pipeline}: ticks and looks",
        " ".join(PURPOSE.split()),
        {"schedule": [{"cron": schedule}], "workflow_dispatch": {}},
        tuple(jobs),
    )


def _resumed(repository: Repository, cloud: Cloud) -> list[Job]:
    """What a delivery would have done, had it waited for its jobs."""
    condition = Expr(f"{passed()} && {are_done(resume_id(cloud))}")
    proved = prove_job(repository, cloud, [], {}, (resume_id(cloud),), condition)
    released = [stage for stage in cloud.build.pipeline.stages if stage.kind == "release"]
    jobs = [resume_job(repository, cloud), proved, *(release_job(repository, cloud, stage) for stage in released)]
    return [_alone(repository, job) for job in jobs]


def _alone(repository: Repository, job: Job) -> Job:
    """A job that waits for itself alone: a look that retrains takes hours, and no tick may wait for that."""
    return replace(job, concurrency=Concurrency(f"{repository.prefix}-{job.id}", cancels=False))
