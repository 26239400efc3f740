"""Who runs as what on Azure, and what each may do with which blobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.targets import RefusedError
from mlopsc.targets.terraform import messages
from mlopsc.targets.terraform.azure.conditions import LONGEST, VERSION, on_blobs
from mlopsc.targets.terraform.azure.making import Maker
from mlopsc.targets.terraform.azure.places import IDENTITY, identity_of, location_of, shared_of, store_of
from mlopsc.targets.terraform.azure.roles import blob_role
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.expressions import Value
from mlopsc.targets.terraform.identities import Act, Identity
from mlopsc.targets.terraform.oidc import ISSUER, RUNNING, SERVICES, jobs_environment, subjects
from mlopsc.targets.terraform.resources import Reason, Resource

AUDIENCE = "api://AzureADTokenExchange"
"""What a token of GitHub must be meant for, so that Azure takes it."""


def github_of(written: Written) -> Mapping[str, Any] | None:
    """The repository whose jobs are trusted, if the spec names one."""
    found = cast("Mapping[str, Any] | None", written.build.pipeline.settings.get("github"))
    return found if found and found.get("repository") else None


def access(written: Written, make: Maker, group: Resource, found: Sequence[Identity]) -> Iterator[Resource]:
    """The identities of an environment with their roles, and the roles of groups of people."""
    for identity in found:
        if identity.groups:
            for one in identity.groups:
                object_id = str(one["azure"]).lower()
                label = f"{identity.name}_{object_id.replace('-', '_')}"
                yield from _roles(written, make, group, identity, label, object_id, "Group")
            continue
        runs_as = _identity(written, make, group, identity)
        yield runs_as
        yield from _trust(written, make, identity, runs_as)
        principal = runs_as.get("principal_id")
        yield from _roles(written, make, group, identity, identity.name, principal, "ServicePrincipal")


def _identity(written: Written, make: Maker, group: Resource, identity: Identity) -> Resource:
    body: dict[str, Value] = {
        "name": identity_of(written, identity.name),
        "resource_group_name": group.get("name"),
        "location": location_of(written),
    }
    reason = identity.reason
    return make(IDENTITY, identity.name, body, reason.but_for(identity.purpose))


def _trust(written: Written, make: Maker, identity: Identity, runs_as: Resource) -> Iterator[Resource]:
    github = github_of(written)
    if github is not None and identity.name not in SERVICES:
        jobs = jobs_environment(written.pipeline, written.environment, RUNNING)
        reason = Reason(
            f"Jobs of the GitHub environment {jobs} may run as {identity.name}, and no others",
            f"pipeline {written.pipeline}",
            "github",
        )
        yield federated(make, identity.name, runs_as, subjects(github, jobs), reason)


def federated(make: Maker, label: str, runs_as: Resource, subject: str, reason: Reason) -> Resource:
    """Leave for whoever holds a token of GitHub with exactly this subject to run as an identity."""
    body: dict[str, Value] = {
        "name": "github",
        "user_assigned_identity_id": runs_as.get("id"),
        "issuer": ISSUER,
        "subject": subject,
        "audience": [AUDIENCE],
    }
    return make("azurerm_federated_identity_credential", label, body, reason)


def _roles(
    written: Written, make: Maker, group: Resource, identity: Identity, label: str, principal: Value, kind: str
) -> Iterator[Resource]:
    """One assignment for each act; whoever reads sees the names of what he may read.

    Azure says of a blob that is not there that it is not there, to whoever may read it: so nobody needs all names.
    They are made on the resource group and narrowed to the store by their conditions: on the store itself, its lock
    would keep them from ever being changed.
    """
    place, shared = store_of(written), shared_of(written)
    for act in Act:
        grants = [grant for grant in identity.grants if act in grant.acts]
        if not grants:
            continue
        paths = sorted({f"{place.folder}{grant.prefix}" for grant in grants})
        condition = on_blobs(act, place.account, place.container, paths)
        if len(condition) > LONGEST:
            raise RefusedError([_too_long(written, identity)])
        body: dict[str, Value] = {
            "scope": group.get("id"),
            "role_definition_id": blob_role(shared, act).id,
            "principal_id": principal,
            "principal_type": kind,
            "description": f"{identity.name}: {act.value} {', '.join(paths)}"[:500],
            "condition": condition,
            "condition_version": VERSION,
        }
        yield make("azurerm_role_assignment", f"{label}_{act.value}", body, _why(identity, act))


def _too_long(written: Written, identity: Identity) -> Diagnostic:
    assert written.at is not None, "a message needs a build that knows its program"
    what = f"condition long enough for all that `{identity.name}` needs: it takes {LONGEST} characters"
    return messages.cannot_do(written.at, what, "azure", "Move some stages into a pipeline of their own.")


def _why(identity: Identity, act: Act) -> Reason:
    """A reason that names what each prefix is for, as far as its act goes."""
    purposes: dict[str, str] = {}
    for grant in identity.grants:
        if act in grant.acts:
            purposes.setdefault(grant.prefix, f"{grant.prefix} ({grant.reason.purpose.lower()})")
    reason = identity.reason
    told = f"{identity.name} may {act.value} below {', '.join(purposes.values())}"
    return reason.but_for(told)
