"""What jobs tell: reports that jobs of stages keep, what was delivered last, and one comment on the pull request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlopsc.targets.github.expressions import API, Expr, mixed
from mlopsc.targets.github.model import Job, Permission, Step, Text, Value
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.github.telling_scripts import COMMENT, FIND, WRITE

DELIVERED = "delivered"
"""The job that fetches the reports of the last delivery, and what it keeps them as."""
COMMENTS = "comment"
_TOLD = ".mlops/report"
_BEFORE = ".mlops/delivered"
_SHORT, _LONG = 1, 90
"""Days."""
_OF_RUN = "needs.delivered.outputs.run"


def delivering(repository: Repository, job: Job) -> Job:
    """A job of a stage that keeps its report for as long as pull requests may ask for it."""
    return _telling(repository, job, "run", _LONG)


def proposing(repository: Repository, job: Job) -> Job:
    """A job of a stage that holds its figures against those of the last delivery, and keeps its report."""
    fetch = Step(
        "fetch-delivered",
        "Get what was delivered last",
        uses="download",
        given={"name": DELIVERED, "path": repository.in_folder(_BEFORE)},
        condition=Expr(_OF_RUN),
        may_fail=True,
    )
    told = _telling(repository, job, "run", _SHORT, {"MLOPSC_REPORT_BEFORE": f"{_BEFORE}/{job.id}"})
    at = [step.id for step in told.steps].index("run")
    return replace(told, needs=(*job.needs, DELIVERED), steps=(*told.steps[:at], fetch, *told.steps[at:]))


def telling_changes(repository: Repository, job: Job) -> Job:
    """The job that checks the spec, which also says what a pull request changes of it."""
    first, *others = job.steps
    # Of a pull request, GitHub checks out its merge: the first commit before that is the branch that it goes to.
    deep = replace(first, given={"fetch-depth": 2, **first.given})
    changes = Step(
        "changes",
        "Tell what changes of the spec",
        run='mlopsc diff "$SPEC" --since HEAD^1',
        env={"SPEC": repository.builds[0].spec},
        condition=Expr("github.event_name == 'pull_request'"),
        may_fail=True,
    )
    return _telling(repository, replace(job, steps=(deep, *others, changes)), "changes", _SHORT)


def delivered_job(repository: Repository) -> Job:
    """The reports of the last delivery, for jobs that run code of the pull request and have no token for them."""
    about: dict[str, Text] = {
        "API": API,
        "WORKFLOW": f"{repository.prefix}-cd.yml",
        "BRANCH": repository.branch,
        "TOKEN": Expr("github.token"),
    }
    found = Expr("steps.find.outputs.run")
    given = {**_reports(DELIVERED), "run-id": found, "github-token": Expr("github.token")}
    kept: dict[str, Value] = {
        "name": DELIVERED,
        "path": DELIVERED,
        "if-no-files-found": "ignore",
        "retention-days": _SHORT,
    }
    return Job(
        DELIVERED,
        "get what was delivered last",
        (
            Step("find", "Find the last delivery", run=FIND, env=about),
            Step("fetch", "Get what it told", uses="download", given=given, condition=found, may_fail=True),
            Step("keep", "Keep it for other jobs", uses="upload", given=kept, condition=found, may_fail=True),
        ),
        5,
        permissions=(Permission("actions", "read", "what runs of the delivery kept"),),
        outputs={"run": found},
    )


def comment_job(repository: Repository, needs: Sequence[str]) -> Job:
    """The one comment on a pull request of this repository: no code of the pull request runs beside its token."""
    fetch = Step("fetch", "Get what the jobs told", uses="download", given=_reports("told"), may_fail=True)
    mark = f"<!-- mlopsc: {repository.prefix} -->"
    about: dict[str, Text] = {
        "MARK": mark,
        "PIPELINE": repository.prefix,
        "JOBS": " ".join(needs),
        "RESULTS": Expr("toJSON(needs)"),
        "COMMIT": Expr("github.event.pull_request.head.sha"),
        "PAGE": mixed(
            Expr("github.server_url"), "/", Expr("github.repository"), "/actions/runs/", Expr("github.run_id")
        ),
    }
    sent: dict[str, Text] = {
        "MARK": mark,
        "API": API,
        "NUMBER": Expr("github.event.pull_request.number"),
        "TOKEN": Expr("github.token"),
    }
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    return Job(
        COMMENTS,
        "comment on the pull request",
        (
            fetch,
            Step("write", "Write the comment", run=WRITE, env=about),
            Step("comment", "Create or update it", run=COMMENT, env=sent),
        ),
        5,
        tuple(needs),
        (Permission("pull-requests", "write", "one comment, found by its first line"),),
        Expr(f"!cancelled() && github.event_name == 'pull_request' && {own}"),
        may_fail=True,
    )


def _reports(path: str) -> dict[str, Value]:
    return {"pattern": "report-*", "merge-multiple": True, "path": path}


def _telling(repository: Repository, job: Job, step: str, days: int, env: dict[str, Text] | None = None) -> Job:
    """The same job: one of its steps leaves a report, which is kept however it ends."""
    # In a folder of its own, so that those of several jobs can lie beside each other.
    more: dict[str, Text] = {"MLOPSC_REPORT": f"{_TOLD}/{job.id}", **(env or {})}
    steps = [replace(one, env={**one.env, **more}) if one.id == step else one for one in job.steps]
    kept = Step(
        "report",
        "Keep what it told",
        uses="upload",
        given={
            "name": f"report-{job.id}",
            "path": repository.in_folder(_TOLD),
            "include-hidden-files": True,
            "if-no-files-found": "ignore",
            "retention-days": days,
        },
        condition=Expr("!cancelled()"),
        may_fail=True,
    )
    return replace(job, steps=(*steps, kept))
