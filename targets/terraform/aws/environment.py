"""The folder of an environment on Amazon."""

from __future__ import annotations

from mlopsc.targets import Build
from mlopsc.targets.terraform.aws.budget import budget
from mlopsc.targets.terraform.aws.jobs import jobs, variables
from mlopsc.targets.terraform.aws.place import Place
from mlopsc.targets.terraform.aws.roles import roles
from mlopsc.targets.terraform.aws.store import store
from mlopsc.targets.terraform.documents import owner_tags
from mlopsc.targets.terraform.expressions import Expr, Value
from mlopsc.targets.terraform.identities import identities
from mlopsc.targets.terraform.resources import Output
from mlopsc.targets.terraform.synthesis import Plan


def environment_plan(build: Build) -> Plan:
    """The store, the identities and the budget of an environment, with a state of its own."""
    place = Place(build)
    resources = (*store(place), *roles(place), *jobs(place), *budget(place))
    named: Value = {one.name: Expr(f"aws_iam_role.{one.name}.arn") for one in identities(place.written)}
    outputs = {
        "store": Output(f"s3://{place.bucket}/{place.prefix}".rstrip("/"), "What `store` is: give it to MLOPSC_STORE."),
        "roles": Output(named, "The role of each identity."),
    }
    provider = place.provider(place.written.environment, place.region)
    root = place.written.root(place.backend(), (provider,), resources, variables(place), outputs)
    return Plan(root, place.written.prefix, owner_tags(place.written.pipeline, place.written.environment))
