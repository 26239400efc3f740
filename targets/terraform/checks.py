"""What is too open in emitted folders, whatever cloud they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlopsc.targets.terraform.weakness import Weakness


def weaknesses(documents: Sequence[Mapping[str, Any]]) -> list[Weakness]:
    """All that is too open in folders that belong together, as parsed `main.tf.json`s, each kind by a name."""
    # Only what is there is read: a check of one cloud needs nothing of the other.
    found: list[Weakness] = []
    if any("aws" in one.get("provider", {}) for one in documents):
        from mlopsc.targets.terraform.aws import weaknesses as aws

        found += aws.weaknesses(documents)
    on_azure = [dict(one) for one in documents if "azurerm" in one.get("provider", {})]
    if on_azure:
        from mlopsc.targets.terraform.azure import weaknesses as azure
        from mlopsc.targets.terraform.azure.evaluation import access_of

        found += azure.weaknesses(access_of(*on_azure))
    return found
