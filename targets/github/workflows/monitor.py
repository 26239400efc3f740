"""What is due of releases and monitors, hour by hour."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

from mlopsc.targets.github.clouds import clouds
from mlopsc.targets.github.delivery import look_job, tick_job
from mlopsc.targets.github.model import Concurrency, Job, Workflow
from mlopsc.targets.github.repository import Repository

PURPOSE = """Ticks releases and looks at what monitors watch, every hour, at a minute of its own. Both do what is due
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
    return Workflow(
        "monitor",
        f"{repository.pipeline}: ticks and looks",
        " ".join(PURPOSE.split()),
        {"schedule": [{"cron": f"{_minute(repository.pipeline)} * * * *"}], "workflow_dispatch": {}},
        tuple(jobs),
    )


def _alone(repository: Repository, job: Job) -> Job:
    """A job that waits for itself alone: a look that retrains takes hours, and no tick may wait for that."""
    return replace(job, concurrency=Concurrency(f"{repository.prefix}-{job.id}", cancels=False))


def _minute(pipeline: str) -> int:
    """A minute at which few others begin, the same for a pipeline every time."""
    rare = [minute for minute in range(3, 58) if minute % 5]
    return rare[crc32(pipeline.encode("utf-8", "surrogatepass")) % len(rare)]
