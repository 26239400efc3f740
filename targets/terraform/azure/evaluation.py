"""Who may do what, by the roles of emitted folders: decided as Azure decides it, and without Azure.

Access is the sum of role assignments: whoever has one whose scope holds the thing, whose role has the action and whose
condition is met, may. Nothing here knows assignments that were made by hand, at the subscription or above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from mlopsc.targets.terraform.azure.conditions import (
    ACCOUNT_NAME,
    ASSIGNMENTS,
    CONTAINER_NAME,
    LISTING,
    PATH,
    PREFIX,
    READ,
)
from mlopsc.targets.terraform.azure.matching import Asked, UnreadableError, holds, matches
from mlopsc.targets.terraform.azure.references import Folder
from mlopsc.targets.terraform.azure.roles import DEFINITIONS

_BLOB_DATA = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
Permission = Mapping[str, Sequence[str]]
"""`actions`, `not_actions`, `data_actions`, `not_data_actions`."""
BUILT_IN: Mapping[str, Permission] = {
    "Owner": {"actions": ("*",)},
    "Contributor": {
        "actions": ("*",),
        "not_actions": ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"),
    },
    "User Access Administrator": {"actions": ("*/read", "Microsoft.Authorization/*")},
    "Reader": {"actions": ("*/read",)},
    "Storage Blob Data Owner": {
        "actions": ("Microsoft.Storage/storageAccounts/blobServices/containers/*",),
        "data_actions": (f"{_BLOB_DATA}/*",),
    },
    "Storage Blob Data Contributor": {
        "actions": tuple(f"{_BLOB_DATA.removesuffix('/blobs')}/{one}" for one in ("delete", "read", "write")),
        "data_actions": tuple(
            f"{_BLOB_DATA}/{one}" for one in ("delete", "read", "write", "move/action", "add/action")
        ),
    },
    "Storage Blob Data Reader": {
        "actions": (f"{_BLOB_DATA.removesuffix('/blobs')}/read",),
        "data_actions": (f"{_BLOB_DATA}/read",),
    },
    "AcrPush": {
        "actions": (
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        )
    },
    "AcrPull": {"actions": ("Microsoft.ContainerRegistry/registries/pull/read",)},
}
"""Roles that Azure has already, as far as they bear on what is made here."""


@dataclass(frozen=True)
class Assignment:
    """A role that somebody has: where, under which condition."""

    address: str
    principal: str
    scope: str
    permissions: Sequence[Permission]
    condition: str
    folder: Folder
    body: Mapping[str, Any]

    def allows(self, asked: Asked, place: str, kind: Literal["actions", "data_actions"]) -> bool:
        """Whether it lets somebody do this to the thing with that id."""
        if not within(place, self.scope):
            return False
        named = any(_has(one, kind, asked.action) for one in self.permissions)
        return named and (not self.condition or holds(self.condition, asked))


@dataclass(frozen=True)
class Access:
    """All that emitted folders give: those of environments with the bootstrap that they rest on.

    An identity is named `<resource group>/<name>`, a group of people by its object id.
    """

    folders: Sequence[Folder]

    def may(self, principal: str, action: str, blob: str) -> bool:
        """Whether somebody may do something with a blob, `account/container/path`."""
        account, container, path = blob.split("/", 2)
        known = {**_store(account, container), f"Resource[{PATH}]": path}
        return self._may(principal, Asked(action, "", known), self._container(account, container), "data_actions")

    def may_list(self, principal: str, beginning: str) -> bool:
        """Whether somebody may see the names that begin so: `account/container/path`."""
        account, container, prefix = beginning.split("/", 2)
        known = {**_store(account, container), f"Request[{PREFIX}]": prefix}
        return self._may(principal, Asked(READ, LISTING, known), self._container(account, container), "data_actions")

    def may_manage(self, principal: str, action: str, place: str) -> bool:
        """Whether somebody may do something to settings: those of the thing with that id."""
        return self._may(principal, Asked(action), place, "actions")

    def may_assign(self, principal: str, verb: str, place: str, role: str, to: str, kind: str) -> bool:
        """Whether somebody may give (`write`) or take away (`delete`) a role, by its guid, to or from another."""
        source = "Request" if verb == "write" else "Resource"
        names = {"RoleDefinitionId": role, "PrincipalId": to, "PrincipalType": kind}
        known = {f"{source}[{ASSIGNMENTS}:{name}]": value for name, value in names.items()}
        return self._may(principal, Asked(f"{ASSIGNMENTS}/{verb}", "", known), place, "actions")

    def _may(self, principal: str, asked: Asked, place: str, kind: Literal["actions", "data_actions"]) -> bool:
        mine = (one for one in self.assignments if one.principal.lower() == principal.lower())
        return any(one.allows(asked, place, kind) for one in mine)

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """Every role that somebody has."""
        return tuple(self._assignments())

    def _assignments(self) -> Iterator[Assignment]:
        for folder in self.folders:
            for address, body in folder.resources("azurerm_role_assignment"):
                yield Assignment(
                    address,
                    folder.text(body["principal_id"]),
                    folder.text(body["scope"]),
                    self._permissions(folder, body),
                    folder.text(body.get("condition", "")),
                    folder,
                    body,
                )

    def _permissions(self, folder: Folder, body: Mapping[str, Any]) -> Sequence[Permission]:
        named = body.get("role_definition_name")
        if named is not None:
            if named not in BUILT_IN:
                raise UnreadableError(f"the role {named!r} is not known")
            return (BUILT_IN[named],)
        guid = folder.text(body["role_definition_id"]).rpartition(f"{DEFINITIONS}/")[2]
        if guid not in self.definitions:
            raise UnreadableError(f"the role {guid} is in none of the folders")
        permissions: Sequence[Permission] = self.definitions[guid][1]["permissions"]
        return permissions

    @cached_property
    def definitions(self) -> Mapping[str, tuple[Folder, Mapping[str, Any]]]:
        """The roles that the folders define, by guid."""
        return {
            body["role_definition_id"]: (folder, body)
            for folder in self.folders
            for _, body in folder.resources("azurerm_role_definition")
        }

    def _container(self, account: str, container: str) -> str:
        for folder in self.folders:
            for address, body in folder.resources("azurerm_storage_account"):
                if body["name"] == account:
                    return f"{folder.id_of(address)}/blobServices/default/containers/{container}"
        raise UnreadableError(f"the account {account!r} is in none of the folders")


def access_of(*documents: Mapping[str, Any]) -> Access:
    """What parsed `main.tf.json` files give together."""
    return Access([Folder(one) for one in documents])


def within(place: str, scope: str) -> bool:
    """Whether a thing is in a scope, both by their ids."""
    return f"{place.lower()}/".startswith(f"{scope.lower().rstrip('/')}/")


def _has(permission: Permission, kind: str, action: str) -> bool:
    def any_of(patterns: Sequence[str]) -> bool:
        return any(matches(pattern, action) for pattern in patterns)

    return any_of(permission.get(kind, ())) and not any_of(permission.get(f"not_{kind}", ()))


def _store(account: str, container: str) -> dict[str, str]:
    return {f"Resource[{ACCOUNT_NAME}]": account, f"Resource[{CONTAINER_NAME}]": container}
