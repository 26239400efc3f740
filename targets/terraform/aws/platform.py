"""The platform `aws`: what it cannot express, the folder of an environment, and what is applied once an account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mlopsc.compiler.diagnostics import Diagnostic, did_you_mean
from mlopsc.compiler.schema.values import Rate
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.compiler.text import Location
from mlopsc.targets import Build, OutputFile
from mlopsc.targets.terraform import messages
from mlopsc.targets.terraform.aws.buckets import own_bucket
from mlopsc.targets.terraform.aws.checks import jobs_refused
from mlopsc.targets.terraform.aws.monthly import CURRENCY, monthly
from mlopsc.targets.terraform.aws.regions import REGIONS
from mlopsc.targets.terraform.platforms import PLATFORM, settings_of
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
        yield from _shared_bucket(model, environment)
        yield from _budget(environment)
        yield from groups_without(environment, "aws", 'aws = "arn:aws:iam::ACCOUNT:role/NAME"', "aws")
        yield from trust_unknown(model)
        instead = "Leave it out: what serves models on `aws` is not written yet; the store and all identities are."
        yield from unsupported(environment, "serve", "aws", "way to serve that Terraform writes yet", instead)
        yield from jobs_refused(environment)

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
        rule = "Take another name: `bootstrap` and `plans` are folders of the bucket that keeps the states."
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


def _shared_bucket(model: SemanticModel, environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """Environments before it whose store is in its bucket, whichever words name it.

    Two may be in one that is there already, at paths of their own: nobody makes it, and its settings are nobody's.
    """
    mine = _Bucket.of(model, environment)
    for other in model.environments.values():
        if other.name == environment.name:
            return
        if settings_of(other)["function"] == "aws":
            theirs = _Bucket.of(model, other)
            if mine.is_shared_with(theirs) and not (mine.url and mine.url == theirs.url):
                hint = "Give each environment a bucket of its own."
                if mine.is_there and theirs.is_there:
                    hint = f'Give each environment a path of its own, such as `store = "s3://{mine.name}/{environment.name}"`.'
                yield messages.not_apart(mine.at, f"the bucket `{mine.name}`", other.name, theirs.at, hint)


@dataclass(frozen=True)
class _Bucket:
    """What the store of an environment is in: `url` is what `store` says, `at` what of the spec decides."""

    name: str
    url: str
    is_there: bool
    at: Location

    @classmethod
    def of(cls, model: SemanticModel, environment: EnvironmentModel) -> _Bucket:
        call, store = settings_of(environment), environment.settings.get("store")
        there = cast("Mapping[str, Any] | None", call.get("bucket"))
        url = str(store.value).rstrip("/") if store else ""
        if there:
            found = str(there["id"])
        elif url:
            found = url.removeprefix("s3://").partition("/")[0]
        else:
            pipeline = model.pipeline.name if model.pipeline else ""
            found = own_bucket(pipeline, environment.name, str(call["account"]))
        decides = environment.settings[PLATFORM] if there or not store else store
        return cls(found, url, bool(there), decides.value_at)

    def is_shared_with(self, other: _Bucket) -> bool:
        """Whether one would undo what the other does: in a bucket that is there, only below the same path."""
        if self.name != other.name or not (self.is_there and other.is_there):
            return self.name == other.name
        mine, theirs = (f"{one.url.removeprefix('s3://').partition('/')[2]}/".lstrip("/") for one in (self, other))
        return mine.startswith(theirs) or theirs.startswith(mine)


def _budget(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    found = environment.settings.get("budget")
    if found is None:
        return
    amount = monthly(Rate.parse(str(found.value)))
    if amount is None or amount.currency != CURRENCY:
        instead = f"Write a month's amount in US dollars, such as `400{CURRENCY} / 1mo`."
        yield messages.cannot_do(found.value_at, f"budget of `{found.value}`", "aws", instead)
