"""Why Terraform failed, in a sentence with a next step, from the page that it prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


class TerraformError(Exception):
    """Terraform could not do what was asked: the fact and the next step."""

    def __init__(self, fact: str, hint: str) -> None:
        super().__init__(fact, hint)
        self.fact = fact
        self.hint = hint


@dataclass(frozen=True)
class Failure:
    """A way to fail: what its words look like, the fact and the next step.

    Both may name groups of the pattern, and `{folder}`: where Terraform ran.
    """

    pattern: str
    fact: str
    hint: str


_NETWORK = r"(no such host|connection refused|dial tcp|i/o timeout|network is unreachable|TLS handshake|proxyconnect)"
_LATEST = "install Terraform {oldest} or newer: https://developer.hashicorp.com/terraform/install"

FAILURES: Sequence[Failure] = (
    Failure(r"Unsupported Terraform Core version", "Terraform is too old for these files", _LATEST),
    Failure(
        r"Error acquiring the state lock.*?ID:\s+(?P<id>\S+).*?Operation:\s+(?P<what>\S+)\s+Who:\s+(?P<who>\S+)"
        r".*?Created:\s+(?P<when>[\d-]+ [\d:]+)",
        "the state is locked: `{who}` has been at it since {when} UTC ({what})",
        "wait until it is done; if it died, `terraform -chdir={folder} force-unlock {id}`",
    ),
    Failure(
        r"Error acquiring the state lock",
        "the state is locked by another run of Terraform",
        "wait until it is done, then do this again",
    ),
    Failure(
        r"(Backend initialization required|Backend configuration changed|Backend type changed)",
        "the state has been elsewhere until now",
        "`terraform -chdir={folder} init -migrate-state` takes it along, once you are sure that it should move",
    ),
    Failure(
        r"(S3 bucket \"(?P<bucket>[^\"]+)\" does not exist|NoSuchBucket|ContainerNotFound|"
        r"Resource ?Group.{0,40}not be found|(?s:storage account.{0,80}was not found))",
        "the place where the state is kept does not exist yet",
        "a person applies the folder below `bootstrap/` once; its page says how",
    ),
    Failure(
        r"(lock ?file.{0,60}(is read-only|not consistent|inconsistent)|Inconsistent dependency lock file|"
        r"Provider dependency changes detected|doesn't match any of the checksums|"
        r"(?s:cached package.{0,200}checksums))",
        "the providers are not those of `.terraform.lock.hcl`",
        "`terraform -chdir={folder} init -backend=false -upgrade` writes it anew; read what changed, then commit it",
    ),
    Failure(
        rf"(?s:(provider|registry).*{_NETWORK})",
        "providers cannot be fetched: no way to the registry from here",
        "check network and proxy; or fetch them where there is one, with `terraform providers mirror`",
    ),
    Failure(
        r"(Failed to query available provider packages|provider registry .{0,40}does not have a provider|"
        r"no available releases match|could not find (a )?provider|Failed to install provider|"
        r"provider .{0,80} (was not found|not found|is not available))",
        "a provider cannot be found in the version that the files ask for",
        "`terraform -chdir={folder} providers` lists what is asked for; check where this machine takes providers from",
    ),
    Failure(
        r"AWS account ID not allowed(: (?P<account>\d+))?",
        "the credentials are those of another AWS account",
        "take the ones of the account that the environment names: `aws sts get-caller-identity` says whose they are",
    ),
    Failure(
        r"(No valid credential sources? found|failed to refresh cached credentials|ExpiredToken|InvalidClientTokenId|"
        r"token.{0,20}has expired|SSO session|InvalidGrant|no EC2 IMDS role found|SignatureDoesNotMatch|"
        r"Invalid ?Access ?Key ?Id)",
        "there are no credentials for AWS, or they have expired",
        "`aws sso login`, or set AWS_PROFILE; a job takes a role by its token: `mlopsc doctor` looks at both",
    ),
    Failure(
        r"(unable to build authorizer|Azure CLI|az login|could not configure AzureRM|ClientCredential|AADSTS\d+|"
        r"obtaining (a )?token|subscription ID could not be determined|`subscription_id` is a required)",
        "there are no credentials for Azure, or they have expired",
        "`az login`, or the ARM_ variables in a job: `mlopsc doctor` looks at both",
    ),
    Failure(
        r"(AccessDenied|not authorized to perform|AuthorizationFailed|status ?code: 403)",
        "whoever this is may not do that",
        "`mlopsc doctor` says which credentials are there; plans need the role that the bootstrap makes for CI",
    ),
    Failure(
        r"Saved plan is stale",
        "the plan is stale: the state has changed since",
        "plan again: `mlopsc plan ENV --out FILE`",
    ),
    Failure(
        r"Instance cannot be destroyed.*?(?P<what>Resource \S+|[\w.]+) has\s+lifecycle.prevent_destroy",
        "it would destroy what must not be destroyed: {what}",
        "correct the spec; if it shall go, a person takes it out of the state: `terraform -chdir={folder} state rm`",
    ),
    Failure(
        r"No value for required variable.*?variable \"(?P<name>[^\"]+)\"",
        "the variable `{name}` has no value",
        "set TF_VAR_{name}",
    ),
    Failure(
        rf"{_NETWORK}", "a service that Terraform asks does not answer", "check network and proxy, then do this again"
    ),
)
"""Tried in this order: the first that fits is told."""


def told(words: str, folder: str, log: str, oldest: str) -> TerraformError:
    """What Terraform's words come to; of those that nothing here knows, the first error in one line."""
    for failure in FAILURES:
        found = re.search(failure.pattern, words, re.DOTALL | re.IGNORECASE)
        if found:
            groups = {name: one or "" for name, one in found.groupdict().items()}
            known = {**groups, "folder": folder, "oldest": oldest}
            hint = failure.hint.format(**known)
            return TerraformError(failure.fact.format(**known), f"{hint}; Terraform's own words: `{log}`")
    first = next((line.strip() for line in words.splitlines() if line.strip()), "it says nothing")
    return TerraformError(f"Terraform failed: {first.removeprefix('Error: ')}", f"its own words are in `{log}`")
