"""The platform `aws`: what it cannot express, the folder of an environment, and what is applied once an account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from mlopsc.compiler.diagnostics import Diagnostic, did_you_mean
from mlopsc.compiler.schema.values import Rate
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile
from mlopsc.targets.terraform import messages
from mlopsc.targets.terraform.aws.monthly import CURRENCY, monthly
from mlopsc.targets.terraform.aws.regions import REGIONS
from mlopsc.targets.terraform.refusals import groups_without, of_platform, trust_unknown, unsupported

if TYPE_CHECKING:
    from mlopsc.targets.terraform.synthesis import Plan
    from mlopsc.targets.terraform.weakness import Weakness

_BUCKET = re.compile(r"(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_BUCKET_RULE = "A bucket's name has 3 to 63 lower-case letters, digits, `-` and `.`, and begins and ends with no sign."


_KEPT_FREE = ("bootstrap", "plans")
"""What begins other keys than those of an environment's state in the bucket of states."""


class AwsPlatform:
    """Writes S3, IAM, KMS and a budget."""

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:
        """What it cannot express, each at its line of the spec."""
        yield from of_platform(environment, lambda found: _region(cast("dict[str, Any]", found.value), found.value_at))
        yield from _name(environment)
        yield from _store(environment)
        yield from _budget(environment)
        yield from groups_without(environment, "aws", 'aws = "arn:aws:iam::ACCOUNT:role/NAME"', "aws")
        yield from trust_unknown(model)
        instead = "Leave it out: what serves models on `aws` is not written yet; the store and all identities are."
        yield from unsupported(environment, "serve", "aws", "way to serve that Terraform writes yet", instead)
        instead = "Leave it out: nothing that is written for it stands in a network of yours."
        yield from unsupported(environment, "network", "aws", "part in a network yet", instead)

    def plan(self, build: Build) -> Plan | None:
        """The store, the identities and the budget of an environment."""
        from mlopsc.targets.terraform.aws.environment import environment_plan

        return environment_plan(build)

    def shared(self, builds: Sequence[Build]) -> tuple[Sequence[Plan], Sequence[OutputFile]]:
        """For each account: where states are kept, who CI is, and beyond what no role can go."""
        from mlopsc.targets.terraform.aws.bootstrap import bootstrap

        return bootstrap(builds)

    def weaknesses(self, documents: Sequence[Mapping[str, Any]]) -> Sequence[Weakness]:
        """What is too open in parsed folders for it."""
        from mlopsc.targets.terraform.aws.weaknesses import weaknesses

        return weaknesses(documents)


def _region(call: dict[str, Any], at: Any) -> Iterator[Diagnostic]:
    region = str(call.get("region"))
    if region not in REGIONS:
        yield messages.unknown_region(at, "aws", region, did_you_mean(region, REGIONS))
    bucket = call.get("bucket")
    if bucket and not _BUCKET.fullmatch(str(bucket["id"])):
        yield messages.name_refused(at, "a bucket", str(bucket["id"]), _BUCKET_RULE)


def _name(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    if environment.name in _KEPT_FREE:
        rule = "`bootstrap` and `plans` are folders of the bucket that keeps the states."
        yield messages.name_refused(environment.at, "an environment", environment.name, rule)


def _store(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    store = environment.settings.get("store")
    if store is None:
        return
    url = str(store.value)
    bucket = url.removeprefix("s3://").partition("/")[0]
    if not url.startswith("s3://"):
        yield messages.store_elsewhere(store.value_at, url, "aws", "s3://NAME")
    elif not _BUCKET.fullmatch(bucket):
        yield messages.name_refused(store.value_at, "a bucket", bucket, _BUCKET_RULE)


def _budget(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    found = environment.settings.get("budget")
    if found is None:
        return
    amount = monthly(Rate.parse(str(found.value)))
    if amount is None or amount.currency != CURRENCY:
        instead = f"Write a month's amount in US dollars, such as `400{CURRENCY} / 1mo`."
        yield messages.cannot_do(found.value_at, f"budget of `{found.value}`", "aws", instead)
