"""What a token of GitHub says of the job that holds it: clouds let in whoever says exactly that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = re.compile(r"repo:[\w.-]+(@\d+)?/[\w.-]+(@\d+)?:environment:[^:*?]+", re.ASCII)
"""A `sub` that names one environment of one repository, in both of its forms."""
PLANNING = "-plan"
"""What ends the name of the GitHub environment in which plans are made: it has no approvers."""
RUNNING = "-run"
"""What ends the name of that in which stages, ticks and looks run: no approvers, and its tokens apply nothing."""
SERVICES = ("router",)
"""Identities that no job of GitHub takes: they run in the cloud all the time."""
BUILDING = "image"
"""What names that in which images are built, as if it were an environment of the spec."""


def jobs_environment(pipeline: str, environment: str, end: str = "") -> str:
    """The GitHub environment of jobs for an environment of the spec: `bike_demand-prod`, `bike_demand-prod-plan`.

    The pipeline's name is in it, because another one in the same repository has a `prod` too, and clouds let in
    whoever runs in an environment.
    """
    return f"{pipeline}-{environment}{end}"


def ready_check(pipeline: str) -> str:
    """What GitHub calls the one check that the rule of the branch asks for; those of other pipelines are others."""
    return f"{pipeline} ready"


def subjects(github: Mapping[str, Any], environment: str) -> str:
    """The `sub` of tokens of jobs in an environment of a repository, from the call `github(…)` as the IR has it.

    It is compared as a whole, never by a pattern: a repository of almost the same name would get in.
    """
    assert not lacking(github), "a check refuses what is not known well enough to be trusted"
    owner, _, repository = str(github["repository"]).partition("/")
    if github.get("immutable"):
        owner, repository = f"{owner}@{github['owner_id']}", f"{repository}@{github['repo_id']}"
    return f"repo:{owner}/{repository}:environment:{environment.replace(':', '%3A')}"


def lacking(github: Mapping[str, Any]) -> tuple[str, ...]:
    """The settings of `github(…)` without which there is no `sub` to compare with."""
    wanted = ("repository", "owner_id", "repo_id") if github.get("immutable") else ("repository",)
    return tuple(name for name in wanted if not github.get(name))
