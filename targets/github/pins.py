"""Which release of each action is used, by commit: from one file of the user's repository, else what we know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """An action, its release, and the commit that the release is."""

    action: str
    version: str
    commit: str


def _pins(*known: tuple[str, str, str, str]) -> Mapping[str, Pin]:
    return {name: Pin(action, version, commit) for name, action, version, commit in known}


KNOWN = _pins(
    ("checkout", "actions/checkout", "v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
    ("setup-python", "actions/setup-python", "v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97"),
    ("upload", "actions/upload-artifact", "v7.0.1", "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a"),
    ("setup-terraform", "hashicorp/setup-terraform", "v4.0.1", "dfe3c3f87815947d99a8997f908cb6525fc44e9e"),
    (
        "configure-aws-credentials",
        "aws-actions/configure-aws-credentials",
        "v6.2.4",
        "cbe3b392738ccf3f987d68400dafcf4b0624a56c",
    ),
    (
        "attest",
        "actions/attest-build-provenance",
        "v4.1.0",
        "a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32",
    ),
    ("azure-login", "azure/login", "v3.0.1", "f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca"),
    ("download", "actions/download-artifact", "v8.0.1", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"),
)
"""The releases that the workflows were written for and tried with."""
