"""The roles that a bootstrap defines: all that anybody can be given on blobs, and what CI may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from mlopsc.targets.terraform.azure.conditions import ACTIONS
from mlopsc.targets.terraform.azure.places import SharedPlace
from mlopsc.targets.terraform.expressions import Value
from mlopsc.targets.terraform.identities import Act
from mlopsc.targets.terraform.naming import name

PLAN, APPLY = "plan", "apply"
DEFINITIONS = "providers/Microsoft.Authorization/roleDefinitions"


@dataclass(frozen=True)
class Role:
    """A role definition: its id is made here and not by Azure, so that a condition can name it."""

    word: str
    purpose: str
    shared: SharedPlace
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    @property
    def guid(self) -> str:
        """Its id: the same in every build."""
        return str(uuid5(NAMESPACE_URL, f"mlopsc/{self.shared.subscription}/{self.shared.pipeline}/{self.word}"))

    @property
    def id(self) -> str:
        """Its id, as assignments name it."""
        return f"/subscriptions/{self.shared.subscription}/{DEFINITIONS}/{self.guid}"

    def body(self, scopes: Sequence[Value]) -> Mapping[str, Value]:
        """The arguments of its definition, good in these scopes."""
        permissions: dict[str, Value] = {"actions": list(self.actions), "data_actions": list(self.data_actions)}
        return {
            "role_definition_id": self.guid,
            "name": name("azurerm_role_definition", self.shared.pipeline, self.shared.subscription, self.word),
            "description": self.purpose,
            "scope": scopes[0],
            "assignable_scopes": list(scopes),
            "permissions": [{key: value for key, value in permissions.items() if value}],
        }


_PURPOSES = {
    Act.READ: "Read blobs, and see their names",
    Act.CREATE: "Make blobs that are not there, and never replace one",
    Act.WRITE: "Make and replace blobs",
    Act.DELETE: "Delete blobs, which stay to be had back for some days",
}


def blob_role(shared: SharedPlace, act: Act) -> Role:
    """The role of one act on blobs: one action of data, and nothing of settings."""
    return Role(f"blob-{act.value}", _PURPOSES[act], shared, data_actions=(ACTIONS[act],))


def blob_roles(shared: SharedPlace) -> tuple[Role, ...]:
    """Those of all acts: whatever an environment gives anybody is one of these, under a condition."""
    return tuple(blob_role(shared, act) for act in Act)


_GROUP = ("Microsoft.Resources/subscriptions/resourceGroups",)
_STORE = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.Storage/storageAccounts/blobServices/containers",
)
_KEPT_AS_LONG = ("Microsoft.Storage/storageAccounts/managementPolicies",)
_IDENTITIES = (
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
)
_WATCHING = (
    "Microsoft.Consumption/budgets",
    "Microsoft.Insights/actionGroups",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.OperationalInsights/workspaces",
)
_ASSIGNMENTS = ("Microsoft.Authorization/roleAssignments",)
_LOCKS = ("Microsoft.Authorization/locks",)
_ROLES = ("Microsoft.Authorization/roleDefinitions",)
_ALSO_READ = ("Microsoft.Storage/storageAccounts/fileServices",)
_CONNECT = "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
"""Azure asks for it of whoever sends logs to a workspace, which takes no such key."""


def plan_role(shared: SharedPlace) -> Role:
    """Sees how things of an environment are set, and no data."""
    types = (
        *_GROUP,
        *_STORE,
        *_ALSO_READ,
        *_KEPT_AS_LONG,
        *_IDENTITIES,
        *_WATCHING,
        *_ASSIGNMENTS,
        *_LOCKS,
        *_ROLES,
    )
    return Role(PLAN, "Plan changes of an environment", shared, tuple(f"{type_}/read" for type_ in types))


def apply_role(shared: SharedPlace) -> Role:
    """Makes and changes things of an environment. It never deletes a store or lifts a lock, reads no key and no data,
    and defines no role; which roles it may give is said by the condition of its assignment."""
    writes = (*_STORE, *_KEPT_AS_LONG, *_IDENTITIES, *_WATCHING, *_ASSIGNMENTS, *_LOCKS)
    deletes = (*_KEPT_AS_LONG, *_IDENTITIES, *_WATCHING, *_ASSIGNMENTS)
    actions = (
        *plan_role(shared).actions,
        *(f"{type_}/write" for type_ in writes),
        *(f"{type_}/delete" for type_ in deletes),
        _CONNECT,
    )
    return Role(APPLY, "Apply what was planned for an environment", shared, actions)
