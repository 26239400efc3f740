"""What a person applies once to a repository, so that a token of an environment means what the clouds take it for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from mlopsc.targets import Build, OutputFile, folder_name
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.expressions import Expr, Value
from mlopsc.targets.terraform.guides import guide
from mlopsc.targets.terraform.oidc import BUILDING, PLANNING, RUNNING, jobs_environment, ready_check
from mlopsc.targets.terraform.resources import Backend, Provider, Reason, Resource, Root
from mlopsc.targets.terraform.synthesis import Plan

PROVIDER = "integrations/github"
VERSIONS = "~> 6.13"
_TEAM = re.compile(r"@[\w.-]+/(?P<slug>[\w.-]+)")
_USER = re.compile(r"@(?P<name>[\w-]+)")
_MOST_REVIEWERS = 6
_GITHUB_ACTIONS = 15_368
"""The number of the app that reports what jobs end with: a check of the same name by anybody else does not count."""


@dataclass(frozen=True)
class Repository:
    """A repository, and the builds of environments that its jobs deliver to."""

    call: Mapping[str, Any]
    builds: Sequence[Build]

    @property
    def owner(self) -> str:
        """The user or organisation."""
        return str(self.call["repository"]).partition("/")[0]

    @property
    def name(self) -> str:
        """The name without its owner."""
        return str(self.call["repository"]).partition("/")[2]

    @property
    def pipeline(self) -> str:
        """The name of the pipeline."""
        return self.builds[0].pipeline.name

    @property
    def branch(self) -> str:
        """The branch that is delivered."""
        return str(self.call.get("branch", "main"))

    @property
    def asks_reviewers(self) -> bool:
        """Whether GitHub asks people before a job of an environment begins, in private repositories too."""
        return self.call.get("plan") == "enterprise"

    def because(self, purpose: str) -> Reason:
        """A reason that the repository gives."""
        return Written(self.builds[0]).because_of_pipeline(purpose, "github")


def bootstrap(builds: Sequence[Build], backend: Backend) -> tuple[Sequence[Plan], Sequence[OutputFile]]:
    """The folder of the repository, if the spec names one; its state is beside those of the clouds."""
    call = cast("Mapping[str, Any]", builds[0].pipeline.settings.get("github") or {})
    if not call.get("repository"):
        return (), ()
    repository = Repository(call, builds)
    pipeline = builds[0].pipeline.name
    root = Root(
        f"deploy/{folder_name(pipeline)}/bootstrap/github",
        pipeline,
        "",
        backend,
        (Provider("github", PROVIDER, VERSIONS, {"owner": repository.owner}),),
        tuple(_resources(repository)),
        at=Written(builds[0]).at,
    )
    return (Plan(root, "", {}),), (OutputFile(f"{root.folder}/README.md", guide("github", root, builds[0].spec)),)


def _resources(repository: Repository) -> Iterator[Resource]:
    people = [one for build in repository.builds for one in _approvers(build)] if repository.asks_reviewers else []
    yield from _looked_up(repository, people)
    for build in repository.builds:
        written = Written(build)
        reviewers = _approvers(build) if repository.asks_reviewers else []
        why = written.because(f"Jobs that apply to {written.environment}", "approvers")
        yield from _environment(repository, written, "", why, reviewers)
        planned = written.because(f"Jobs that plan for {written.environment}: they change nothing and ask nobody")
        yield from _environment(repository, written, PLANNING, planned, [])
        run = written.because(f"Jobs that run stages, ticks and looks in {written.environment}: they apply nothing")
        yield from _environment(repository, written, RUNNING, run, [])
    built = repository.because("Jobs that build images")
    yield from _jobs_of(repository, Written(repository.builds[0]), BUILDING, "", built, [])
    yield _ruleset(repository)


def _approvers(build: Build) -> list[str]:
    found = cast("list[str]", build.pipeline.environment.settings.get("approvers", []))
    return [one for one in found if _TEAM.fullmatch(one) or _USER.fullmatch(one)][:_MOST_REVIEWERS]


def _looked_up(repository: Repository, people: Sequence[str]) -> Iterator[Resource]:
    """The numbers of those who approve."""
    reason = repository.because("Who approves, by number")
    written = Written(repository.builds[0])
    for one in dict.fromkeys(people):
        team, user = _TEAM.fullmatch(one), _USER.fullmatch(one)
        if team:
            yield Resource("github_team", written.identifier(team["slug"]), {"slug": team["slug"]}, reason, kind="data")
        elif user:
            body = {"username": user["name"]}
            yield Resource("github_user", written.identifier(user["name"]), body, reason, kind="data")


def _environment(
    repository: Repository, written: Written, end: str, reason: Reason, reviewers: Sequence[str]
) -> Iterator[Resource]:
    return _jobs_of(repository, written, written.environment, end, reason, reviewers)


def _jobs_of(
    repository: Repository, written: Written, environment: str, end: str, reason: Reason, reviewers: Sequence[str]
) -> Iterator[Resource]:
    """The GitHub environment of some jobs, and the one branch that it is for."""
    name = jobs_environment(written.pipeline, environment, end)
    label = written.identifier(f"{environment}{end}")
    body: dict[str, Value] = {
        "repository": repository.name,
        "environment": name,
        "can_admins_bypass": False,
        "deployment_branch_policy": [{"protected_branches": False, "custom_branch_policies": True}],
    }
    if reviewers:
        body["prevent_self_review"] = True
        body["reviewers"] = [_reviewers(written, reviewers)]
    made = Resource("github_repository_environment", label, body, reason)
    yield made
    only = reason.but_for(f"Only jobs of {repository.branch} get a token of {name}")
    policy: dict[str, Value] = {
        "repository": repository.name,
        "environment": made.get("environment"),
        "branch_pattern": repository.branch,
    }
    yield Resource("github_repository_environment_deployment_policy", label, policy, only)


def _reviewers(written: Written, reviewers: Sequence[str]) -> dict[str, Value]:
    teams = [match["slug"] for one in reviewers if (match := _TEAM.fullmatch(one))]
    users = [match["name"] for one in reviewers if (match := _USER.fullmatch(one))]
    found: dict[str, Value] = {}
    if teams:
        found["teams"] = [Expr(f"data.github_team.{written.identifier(one)}.id") for one in teams]
    if users:
        found["users"] = [Expr(f"data.github_user.{written.identifier(one)}.id") for one in users]
    return found


def _ruleset(repository: Repository) -> Resource:
    reviewed = {
        "required_approving_review_count": 1,
        "require_code_owner_review": True,
        "require_last_push_approval": True,
        "dismiss_stale_reviews_on_push": True,
    }
    check: dict[str, Value] = {"context": ready_check(repository.pipeline), "integration_id": _GITHUB_ACTIONS}
    asked: dict[str, Value] = {"required_check": [check], "strict_required_status_checks_policy": True}
    body: dict[str, Value] = {
        "name": f"mlopsc-{repository.pipeline}",
        "repository": repository.name,
        "target": "branch",
        "enforcement": "active",
        "conditions": [{"ref_name": [{"include": [f"refs/heads/{repository.branch}"], "exclude": []}]}],
        "rules": [
            {
                "deletion": True,
                "non_fast_forward": True,
                "pull_request": [reviewed],
                "required_status_checks": [asked],
            }
        ],
    }
    purpose = f"What is on {repository.branch} is delivered, so nothing comes there unseen by its owners, or unchecked"
    return Resource("github_repository_ruleset", "delivered", body, repository.because(purpose))
