"""Where things are on Azure: the store's account, container and folder, and the names of what holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlopsc.targets import folder_name
from mlopsc.targets.terraform.naming import name
from mlopsc.targets.terraform.oidc import BUILDING
from mlopsc.targets.terraform.platforms import platform_of

if TYPE_CHECKING:
    from mlopsc.targets.terraform.building import Written

CONTAINER = "store"
"""The container of a store that the spec does not name."""
IDENTITY = "azurerm_user_assigned_identity"
SHARED = "bootstrap"
WANTED = "abfs://CONTAINER@ACCOUNT.dfs.core.windows.net"

_URL = re.compile(r"(?:abfss?|az)://([^@/]+)@([^./]+)\.(?:dfs|blob)\.core\.windows\.net((?:/[\w.-]+)*)/?")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_NAME_OF_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
ACCOUNT_RULE = "3 to 24 lower-case letters and digits, nothing else."
CONTAINER_RULE = "3 to 63 lower-case letters, digits and single `-` between them."


@dataclass(frozen=True)
class StorePlace:
    """Where a store is: `folder` is empty or ends in `/`."""

    account: str
    container: str
    folder: str = ""

    @property
    def url(self) -> str:
        """As `store` takes it."""
        return f"abfs://{self.container}@{self.account}.dfs.core.windows.net/{self.folder}".rstrip("/")

    def faults(self) -> list[tuple[str, str, str]]:
        """What the cloud refuses of it: what it is, the name, and the rule."""
        found = []
        if not _ACCOUNT.fullmatch(self.account):
            found.append(("a storage account", self.account, ACCOUNT_RULE))
        if not _NAME_OF_CONTAINER.fullmatch(self.container):
            found.append(("a container", self.container, CONTAINER_RULE))
        return found


def store_at(url: str) -> StorePlace | None:
    """The place that a URL names, if it names one on Azure."""
    found = _URL.fullmatch(url)
    if found is None:
        return None
    container, account, folder = found.groups()
    return StorePlace(account, container, f"{folder[1:]}/" if folder else "")


def store_of(written: Written) -> StorePlace:
    """Where the store of an environment is: where the spec says, else an account named after it.

    Names of accounts are shared by all of Azure, so the subscription is part of what makes one.
    """
    url = written.build.pipeline.environment.settings.get("store")
    found = store_at(str(url)) if url else None
    if found is not None:
        return found
    parts = (written.pipeline, written.environment, subscription_of(written))
    return StorePlace(name("azurerm_storage_account", *parts), CONTAINER)


def subscription_of(written: Written) -> str:
    """The id of the subscription of an environment."""
    return str(platform_of(written.build)["subscription"]).lower()


def location_of(written: Written) -> str:
    """The location of an environment."""
    return str(platform_of(written.build)["location"])


def group_of(written: Written) -> tuple[str, bool]:
    """The name of the resource group of an environment, and whether it was there before."""
    named = existing_group(platform_of(written.build))
    return (named, True) if named else (name("azurerm_resource_group", written.pipeline, written.environment), False)


def existing_group(call: Mapping[str, Any]) -> str | None:
    """The resource group that the call of the platform names."""
    found = call.get("resource_group")
    return str(found["id"]) if found else None


def identity_of(written: Written, identity: str) -> str:
    """What an identity of an environment is called in Azure."""
    return name(IDENTITY, written.pipeline, written.environment, identity)


@dataclass(frozen=True)
class SharedPlace:
    """What the environments of a pipeline in one subscription have in common, made by the bootstrap."""

    pipeline: str
    subscription: str

    @property
    def folder(self) -> str:
        """The folder that makes it."""
        return f"deploy/{folder_name(self.pipeline)}/{SHARED}/azure-{self.subscription}"

    @property
    def group(self) -> str:
        """The name of its resource group."""
        return name("azurerm_resource_group", "tfstate", self.pipeline)

    @property
    def account(self) -> str:
        """The name of the storage account of Terraform's states."""
        return name("azurerm_storage_account", "tfstate", self.pipeline, self.subscription)

    @property
    def registry(self) -> str:
        """The name of the registry of images."""
        return name("azurerm_container_registry", self.pipeline, self.subscription)

    @property
    def images(self) -> str:
        """The name of the pipeline's images in it."""
        return f"{self.registry}.azurecr.io/{name('azurerm_container_registry_image', self.pipeline)}"

    @property
    def pusher(self) -> str:
        """The name of the identity that pushes them."""
        return name(IDENTITY, self.pipeline, BUILDING)


STATES, PLANS, OWN = "tfstate", "tfplan", "bootstrap"
"""The containers of its storage account: states of environments, saved plans, and the state of the bootstrap itself."""


def shared_of(written: Written) -> SharedPlace:
    """What an environment shares with others of its subscription."""
    return SharedPlace(written.pipeline, subscription_of(written))


def plans_of(written: Written) -> str:
    """The folder of plans of an environment within their container."""
    return f"{written.pipeline}/{written.environment}"


def state_key(written: Written) -> str:
    """Where the state of an environment is within its container."""
    return f"{written.pipeline}/{written.environment}.tfstate"
