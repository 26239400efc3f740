"""The jobs that start stages as tasks on a cloud, wait for as long as a hosted machine may, and come back to them."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.ir.graph import ancestors, descendants
from mlopsc.compiler.ir.model import Stage
from mlopsc.targets.github.clouds.cloud import IDENTITY, Cloud
from mlopsc.targets.github.expressions import Expr
from mlopsc.targets.github.jobs import READ, checkout, python
from mlopsc.targets.github.model import Job, Step, Text
from mlopsc.targets.github.names import job_id
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.terraform.identities import SUBMIT
from mlopsc.targets.terraform.jobs import jobs_of

_MINUTES = 330
"""A hosted machine is taken away after six hours."""
_WITHIN = "5h"
"""How long it waits of that."""
_LEFT = """mlopsc job status "$SPEC" --environment "$ENVIRONMENT" --json > "$RUNNER_TEMP/jobs.json" || true
case "$(jq -r .left "$RUNNER_TEMP/jobs.json")" in
  true) ;;
  false)
    echo "done=false" >> "$GITHUB_OUTPUT"
    exit 0
    ;;
  *) exit 1 ;;
esac
"""
_WAIT = """status=0
mlopsc job wait "$SPEC" --environment "$ENVIRONMENT" --within "$WITHIN" || status=$?
case "$status" in
  0) echo "done=true" >> "$GITHUB_OUTPUT" ;;
  75)
    echo "done=false" >> "$GITHUB_OUTPUT"
    echo "::notice title=still running::the next run of ticks and looks goes on with it"
    ;;
  *) exit "$status" ;;
esac
"""


def has_jobs(cloud: Cloud) -> bool:
    """Whether stages of an environment run as tasks of its cloud."""
    return bool(jobs_of(cloud.build))


def hosted(stages: Sequence[Stage], there: Sequence[Cloud]) -> list[Stage]:
    """The stages that a hosted machine runs: no jobs, nothing that jobs need, which they do themselves, and nothing
    that needs them."""
    elsewhere: set[str] = set()
    for cloud in there:
        for job in jobs_of(cloud.build):
            name, pipeline = job.stage.name, cloud.build.pipeline
            elsewhere |= {name, *ancestors(pipeline, name), *descendants(pipeline, name)}
    return [stage for stage in stages if stage.name not in elsewhere]


def jobs_job(repository: Repository, cloud: Cloud, needs: tuple[str, ...], condition: Expr) -> Job:
    """Start what is not done and wait for it; its output `done` says whether all of it is."""
    return _job(repository, cloud, jobs_id(cloud), f"jobs in {cloud.environment}", _WAIT, needs, condition)


def resume_job(repository: Repository, cloud: Cloud) -> Job:
    """Come back to jobs that somebody has left running; there is nothing to do where nobody has."""
    return _job(repository, cloud, resume_id(cloud), f"resume jobs in {cloud.environment}", f"{_LEFT}{_WAIT}")


def jobs_id(cloud: Cloud) -> str:
    """The id of the job that starts and waits."""
    return job_id("jobs", cloud.environment)


def resume_id(cloud: Cloud) -> str:
    """The id of the job that comes back."""
    return job_id("resume", cloud.environment)


def are_done(job: str) -> str:
    """The condition that all jobs are done, by what a job before has said."""
    return f"needs.{job}.result == 'success' && needs.{job}.outputs.done == 'true'"


def _job(
    repository: Repository,
    cloud: Cloud,
    named: str,
    title: str,
    script: str,
    needs: tuple[str, ...] = (),
    condition: Expr | None = None,
) -> Job:
    about: dict[str, Text] = {
        "SPEC": repository.builds[0].spec,
        "ENVIRONMENT": cloud.environment,
        "WITHIN": _WITHIN,
        "MLOPSC_STORE": cloud.store,
        **cloud.opens,
    }
    wait = Step("wait", "Start what is not done, and wait for it", run=script, env=about)
    return Job(
        named,
        title,
        (checkout(), *python(repository, cloud.extra), *cloud.log_in(SUBMIT, _MINUTES), wait),
        _MINUTES,
        needs,
        (READ, IDENTITY),
        condition,
        cloud.running,
        outputs={"done": Expr("steps.wait.outputs.done")},
        folder=repository.folder,
    )
