"""What is due of releases and monitors, hour by hour."""

from __future__ import annotations

from dataclasses import replace

from mlopsc.targets.github.clouds import clouds
from mlopsc.targets.github.delivery import look_job, tick_job
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


def _alone(repository: Repository, job: Job) -> Job:
    """A job that waits for itself alone: a look that retrains takes hours, and no tick may wait for that."""
    return replace(job, concurrency=Concurrency(f"{repository.prefix}-{job.id}", cancels=False))
