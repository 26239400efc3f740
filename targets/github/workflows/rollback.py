"""Back to a version that served before, by hand and at once."""

from __future__ import annotations

from mlopsc.targets.github.clouds import clouds
from mlopsc.targets.github.delivery import rollback_job
from mlopsc.targets.github.model import Concurrency, Value, Workflow
from mlopsc.targets.github.repository import Repository

PURPOSE = """Rolls a release back: to the version before, or to the one that is named. Routers follow the release log,
so it takes seconds and touches no infrastructure. Nobody is asked, and the log says who did it and why."""


def workflow(repository: Repository) -> Workflow | None:
    """The workflow; none where nothing is released."""
    there = clouds(repository.builds)
    jobs = tuple(
        rollback_job(repository, cloud, stage)
        for cloud in there
        for stage in cloud.build.pipeline.stages
        if stage.kind == "release"
    )
    if not jobs:
        return None
    inputs: Value = {
        "environment": {
            "description": "Where",
            "type": "choice",
            "required": True,
            "options": [cloud.environment for cloud in there],
        },
        "version": {"description": "To which version; by default the one before", "type": "string", "default": ""},
        "reason": {"description": "Why; it stays in the log", "type": "string", "required": True},
    }
    return Workflow(
        "rollback",
        f"{repository.pipeline}: rollback",
        " ".join(PURPOSE.split()),
        {"workflow_dispatch": {"inputs": inputs}},
        jobs,
        Concurrency(f"{repository.prefix}-rollback", cancels=False),
    )
