"""What is written for Azure, held against files that are read before they are refreshed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from azure_case import BOOTSTRAP, CASE, DEV, PROD, document, emitted, replaced
from golden import Golden

from mlopsc.targets.terraform.schema.shapes import shape

NAMES = ("subscription_id", "resource_group_name", "storage_account_name", "container_name")
FOLDERS = (DEV, PROD, BOOTSTRAP)
REQUESTS = """
import hashlib, json, sys
from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry
from mlopsc.targets.terraform.documents import request
from mlopsc.targets.terraform.target import _planned
builds = Compilation(MemoryWorkspace({"main.mlops": sys.stdin.read()}), registry(), "main.mlops").builds
plans, pages = _planned(list(builds.values()))
text = json.dumps([[request(one.root, one.prefix, one.tags) for one in plans], [page.text for page in pages]])
print(hashlib.sha256(text.encode()).hexdigest())
"""


def resources(folder: str, text: str = "") -> Iterator[tuple[str, str, dict[str, Any]]]:
    found = document(folder, text)
    for kind in ("resource", "data"):
        for type_, named in found.get(kind, {}).items():
            yield from ((kind, f"{type_}.{name}", body) for name, body in named.items())


def test_the_committed_files_are_what_is_emitted(golden: Golden) -> None:
    files = emitted()
    for path, text in files.items():
        golden(CASE / path, text)
    there = {path.relative_to(CASE).as_posix() for path in CASE.glob("deploy/**/*") if path.is_file()}
    assert there == set(files)


def test_the_same_bytes_for_every_hash_seed() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", REQUESTS],
            input=(CASE / "main.mlops").read_text("utf-8"),
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "42")
    }
    assert len(found) == 1


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_resource_says_why_it_is_there(folder: str) -> None:
    for _, address, body in resources(folder):
        purpose, bracket, asked = body["//"].partition(" [main.mlops, ")
        assert purpose, address
        assert bracket, address
        assert asked.endswith("]"), address


@pytest.mark.parametrize("folder", FOLDERS)
def test_everything_that_takes_tags_has_them(folder: str) -> None:
    for kind, address, body in resources(folder):
        block = shape("resource", address.partition(".")[0])
        if kind == "resource" and block is not None and "tags" in block.attributes:
            assert {"mlopsc-pipeline", "mlopsc-environment", "mlopsc-part"} <= set(body["tags"]), address


def test_a_name_of_the_cloud_is_taken_by_nobody_else() -> None:
    other = replaced(("pipeline bike_demand {", "pipeline cart_demand {"))
    mine = document(BOOTSTRAP)["resource"]
    theirs = document(BOOTSTRAP.replace("bike", "cart"), other)["resource"]
    for type_ in ("azurerm_storage_account", "azurerm_container_registry", "azurerm_role_definition"):
        one = {body["name"] for body in mine[type_].values()}
        two = {body["name"] for body in theirs[type_].values()}
        assert not one & two


def test_every_environment_has_a_state_of_its_own_and_the_bootstrap_one_that_ci_has_no_part_in() -> None:
    backends = [document(folder)["terraform"]["backend"]["azurerm"] for folder in FOLDERS]
    assert len({json.dumps(one, sort_keys=True) for one in backends}) == len(FOLDERS)
    assert [one["container_name"] for one in backends] == ["tfstate", "tfstate", "bootstrap"]
    assert all(one["use_oidc"] and one["use_azuread_auth"] for one in backends)


def test_a_resource_group_of_the_user_is_looked_up_and_never_made() -> None:
    text = replaced(("reachable_from", 'resource_group = existing("rg-bikes"), reachable_from'))
    assert document(PROD, text)["data"]["azurerm_resource_group"]["here"]["name"] == "rg-bikes"
    bootstrap = document(BOOTSTRAP, text)
    assert bootstrap["data"]["azurerm_resource_group"]["of_prod"]["name"] == "rg-bikes"
    assert "of_prod" not in bootstrap["resource"]["azurerm_resource_group"]
    assert "${data.azurerm_resource_group.of_prod.id}" in json.dumps(bootstrap["resource"]["azurerm_role_definition"])


def test_a_store_that_the_spec_names_is_used_as_it_is() -> None:
    prod, dev = document(PROD), document(DEV)
    assert prod["output"]["store"]["value"] == "abfs://models@bikedemandprod.dfs.core.windows.net/v1"
    assert prod["resource"]["azurerm_storage_container"]["store"]["name"] == "models"
    account = dev["resource"]["azurerm_storage_account"]["store"]["name"]
    assert account.startswith("bikedemanddev")
    assert dev["output"]["store"]["value"] == f"abfs://store@{account}.dfs.core.windows.net"


def test_only_what_serves_is_locked_and_has_a_copy_in_each_zone() -> None:
    prod, dev = document(PROD)["resource"], document(DEV)["resource"]
    assert prod["azurerm_management_lock"]["store"]["lock_level"] == "CanNotDelete"
    assert prod["azurerm_storage_account"]["store"]["lifecycle"] == {"prevent_destroy": True}
    assert prod["azurerm_storage_account"]["store"]["account_replication_type"] == "ZRS"
    assert "azurerm_management_lock" not in dev
    assert "lifecycle" not in dev["azurerm_storage_account"]["store"]
    assert dev["azurerm_storage_account"]["store"]["account_replication_type"] == "LRS"
    one_zone = replaced(('azure("westeurope"', 'azure("westus"'))
    assert document(PROD, one_zone)["resource"]["azurerm_storage_account"]["store"]["account_replication_type"] == "LRS"


def test_the_store_answers_from_where_the_spec_says() -> None:
    rules = document(PROD)["resource"]["azurerm_storage_account"]["store"]["network_rules"]
    assert rules == [{"default_action": "Deny", "bypass": ["None"], "ip_rules": ["203.0.113.0/24", "198.51.100.7"]}]
    assert "network_rules" not in document(DEV)["resource"]["azurerm_storage_account"]["store"]


def test_a_log_goes_when_its_retention_ends() -> None:
    rules = document(PROD)["resource"]["azurerm_storage_management_policy"]["store"]["rule"]
    (log,) = (one for one in rules if one["name"] == "log-api")
    assert log["actions"][0]["base_blob"] == [{"delete_after_days_since_modification_greater_than": 90}]
    assert log["filters"][0]["prefix_match"] == [
        "models/v1/log/api/prod/",
        "models/v1/feedback/api/prod/",
        "models/v1/heartbeat/api/prod/",
    ]
    kept = document(PROD, replaced(("  log      = log(retention = 90d)\n", "")))
    assert [one["name"] for one in kept["resource"]["azurerm_storage_management_policy"]["store"]["rule"]] == [
        "old-versions"
    ]


def test_without_a_repository_nobody_outside_is_trusted() -> None:
    text = "\n".join(line for line in (CASE / "main.mlops").read_text("utf-8").splitlines() if "github   =" not in line)
    for folder in FOLDERS:
        assert "azurerm_federated_identity_credential" not in document(folder, text)["resource"]
    assert "azurerm_user_assigned_identity" not in document(BOOTSTRAP, text)["resource"]
    assert "none: the spec names no repository" in emitted(text)[f"{BOOTSTRAP}/README.md"]


def test_two_subscriptions_have_a_bootstrap_each() -> None:
    other = "99999999-2222-3333-4444-555555555555"
    text = replaced((f'azure("westeurope", "{BOOTSTRAP[-36:]}")', f'azure("westeurope", "{other}")'))
    pages = {path for path in emitted(text) if path.endswith("README.md")}
    assert pages == {f"{BOOTSTRAP}/README.md", f"{BOOTSTRAP[:-36]}{other}/README.md"}
    assert "prod" not in json.dumps(document(f"{BOOTSTRAP[:-36]}{other}", text)["resource"])


def test_the_page_says_how_it_is_applied() -> None:
    page = emitted()[f"{BOOTSTRAP}/README.md"]
    backend = document(BOOTSTRAP)["terraform"]["backend"]["azurerm"]
    for text in ("backend_override.tf.json", "terraform init -migrate-state", *(backend[one] for one in NAMES)):
        assert text in page
