"""Terraform itself reads what is written for Azure: types, references and cycles, against the vendored schema.

That is a schema check. Azure's own provider was not asked: it looks at values, too, and is not needed here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure_case import BOOTSTRAP, DEV, PROD, document
from stubs import packages

STUB = Path(__file__).parent / "stub_azurerm.py"
VERSION = "5.10.0"
Check = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    terraform, folder_of_stubs = shutil.which("terraform"), packages()
    if terraform is None or folder_of_stubs is None:
        missing = "Terraform" if terraform is None else "the package `tf`, which `make stubs` installs"
        pytest.skip(f"NOT CHECKED: what is written for Azure was not read by Terraform, for want of {missing}")
    folder = tmp_path_factory.mktemp("azurerm")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "HOME": str(folder), "CHECKPOINT_DISABLE": "1"}

    def run(*arguments: str, cwd: Path = folder) -> dict[str, Any]:
        done = subprocess.run(
            [terraform, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.stdout, done.stderr
        return json.loads(done.stdout) if "-json" in arguments else {"ok": done.returncode == 0, "said": done.stdout}

    platform = run("version", "-json")["platform"]
    place = folder / "plugins" / "registry.terraform.io" / "hashicorp" / "azurerm" / VERSION / platform
    place.mkdir(parents=True)
    provider = place / f"terraform-provider-azurerm_v{VERSION}"
    provider.write_text(f'#!/bin/sh\nPYTHONPATH="{folder_of_stubs}" exec "{sys.executable}" "{STUB}"\n')
    provider.chmod(0o755)
    root = folder / "root"
    root.mkdir()

    def validated(content: dict[str, Any]) -> dict[str, Any]:
        (root / "main.tf.json").write_text(json.dumps(content))
        if not (root / ".terraform").exists():
            started = run("init", "-backend=false", f"-plugin-dir={folder / 'plugins'}", "-no-color", cwd=root)
            assert started["ok"], started["said"]
        return run("validate", "-json", "-no-color", cwd=root)

    return validated


@pytest.mark.parametrize("folder", [DEV, PROD, BOOTSTRAP])
def test_terraform_finds_every_argument_and_every_reference(check: Check, folder: str) -> None:
    found = check(document(folder))
    assert found["diagnostics"] == []
    assert found["valid"]


def planted(folder: str, type_: str, name: str, **arguments: object) -> dict[str, Any]:
    content = document(folder)
    content["resource"][type_][name].update(arguments)
    return content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (planted(PROD, "azurerm_storage_account", "store", min_tls="x"), "Extraneous JSON object property"),
        (
            planted(
                PROD, "azurerm_storage_container", "store", storage_account_id="${azurerm_storage_account.shop.id}"
            ),
            "Reference to undeclared resource",
        ),
        (
            planted(PROD, "azurerm_storage_account", "store", location="${azurerm_storage_container.store.name}"),
            "Cycle",
        ),
        (
            planted(PROD, "azurerm_log_analytics_workspace", "log", retention_in_days="long"),
            "Incorrect attribute value",
        ),
    ],
    ids=["argument", "reference", "cycle", "type"],
)
def test_what_is_planted_is_found(check: Check, content: dict[str, Any], said: str) -> None:
    found = check(content)
    assert not found["valid"]
    assert any(said in one["summary"] for one in found["diagnostics"]), found["diagnostics"]
