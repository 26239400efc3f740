"""Who CI is on Azure: for each environment one identity that plans and one that applies, and one that pushes images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from mlopsc.targets.terraform.azure.access import federated, github_of
from mlopsc.targets.terraform.azure.conditions import VERSION, on_assignments, on_blobs
from mlopsc.targets.terraform.azure.making import Maker
from mlopsc.targets.terraform.azure.places import IDENTITY, PLANS, STATES, location_of, plans_of, shared_of, state_key
from mlopsc.targets.terraform.azure.roles import Role, apply_role, blob_role, blob_roles, plan_role
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.expressions import Value
from mlopsc.targets.terraform.identities import Act
from mlopsc.targets.terraform.naming import name
from mlopsc.targets.terraform.oidc import BUILDING, PLANNING, jobs_environment, subjects
from mlopsc.targets.terraform.resources import Reason, Resource


def ci(written: Written, make: Maker, group: Resource, home: Resource) -> Iterator[Resource]:
    """The two identities of CI for one environment, each with what it may do there and with the state."""
    environment = written.environment
    label = written.identifier(environment)
    planner = _who(written, make, group, f"plan_{label}", "ci-plan", f"Plans changes of {environment}")
    applier = _who(written, make, group, f"apply_{label}", "ci-apply", f"Applies what was planned for {environment}")
    yield from (planner, applier)
    yield _trusted(written, make, planner, jobs_environment(written.pipeline, environment, PLANNING))
    yield _trusted(written, make, applier, jobs_environment(written.pipeline, environment))
    shared = shared_of(written)
    yield _in_environment(written, make, home, planner, plan_role(shared), None)
    limits = on_assignments(
        [role.guid for role in blob_roles(shared)],
        _people(written),
        [planner.get("principal_id"), applier.get("principal_id")],
    )
    yield _in_environment(written, make, home, applier, apply_role(shared), limits)
    yield from _on_state(written, make, group, planner, (Act.READ,), Act.CREATE)
    yield from _on_state(written, make, group, applier, (Act.READ, Act.WRITE), Act.READ)


def pushes_images(written: Written, make: Maker, group: Resource, registry: Resource) -> Iterator[Resource]:
    """The identity that pushes images into one registry, and can do nothing else."""
    runs_as = _who(written, make, group, BUILDING, BUILDING, "Pushes images", of_environment=False)
    yield runs_as
    yield _trusted(written, make, runs_as, jobs_environment(written.pipeline, BUILDING))
    body: dict[str, Value] = {
        "scope": registry.get("id"),
        "role_definition_name": "AcrPush",
        "principal_id": runs_as.get("principal_id"),
        "principal_type": "ServicePrincipal",
        "description": "image: push and pull images",
    }
    yield make("azurerm_role_assignment", BUILDING, body, _because(written, "Pushes into this registry, and no other"))


def _who(
    written: Written,
    make: Maker,
    group: Resource,
    label: str,
    word: str,
    purpose: str,
    *,
    of_environment: bool = True,
) -> Resource:
    parts = (written.environment, word) if of_environment else (word,)
    body: dict[str, Value] = {
        "name": name(IDENTITY, written.pipeline, *parts),
        "resource_group_name": group.get("name"),
        "location": location_of(written),
    }
    reason = written.because(purpose) if of_environment else _because(written, purpose)
    return make(IDENTITY, label, body, reason)


def _trusted(written: Written, make: Maker, runs_as: Resource, environment: str) -> Resource:
    github = github_of(written)
    assert github is not None
    purpose = f"Jobs of the GitHub environment {environment} may run as it, and no others"
    return federated(make, runs_as.name, runs_as, subjects(github, environment), _because(written, purpose))


def _in_environment(
    written: Written, make: Maker, home: Resource, runs_as: Resource, role: Role, limits: Value
) -> Resource:
    body: dict[str, Value] = {
        "scope": home.get("id"),
        "role_definition_id": role.id,
        "principal_id": runs_as.get("principal_id"),
        "principal_type": "ServicePrincipal",
        "description": role.purpose,
        "condition": limits,
        "condition_version": VERSION if limits else None,
    }
    reason = written.because(f"{role.purpose}: nothing beyond its resource group")
    after = (f"azurerm_role_definition.{role.word}",)
    return make("azurerm_role_assignment", runs_as.name, body, reason, after=after)


def _on_state(
    written: Written, make: Maker, group: Resource, runs_as: Resource, on_state: Sequence[Act], on_plans: Act
) -> Iterator[Resource]:
    """What an identity does with the state of its environment, and with plans that wait for approval."""
    shared, key = shared_of(written), state_key(written)
    plans = f"{plans_of(written)}/"
    asked = [(f"state_{act.value}", act, STATES, [key], "The state of this environment") for act in on_state]
    asked.append((f"plans_{on_plans.value}", on_plans, PLANS, [plans], "Plans of this environment"))
    for word, act, container, paths, purpose in asked:
        role = blob_role(shared, act)
        body: dict[str, Value] = {
            "scope": group.get("id"),
            "role_definition_id": role.id,
            "principal_id": runs_as.get("principal_id"),
            "principal_type": "ServicePrincipal",
            "description": f"{act.value} {container}/{paths[0]}",
            "condition": on_blobs(act, shared.account, container, paths),
            "condition_version": VERSION,
        }
        after = (f"azurerm_role_definition.{role.word.replace('-', '_')}",)
        reason = written.because(f"{purpose}: {act.value}")
        yield make("azurerm_role_assignment", f"{runs_as.name}_{word}", body, reason, after=after)


def _people(written: Written) -> list[str]:
    """The object ids of the groups that the spec lets in, to whom CI may give roles."""
    access = cast("list[Mapping[str, Any]]", written.build.pipeline.environment.settings.get("access", []))
    return sorted({str(one["group"]["azure"]).lower() for one in access})


def _because(written: Written, purpose: str) -> Reason:
    return Reason(purpose, f"pipeline {written.pipeline}", "github")
