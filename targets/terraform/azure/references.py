"""Emitted folders, read back: what refers to what, as ids that Azure would give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from mlopsc.targets.terraform.azure.matching import UnreadableError

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_ADDRESS = re.compile(r"((?:data\.)?azurerm_\w+\.\w+)\.(\w+)")
_STORAGE = "providers/Microsoft.Storage/storageAccounts"
_REGISTRY = "providers/Microsoft.ContainerRegistry/registries"
_LOGS = "providers/Microsoft.OperationalInsights/workspaces"
_IDENTITY = "azurerm_user_assigned_identity"


@dataclass(frozen=True)
class Folder:
    """One `main.tf.json`, parsed."""

    document: Mapping[str, Any]

    @property
    def subscription(self) -> str:
        """The subscription that it is applied to."""
        return str(self.document["provider"]["azurerm"][0]["subscription_id"])

    @property
    def backend(self) -> tuple[object, ...]:
        """Where its state is."""
        kind, settings = next(iter(self.document["terraform"]["backend"].items()))
        return (kind, *sorted(settings.items()))

    def resources(self, type_: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The resources of a type: address and arguments."""
        for name, body in self.document.get("resource", {}).get(type_, {}).items():
            yield f"{type_}.{name}", body

    def text(self, value: object) -> str:
        """A text with its references replaced; raises UnreadableError for other expressions."""
        return _REFERENCE.sub(lambda found: self._value(found[1]), str(value))

    def _value(self, expression: str) -> str:
        found = _ADDRESS.fullmatch(expression)
        if found is None:
            raise UnreadableError(f"an argument is the expression {expression}")
        address, attribute = found.groups()
        body = self._body(address)
        if attribute == "principal_id":
            return f"{self.text(body['resource_group_name'])}/{self.text(body['name'])}"
        return self.id_of(address) if attribute == "id" else self.text(body[attribute])

    def id_of(self, address: str) -> str:
        """The id that Azure gives to a resource."""
        body = self._body(address)
        type_, name = address.removeprefix("data.").partition(".")[0], self.text(body["name"])
        group = f"/subscriptions/{self.subscription}/resourceGroups"
        if type_ == "azurerm_resource_group":
            return f"{group}/{name}"
        if type_ == "azurerm_storage_container":
            return f"{self.text(body['storage_account_id'])}/blobServices/default/containers/{name}"
        kinds = {
            "azurerm_storage_account": _STORAGE,
            "azurerm_container_registry": _REGISTRY,
            "azurerm_log_analytics_workspace": _LOGS,
        }
        if type_ not in kinds:
            raise UnreadableError(f"the id of {address} is not known")
        return f"{group}/{self.text(body['resource_group_name'])}/{kinds[type_]}/{name}"

    def _body(self, address: str) -> Mapping[str, Any]:
        kind = "data" if address.startswith("data.") else "resource"
        type_, _, name = address.removeprefix("data.").partition(".")
        try:
            return cast("Mapping[str, Any]", self.document[kind][type_][name])
        except KeyError as error:
            raise UnreadableError(f"{address} is not in the folder") from error
