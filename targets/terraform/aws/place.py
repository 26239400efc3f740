"""Where an environment is on Amazon: its account and region, and how its things are called there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from mlopsc.targets import Build
from mlopsc.targets.terraform.aws.buckets import own_bucket
from mlopsc.targets.terraform.aws.policies import arn
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.documents import owner_tags, tags_of
from mlopsc.targets.terraform.expressions import Value
from mlopsc.targets.terraform.naming import name
from mlopsc.targets.terraform.oidc import ISSUER
from mlopsc.targets.terraform.platforms import platform_of, settings_of
from mlopsc.targets.terraform.resources import Backend, Provider, Reason

PROVIDER = "hashicorp/aws"
VERSIONS = ">= 5.100.0, < 7"
STATE_FILE = "terraform.tfstate"


@dataclass(frozen=True)
class Place:
    """An environment on Amazon."""

    build: Build

    @cached_property
    def written(self) -> Written:
        """The build as platforms read it."""
        return Written(self.build)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The call of the platform."""
        return platform_of(self.build)

    @property
    def region(self) -> str:
        """The region."""
        return str(self.settings["region"])

    @property
    def account(self) -> str:
        """The account's number."""
        return str(self.settings["account"])

    @property
    def has_key(self) -> bool:
        """Whether the store is encrypted with a key of its own."""
        return bool(self.settings.get("customer_keys", True)) and self.existing("bucket") is None

    @property
    def github(self) -> Mapping[str, Any] | None:
        """Where the code lives, if the spec says so with a repository."""
        found = cast("Mapping[str, Any] | None", self.build.pipeline.settings.get("github"))
        return found if found and found.get("repository") else None

    def existing(self, setting: str) -> str | None:
        """What Amazon calls a thing that is there already."""
        found = self.settings.get(setting)
        return str(found["id"]) if found else None

    @property
    def bucket(self) -> str:
        """The name of the store's bucket: one that is there, the one that `store` names, else one of its own."""
        existing = self.existing("bucket")
        if existing is not None:
            return existing
        url = str(self.build.pipeline.environment.settings.get("store", ""))
        if url:
            return url.removeprefix("s3://").partition("/")[0]
        return own_bucket(self.written.pipeline, self.written.environment, self.account)

    @property
    def prefix(self) -> str:
        """What the keys of the store begin with: nothing, or the path of its URL and a `/`."""
        url = str(self.build.pipeline.environment.settings.get("store", ""))
        path = url.removeprefix("s3://").partition("/")[2].strip("/")
        return f"{path}/" if path else ""

    @property
    def store(self) -> str:
        """The URL of the store."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def state_bucket(self) -> str:
        """The bucket that keeps the states of the pipeline in this account."""
        return name("aws_s3_bucket", self.written.pipeline, "state", self.account)

    @property
    def state_key(self) -> str:
        """The key of the state of the environment."""
        return f"{name('aws_s3_bucket', self.written.environment)}/{STATE_FILE}"

    @property
    def boundary(self) -> str:
        """The policy beyond which no role of the environment can go."""
        return self.named("policy", "boundary")

    @property
    def network(self) -> Mapping[str, Any]:
        """The call `existing(vpc = …, subnets = …)` of the network that jobs run in; empty without one."""
        return cast("Mapping[str, Any]", self.build.pipeline.environment.settings.get("network") or {})

    @property
    def vpc(self) -> str:
        """That network's id."""
        return str(self.network["vpc"])

    @property
    def cluster(self) -> str:
        """The name of the cluster that jobs run on."""
        return self.role_name("jobs")

    @property
    def registry(self) -> str:
        """The name of the registry of the pipeline's images."""
        return name("aws_ecr_repository", self.written.pipeline)

    def task(self, stage: str) -> str:
        """The name of the task of a stage."""
        return self.role_name(f"job-{stage}")

    @property
    def oidc(self) -> str:
        """The account's provider of GitHub's identities."""
        found = self.existing("oidc")
        return found or arn("iam", f"oidc-provider/{ISSUER.removeprefix('https://')}", account=self.account)

    def role_name(self, identity: str) -> str:
        """The name of a role."""
        return name("aws_iam_role", self.written.pipeline, self.written.environment, identity)

    def named(self, kind: str, identity: str) -> str:
        """The ARN of a role or policy."""
        return arn("iam", f"{kind}/{self.role_name(identity)}", account=self.account)

    def tags(self, reason: Reason) -> dict[str, str]:
        """The tags of a resource, beside those that the provider gives all of them."""
        return tags_of(reason)

    @property
    def state_region(self) -> str:
        """The region of the states: that of the account's first environment."""
        return str(self._in_account[0].get("region", self.region))

    @property
    def key_alias(self) -> str:
        """The name of the store's key."""
        return f"alias/{self.role_name('store')}"

    @property
    def state_alias(self) -> str:
        """The name of the key of the states, one for all environments in the account."""
        return f"alias/{name('aws_kms_alias', self.written.pipeline, 'state')}"

    @property
    def key_arn(self) -> str:
        """The name of the store's key, as its bucket takes it."""
        return arn("kms", self.key_alias, region=self.region, account=self.account)

    @property
    def keys(self) -> str:
        """All keys of the account in this region: which are meant, a condition on their name says."""
        return arn("kms", "key/*", region=self.region, account=self.account)

    @property
    def is_first_in_account(self) -> bool:
        """Whether no environment before it is in its account."""
        return self._in_account[0] == self.settings

    @property
    def _in_account(self) -> Sequence[Mapping[str, Any]]:
        """The platforms of the program's environments that are in this account, in the order of `follows`."""
        if self.build.model is None:
            return (self.settings,)
        ordered = sorted(self.build.model.environments.values(), key=lambda one: one.rank)
        found = [settings_of(one) for one in ordered]
        return [one for one in found if one.get("account") == self.account] or (self.settings,)

    def backend(self) -> Backend:
        """Where the state is: locked by a file beside it, so that no table is needed.

        The key is named, although it is the bucket's: with `encrypt` alone Terraform asks for Amazon's own.
        """
        return Backend(
            "s3",
            {
                "bucket": self.state_bucket,
                "key": self.state_key,
                "region": self.state_region,
                "encrypt": True,
                "kms_key_id": arn("kms", self.state_alias, region=self.state_region, account=self.account),
                "use_lockfile": True,
            },
        )

    def provider(self, environment: str, region: str) -> Provider:
        """The provider, which refuses any other account; its tags say whose all is, for what is paid, too."""
        settings: dict[str, Value] = {
            "region": region,
            "allowed_account_ids": [self.account],
            "default_tags": [{"tags": owner_tags(self.written.pipeline, environment)}],
        }
        return Provider("aws", PROVIDER, VERSIONS, settings)
