"""What is asked of a change before it is merged: nothing of it reaches a cloud, and forks may ask, too."""

from __future__ import annotations

from mlopsc.targets.github.expressions import Expr, mixed
from mlopsc.targets.github.jobs import check_job, ready_job
from mlopsc.targets.github.model import Concurrency, Workflow
from mlopsc.targets.github.preparing import reads_no_secret
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.github.stage_jobs import run_jobs
from mlopsc.targets.github.telling import comment_job, delivered_job, proposing, telling_changes

PURPOSE = """Asked of every pull request, those of forks included: is the spec right, is what it makes committed, and
does the pipeline run as far as its gate? No job has a token of a cloud, or a secret. `ready` is the one check that a
rule of the branch has to ask for. What was found stands in one comment, but on pull requests of forks: their token can
only read."""


def workflow(repository: Repository) -> Workflow:
    """The workflow; it runs the first environment, on this machine's own store."""
    build = repository.builds[0]
    every = repository.stages(build)
    stages = reads_no_secret(build.pipeline, every)
    jobs, _ = run_jobs(repository, build, stages)
    check = telling_changes(repository, check_job(repository))
    run = [proposing(repository, job) for job in jobs]
    asked = [check, delivered_job(repository), *run]
    return Workflow(
        "ci",
        f"{repository.pipeline}: integration",
        " ".join([*PURPOSE.split(), *_left_out([stage.name for stage in every if stage not in stages])]),
        {"pull_request": {}, "merge_group": {}, "workflow_dispatch": {}},
        (
            *asked,
            ready_job(repository, [job.id for job in asked]),
            comment_job(repository, [job.id for job in (check, *run)]),
        ),
        Concurrency(mixed(f"{repository.prefix}-ci-", Expr("github.ref")), cancels=True),
    )


def _left_out(names: list[str]) -> list[str]:
    return [f"Left to the delivery, for they need a secret: {', '.join(names)}."] if names else []
