"""What all resources on Azure have in common: tags, the provider, and how storage accounts are kept shut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlopsc.targets.terraform.azure.places import OWN, SharedPlace
from mlopsc.targets.terraform.documents import owner_tags, tags_of
from mlopsc.targets.terraform.expressions import Value
from mlopsc.targets.terraform.resources import Backend, Provider, Reason, Resource
from mlopsc.targets.terraform.schema.shapes import shape

SOURCE = "hashicorp/azurerm"
VERSIONS = "~> 5.0"
NAMESPACES = (
    "Microsoft.Authorization",
    "Microsoft.Consumption",
    "Microsoft.ContainerRegistry",
    "Microsoft.Insights",
    "Microsoft.ManagedIdentity",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
)
"""What of Azure a subscription must have switched on."""
DAYS_BACK = 30
"""For how many days what was deleted or replaced can be had back."""


class Maker:
    """Makes resources of one environment, or of what several share, each with the tags that its type takes."""

    def __init__(self, pipeline: str, environment: str) -> None:
        self._tags = owner_tags(pipeline, environment)

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags that all of it carries."""
        return self._tags

    def __call__(self, type_: str, label: str, body: Mapping[str, Value], reason: Reason, **more: Any) -> Resource:
        """A resource; `more` as `Resource` takes it."""
        block = shape("resource", type_)
        has_tags = block is not None and "tags" in block.attributes
        tags: Mapping[str, Value] = {"tags": {**self._tags, **tags_of(reason)}} if has_tags else {}
        return Resource(type_, label, {**body, **tags}, reason, **more)


def looked_up(type_: str, label: str, body: Mapping[str, Value], reason: Reason) -> Resource:
    """Something that is there already."""
    return Resource(type_, label, body, reason, "data")


def provider(subscription: str, registers: Sequence[str] = ()) -> Provider:
    """The provider in one subscription, with people's and jobs' own identities and never with a key."""
    settings: dict[str, Value] = {
        "features": [{}],
        "subscription_id": subscription,
        "storage_use_azuread": True,
        "use_oidc": True,
    }
    if registers:
        settings["resource_providers_to_register"] = list(registers)
    return Provider("azurerm", SOURCE, VERSIONS, settings)


def backend(shared: SharedPlace, container: str, key: str) -> Backend:
    """A state in the account that the bootstrap makes; Azure locks the blob while somebody works with it."""
    settings: dict[str, str | bool] = {
        "resource_group_name": shared.group,
        "storage_account_name": shared.account,
        "container_name": container,
        "key": key,
        "subscription_id": shared.subscription,
        "use_oidc": True,
        "use_azuread_auth": True,
    }
    return Backend("azurerm", settings)


def own_backend(shared: SharedPlace) -> Backend:
    """The state of the bootstrap: in a container that CI has no part in."""
    return backend(shared, OWN, f"{shared.pipeline}/azure.tfstate")


def account_body(account: str, group: Value, location: str, copies: str, soft_days: int) -> dict[str, Value]:
    """The arguments of a storage account that opens to roles only: no keys, no public blobs, TLS 1.2, two encryptions.

    Its namespace is flat: one with folders keeps no versions of blobs.
    """
    return {
        "name": account,
        "resource_group_name": group,
        "location": location,
        "account_kind": "StorageV2",
        "account_tier": "Standard",
        "account_replication_type": copies,
        "access_tier": "Hot",
        "is_hns_enabled": False,
        "min_tls_version": "TLS1_2",
        "https_traffic_only_enabled": True,
        "shared_access_key_enabled": False,
        "default_to_oauth_authentication": True,
        "allow_nested_items_to_be_public": False,
        "cross_tenant_replication_enabled": False,
        "allowed_copy_scope": "AAD",
        "local_user_enabled": False,
        "sftp_enabled": False,
        "infrastructure_encryption_enabled": True,
        "blob_properties": [
            {
                "versioning_enabled": True,
                "delete_retention_policy": [{"days": soft_days}],
                "container_delete_retention_policy": [{"days": DAYS_BACK}],
            }
        ],
    }
