"""What is too open in emitted folders, each by a name: the same questions for ours and for a person's additions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mlopsc.targets.terraform.azure.conditions import ASSIGNMENTS
from mlopsc.targets.terraform.azure.evaluation import Access, Assignment, Permission, within
from mlopsc.targets.terraform.azure.references import Folder
from mlopsc.targets.terraform.oidc import ISSUER, SUBJECT
from mlopsc.targets.terraform.weakness import Weakness

_NARROW = ("AcrPush", "AcrPull")
"""Roles of Azure's own that are no wider than what they are for."""
_GROUP = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+(/.+)?", re.IGNORECASE)


def weaknesses(access: Access) -> list[Weakness]:
    """All that is too open, in the order of the folders."""
    found = [one for folder in access.folders for check in _OF_FOLDERS for one in check(folder)]
    found += [one for assignment in access.assignments for one in _assignment(access, assignment)]
    return [*found, *_shared_states(access)]


def _accounts(folder: Folder) -> Iterator[Weakness]:
    for address, body in folder.resources("azurerm_storage_account"):
        for argument, wanted, name, words in _ACCOUNT:
            if body.get(argument) != wanted:
                yield Weakness(name, address, words)
        if not body.get("blob_properties", [{}])[0].get("versioning_enabled"):
            yield Weakness("no-versions", address, "what is replaced cannot be had back")
    for address, body in folder.resources("azurerm_storage_container"):
        if body.get("container_access_type", "private") != "private":
            yield Weakness("public-blobs", address, "anybody can read blobs")


_ACCOUNT = (
    ("shared_access_key_enabled", False, "shared-keys", "whoever has the key can do everything"),
    ("allow_nested_items_to_be_public", False, "public-blobs", "containers can be opened to anybody"),
    ("https_traffic_only_enabled", True, "plain-http", "what is sent can be read on the way"),
    ("min_tls_version", "TLS1_2", "old-tls", "old and weak encryption is accepted"),
    ("infrastructure_encryption_enabled", True, "one-encryption", "data is encrypted once only"),
    ("cross_tenant_replication_enabled", False, "copies-elsewhere", "data can be copied to another tenant"),
)


def _roles(folder: Folder) -> Iterator[Weakness]:
    for address, body in folder.resources("azurerm_role_definition"):
        for permission in body["permissions"]:
            for pattern in (*permission.get("actions", ()), *permission.get("data_actions", ())):
                if "*" in pattern:
                    yield Weakness("wildcard-action", address, f"`{pattern}` is more than one action")


def _trusts(folder: Folder) -> Iterator[Weakness]:
    for address, body in folder.resources("azurerm_federated_identity_credential"):
        if body["issuer"] != ISSUER or not SUBJECT.fullmatch(body["subject"]):
            words = f"`{body['subject']}` is not one environment of one repository on GitHub"
            yield Weakness("trust-without-environment", address, words)


def _registries(folder: Folder) -> Iterator[Weakness]:
    for address, body in folder.resources("azurerm_container_registry"):
        if body.get("admin_enabled") or body.get("anonymous_pull_enabled"):
            yield Weakness("open-registry", address, "a password, or nothing at all, opens the registry")


_OF_FOLDERS: tuple[Callable[[Folder], Iterator[Weakness]], ...] = (_accounts, _roles, _trusts, _registries)


def _assignment(access: Access, assignment: Assignment) -> Iterator[Weakness]:
    address, body = assignment.address, assignment.body
    named = body.get("role_definition_name")
    if named is not None and named not in _NARROW:
        yield Weakness("broad-role", address, f"`{named}` is far more than is needed")
    if not _GROUP.fullmatch(assignment.scope):
        yield Weakness("wide-scope", address, f"`{assignment.scope}` is more than a resource group")
    if not assignment.condition and any(map(_needs_condition, assignment.permissions)):
        yield Weakness("no-condition", address, "nothing limits what the role is good for")
    if named is None and not _is_assignable(access, assignment):
        yield Weakness("not-assignable", address, "the role is not defined for this scope: Azure refuses it")


def _needs_condition(permission: Permission) -> bool:
    gives = any(one.startswith(f"{ASSIGNMENTS}/") for one in permission.get("actions", ()) if "read" not in one)
    return bool(permission.get("data_actions")) or gives


def _is_assignable(access: Access, assignment: Assignment) -> bool:
    guid = str(assignment.body["role_definition_id"]).rpartition("/")[2]
    folder, definition = access.definitions[guid]
    return any(within(assignment.scope, folder.text(scope)) for scope in definition["assignable_scopes"])


def _shared_states(access: Access) -> Iterator[Weakness]:
    seen: set[tuple[object, ...]] = set()
    for folder in access.folders:
        if folder.backend in seen:
            words = "two folders keep their state in one place, and undo each other's work"
            yield Weakness("shared-state", "terraform", words)
        seen.add(folder.backend)
