"""Terraform itself, run on an emitted folder, and an AWS on this machine for the real provider to talk to."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PLUGINS = os.environ.get("TF_PLUGIN_DIR")
needs_provider = pytest.mark.skipif(
    PLUGINS is None, reason="TF_PLUGIN_DIR does not say where Terraform's provider for AWS 5.100.0 is"
)
_SERVICES = ("budgets", "ec2", "ecr", "ecs", "iam", "kms", "logs", "s3", "sts")
_NOT_PLAYED = {
    "aws_budgets_budget": "moto cannot say who is told of a budget",
    "aws_s3_bucket_lifecycle_configuration": "the provider waits for a minute until moto has kept it",
}
"""What is left out of what is applied, and why."""


@dataclass(frozen=True)
class Folder:
    """A folder of Terraform."""

    path: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What Terraform says, without colours or questions."""
        return subprocess.run(
            ["terraform", f"-chdir={self.path}", arguments[0], "-no-color", *arguments[1:]],
            capture_output=True,
            text=True,
            env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
            check=False,
        )

    def done(self, *arguments: str) -> str:
        """The same, of what must succeed."""
        found = self.run(*arguments)
        assert found.returncode == 0, found.stdout[-2000:] + found.stderr
        return found.stdout

    def init(self) -> None:
        """Make the folder ready; providers come from where this machine keeps them."""
        self.done("init", "-input=false", *([f"-plugin-dir={PLUGINS}"] if PLUGINS else []))

    def changes(self) -> dict[str, list[str]]:
        """What a plan would do, by address; nothing where all is as it should be."""
        found = self.run("plan", "-input=false", "-detailed-exitcode", "-out=tfplan")
        assert found.returncode in (0, 2), found.stderr
        plan = json.loads(self.done("show", "-json", "tfplan"))
        changes = {one["address"]: one["change"]["actions"] for one in plan.get("resource_changes", ())}
        wanted = {address: actions for address, actions in changes.items() if actions not in (["no-op"], ["read"])}
        assert bool(wanted) == (found.returncode == 2) or not wanted
        return wanted


def played(document: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """A folder as it is applied to an AWS on this machine: its state beside it, and without what is not played."""
    (provider,) = document["provider"]["aws"]
    provider |= {
        "access_key": "test",
        "secret_key": "test",
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "s3_use_path_style": True,
        "max_retries": 2,
        "endpoints": [dict.fromkeys(_SERVICES, endpoint)],
    }
    document["terraform"]["backend"] = {"local": {}}
    for type_ in _NOT_PLAYED:
        document["resource"].pop(type_, None)
    return document


def unguarded(document: dict[str, Any]) -> dict[str, Any]:
    """The same without what keeps it from being destroyed."""
    for named in document["resource"].values():
        for body in named.values():
            body.get("lifecycle", {}).pop("prevent_destroy", None)
    return document
