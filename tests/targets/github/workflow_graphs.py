"""Reads emitted workflows and Terraform back, knowing nothing of how they are written but what GitHub knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from networkx import DiGraph

_KINDS = ("release", "monitor")
_ROLE = re.compile(r"arn:aws:iam::\d+:role/(.+)")
_CLIENT = re.compile(r"\$\{\{ vars\.(\w+) \}\}")
_TOLD = re.compile(
    r"gh variable set (\w+) --env (\S+) .*?az identity show --resource-group \S+ --name (\S+)", re.DOTALL
)
_SUBJECT = re.compile(r"repo:.+:environment:(.+)")

Jobs = Mapping[str, Mapping[str, Any]]


def document_of(text: str) -> dict[str, Any]:
    """A workflow, by the fastest reader there is; that others read the same is what the tests of injection prove."""
    found: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


def jobs_of(text: str) -> Jobs:
    """The jobs of a workflow."""
    return {str(name): job for name, job in document_of(text)["jobs"].items()}


def graph_by_needs(jobs: Jobs) -> DiGraph[str]:
    """Stages that jobs run one by one, and an edge where a job waits for that of another."""
    stages = dict(_stage_jobs(jobs))
    return _graph(jobs, stages, ((one, job) for job in stages for one in jobs[job].get("needs", ()) if one in stages))


def graph_by_artifacts(jobs: Jobs) -> DiGraph[str]:
    """The same stages, and an edge where a job fetches what that of another keeps."""
    stages = dict(_stage_jobs(jobs))
    kept = {name: job for job in stages for name in _artifacts(jobs[job], "upload")}
    edges = ((kept[name], job) for job in stages for name in _artifacts(jobs[job], "download") if name in kept)
    return _graph(jobs, stages, edges)


def served(jobs: Jobs) -> Iterator[tuple[str, str, str]]:
    """Each job whose command is about a release or a monitor: its name, the kind and the name of that."""
    for name, value in _env(jobs):
        yield from ((name, kind, str(value[kind.upper()])) for kind in _KINDS if kind.upper() in value)


def environments(jobs: Jobs) -> dict[str, str]:
    """By job, the environment whose spec it is about, where it is about one."""
    found = {name: str(value["ENVIRONMENT"]) for name, value in _env(jobs) if "ENVIRONMENT" in value}
    runners = {name: str(value["RUNNER_FILE"]) for name, value in _env(jobs) if "RUNNER_FILE" in value}
    return {**{name: path.split("/")[-2] for name, path in runners.items()}, **found}


def logged_in(jobs: Jobs, told: Mapping[tuple[str, str], str] | None = None) -> Iterator[tuple[str, str, str]]:
    """Each job that becomes somebody in a cloud: its name, who, and the environment that its token names.

    On Azure, who that is depends on what a person has `told` GitHub: by variable and environment, an identity.
    """
    for name, job in jobs.items():
        for step in job["steps"]:
            given = step.get("with", {})
            if match := _ROLE.fullmatch(str(given.get("role-to-assume", ""))):
                yield name, match[1], str(job["environment"])
            elif match := _CLIENT.fullmatch(str(given.get("client-id", ""))):
                yield name, (told or {})[match[1], str(job["environment"])], str(job["environment"])


def told_by(pages: list[str]) -> dict[tuple[str, str], str]:
    """What GitHub knows once a person has typed what pages say: by variable and environment, an identity of Azure."""
    return {(name, environment): who for page in pages for name, environment, who in _TOLD.findall(page)}


def trusted(documents: list[str]) -> set[tuple[str, str]]:
    """Roles and identities that Terraform makes, each with an environment of GitHub whose tokens it takes."""
    found: set[tuple[str, str]] = set()
    for document in map(json.loads, documents):
        policies = document.get("data", {}).get("aws_iam_policy_document", {})
        for role in document.get("resource", {}).get("aws_iam_role", {}).values():
            policy = policies[role["assume_role_policy"].split(".")[2]]
            found |= {(role["name"], subject) for subject in _subjects(policy)}
        people = document.get("resource", {}).get("azurerm_user_assigned_identity", {})
        for trust in document.get("resource", {}).get("azurerm_federated_identity_credential", {}).values():
            _, label, _ = trust["user_assigned_identity_id"].split(".")
            match = _SUBJECT.fullmatch(trust["subject"])
            assert match, trust
            found.add((people[label]["name"], match[1]))
    return found


def _subjects(policy: Any) -> Iterator[str]:
    for statement in policy["statement"]:
        for condition in statement.get("condition", ()):
            for value in condition["values"]:
                if match := _SUBJECT.fullmatch(value):
                    yield match[1]


def _graph(jobs: Jobs, stages: Mapping[str, str], edges: Iterator[tuple[str, str]]) -> DiGraph[str]:
    found: DiGraph[str] = DiGraph()
    for job, stage in stages.items():
        kind, _, named = str(jobs[job]["name"]).partition(" ")
        assert named == stage
        found.add_node(stage, kind=kind)
    found.add_edges_from((stages[one], stages[other]) for one, other in edges)
    return found


def _stage_jobs(jobs: Jobs) -> Iterator[tuple[str, str]]:
    return ((name, str(value["STAGE"])) for name, value in _env(jobs) if "STAGE" in value)


def _env(jobs: Jobs) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, job in jobs.items():
        for step in job["steps"]:
            yield name, step.get("env", {})


def _artifacts(job: Mapping[str, Any], word: str) -> list[str]:
    uses = f"actions/{word}-artifact@"
    return [str(step["with"]["name"]) for step in job["steps"] if str(step.get("uses", "")).startswith(uses)]
