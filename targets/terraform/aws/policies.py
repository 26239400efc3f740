"""Statements of IAM as blocks of `aws_iam_policy_document`, which people can read and Terraform can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mlopsc.targets.terraform.expressions import Expr, Value
from mlopsc.targets.terraform.resources import Reason, Resource

DOCUMENT = "aws_iam_policy_document"


@dataclass(frozen=True)
class Condition:
    """A test of a key of the request against values: `Condition("Bool", "aws:SecureTransport", ("false",))`."""

    test: str
    key: str
    values: Sequence[Value]

    def block(self) -> Mapping[str, Value]:
        """As it stands in a statement."""
        return {"test": self.test, "variable": self.key, "values": list(self.values)}


@dataclass(frozen=True)
class Statement:
    """Who may (or, with `denies`, must not) do what to which resources; `because` becomes its comment."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[Value]
    because: str
    conditions: Sequence[Condition] = ()
    principals: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    denies: bool = False
    everything_but: bool = False
    """Whether the actions are those that it is not about."""

    def block(self) -> Mapping[str, Value]:
        """As it stands in a document."""
        found: dict[str, Value] = {
            "//": self.because,
            "sid": self.sid,
            "effect": "Deny" if self.denies else "Allow",
            "not_actions" if self.everything_but else "actions": list(self.actions),
        }
        if self.resources:
            found["resources"] = list(self.resources)
        if self.principals:
            found["principals"] = [
                {"type": kind, "identifiers": list(names)} for kind, names in self.principals.items()
            ]
        if self.conditions:
            found["condition"] = [one.block() for one in self.conditions]
        return found


def document(name: str, statements: Sequence[Statement], reason: Reason) -> Resource:
    """A policy as data; `.get("json")` is its text."""
    return Resource(DOCUMENT, name, {"statement": [one.block() for one in statements]}, reason, kind="data")


def arn(service: str, place: str, *, region: str = "", account: str = "") -> str:
    """The name of something of Amazon's usual partition."""
    return f"arn:aws:{service}:{region}:{account}:{place}"


def policy_text(made: Resource) -> Expr:
    """The text of a policy that `document` made."""
    return made.get("json")
