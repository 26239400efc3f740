"""Which credentials of a cloud are there: how they would be had, never what they are."""

from __future__ import annotations

import configparser
import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 20


@dataclass(frozen=True)
class Credentials:
    """Whether there are any, how they would be had, and the next step where there are none."""

    are_there: bool
    fact: str
    next: str = ""


def aws_credentials(variables: Mapping[str, str], home: Path) -> Credentials:
    """Those that the AWS provider would find, in its order."""
    if variables.get("AWS_ACCESS_KEY_ID"):
        if not variables.get("AWS_SECRET_ACCESS_KEY"):
            return Credentials(False, "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not", "set both, or neither")
        lasting = "" if variables.get("AWS_SESSION_TOKEN") else ", a key that does not expire"
        return Credentials(True, f"from AWS_ACCESS_KEY_ID{lasting}")
    if variables.get("AWS_ROLE_ARN") and variables.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return Credentials(True, "a role by a token: AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE")
    profile = variables.get("AWS_PROFILE") or variables.get("AWS_DEFAULT_PROFILE")
    known = _profiles(variables, home)
    if profile and profile not in known:
        return Credentials(False, f"AWS_PROFILE is `{profile}`, which no file has", "`aws configure list-profiles`")
    if profile or "default" in known:
        return Credentials(True, f"the profile `{profile or 'default'}`")
    if any(one.startswith("AWS_CONTAINER_CREDENTIALS_") for one in variables):
        return Credentials(True, "those of this container")
    return Credentials(False, "none", "`aws sso login`, or set AWS_PROFILE; a job takes a role by its token")


def _profiles(variables: Mapping[str, str], home: Path) -> set[str]:
    files = (
        variables.get("AWS_CONFIG_FILE") or home / ".aws" / "config",
        variables.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials",
    )
    found: set[str] = set()
    for file in files:
        parser = configparser.ConfigParser(interpolation=None)
        with suppress(OSError, configparser.Error, UnicodeDecodeError):
            parser.read(file, encoding="utf-8")
        found |= {section.removeprefix("profile ").strip() for section in parser.sections()}
    return found


def azure_credentials(variables: Mapping[str, str]) -> Credentials:
    """Those that the Azure provider would find, in its order."""
    if variables.get("ARM_CLIENT_ID"):
        if not variables.get("ARM_TENANT_ID"):
            return Credentials(False, "ARM_CLIENT_ID is set, ARM_TENANT_ID is not", "set both")
        if variables.get("ARM_USE_OIDC", "").lower() in ("1", "true"):
            return Credentials(True, "an identity by a token: ARM_USE_OIDC, ARM_CLIENT_ID, ARM_TENANT_ID")
        if variables.get("ARM_CLIENT_SECRET") or variables.get("ARM_CLIENT_CERTIFICATE_PATH"):
            return Credentials(True, "from ARM_CLIENT_ID, with a secret that lasts")
        return Credentials(False, "ARM_CLIENT_ID is set, and nothing that proves it", "set ARM_USE_OIDC=true in a job")
    account = _az_account()
    if account:
        return Credentials(True, f"those of `az`, in the subscription {account}")
    return Credentials(False, "none", "`az login`; a job sets ARM_USE_OIDC, ARM_CLIENT_ID and ARM_TENANT_ID")


def _az_account() -> str | None:
    """The subscription that `az` is logged in to."""
    try:
        done = subprocess.run(["az", "account", "show"], capture_output=True, timeout=_PATIENCE, check=True)
        return str(json.loads(done.stdout)["id"])
    except (OSError, ValueError, KeyError, subprocess.SubprocessError):
        return None
