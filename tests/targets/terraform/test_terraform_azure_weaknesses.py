"""What is planted in emitted folders is found by name, and nothing is found in what is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure_case import BOOTSTRAP, DEV, PROD, SUBSCRIPTION, document

from mlopsc.targets.terraform.azure.conditions import READ
from mlopsc.targets.terraform.azure.evaluation import access_of
from mlopsc.targets.terraform.azure.weaknesses import weaknesses

Folder = dict[str, Any]
ROUTER = "bike-demand-prod/bike-demand-prod-router"
SECRET = "bikedemandprod/models/v1/index/1"


def folders() -> dict[str, Folder]:
    return {"bootstrap": document(BOOTSTRAP), "prod": document(PROD), "dev": document(DEV)}


def found(planted: dict[str, Folder]) -> set[str]:
    return {one.name for one in weaknesses(access_of(*planted.values()))}


def resource(folder: Folder, address: str) -> dict[str, Any]:
    type_, _, name = address.partition(".")
    body: dict[str, Any] = folder["resource"][type_][name]
    return body


def setting(folder: str, address: str, **arguments: object) -> Callable[[dict[str, Folder]], None]:
    return lambda there: resource(there[folder], address).update(arguments)


def without(folder: str, address: str, *arguments: str) -> Callable[[dict[str, Folder]], None]:
    def remove(there: dict[str, Folder]) -> None:
        for argument in arguments:
            del resource(there[folder], address)[argument]

    return remove


def named(role: str) -> Callable[[dict[str, Folder]], None]:
    def give(there: dict[str, Folder]) -> None:
        body = resource(there["prod"], "azurerm_role_assignment.router_read")
        del body["role_definition_id"], body["condition"]
        body["role_definition_name"] = role

    return give


def wildcard(there: dict[str, Folder]) -> None:
    permissions = resource(there["bootstrap"], "azurerm_role_definition.blob_read")["permissions"]
    permissions[0]["data_actions"] = [READ.replace("/read", "/*")]


def widened(there: dict[str, Folder]) -> None:
    body = resource(there["prod"], "azurerm_role_assignment.router_read")
    body["scope"] = f"/subscriptions/{SUBSCRIPTION}"


def one_state(there: dict[str, Folder]) -> None:
    there["dev"]["terraform"]["backend"] = there["prod"]["terraform"]["backend"]


STORE, TRUST = "azurerm_storage_account.store", "azurerm_federated_identity_credential.train"
REPOSITORY = "repo:example-org/bike-demand"
PLANTED: dict[str, tuple[Callable[[dict[str, Folder]], None], set[str]]] = {
    "shared keys": (setting("prod", STORE, shared_access_key_enabled=True), {"shared-keys"}),
    "keys by default": (without("prod", STORE, "shared_access_key_enabled"), {"shared-keys"}),
    "public blobs": (setting("prod", STORE, allow_nested_items_to_be_public=True), {"public-blobs"}),
    "public container": (
        setting("prod", "azurerm_storage_container.store", container_access_type="blob"),
        {"public-blobs"},
    ),
    "plain http": (setting("dev", STORE, https_traffic_only_enabled=False), {"plain-http"}),
    "old tls": (setting("dev", STORE, min_tls_version="TLS1_0"), {"old-tls"}),
    "encryption": (setting("prod", STORE, infrastructure_encryption_enabled=False), {"one-encryption"}),
    "replication": (setting("prod", STORE, cross_tenant_replication_enabled=True), {"copies-elsewhere"}),
    "versions": (without("bootstrap", "azurerm_storage_account.states", "blob_properties"), {"no-versions"}),
    "wildcard action": (wildcard, {"wildcard-action"}),
    "no condition": (without("prod", "azurerm_role_assignment.router_read", "condition"), {"no-condition"}),
    "apply without limits": (
        without("bootstrap", "azurerm_role_assignment.apply_prod", "condition"),
        {"no-condition"},
    ),
    "owner": (named("Owner"), {"broad-role"}),
    "data owner": (named("Storage Blob Data Owner"), {"broad-role", "no-condition"}),
    "wide scope": (widened, {"wide-scope", "not-assignable"}),
    "trust in a branch": (
        setting("prod", TRUST, subject=f"{REPOSITORY}:ref:refs/heads/main"),
        {"trust-without-environment"},
    ),
    "trust in all": (setting("prod", TRUST, subject=f"{REPOSITORY}:environment:*"), {"trust-without-environment"}),
    "trust in others": (setting("prod", TRUST, issuer="https://example.com"), {"trust-without-environment"}),
    "password": (setting("bootstrap", "azurerm_container_registry.image", admin_enabled=True), {"open-registry"}),
    "one state": (one_state, {"shared-state"}),
}


def test_nothing_is_found_in_what_is_written() -> None:
    assert found(folders()) == set()


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_weakness_is_found(name: str) -> None:
    plant, expected = PLANTED[name]
    planted = folders()
    plant(planted)
    assert found(planted) == expected


@pytest.mark.parametrize("name", ["no condition", "data owner"])
def test_the_evaluator_sees_what_a_planted_role_opens(name: str) -> None:
    assert not access_of(*folders().values()).may(ROUTER, READ, SECRET)
    planted = folders()
    PLANTED[name][0](planted)
    assert access_of(*planted.values()).may(ROUTER, READ, SECRET)


def test_an_action_taken_out_of_a_wildcard_is_not_given() -> None:
    planted = folders()
    wildcard(planted)
    permissions = resource(planted["bootstrap"], "azurerm_role_definition.blob_read")["permissions"]
    delete = READ.replace("/read", "/delete")
    path = "bikedemandprod/models/v1/release/api/prod/1"
    assert access_of(*planted.values()).may(ROUTER, delete, path)
    permissions[0]["not_data_actions"] = [delete]
    assert not access_of(*planted.values()).may(ROUTER, delete, path)
