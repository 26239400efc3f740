"""Who may do what, by the policies of emitted folders: decided as AWS decides it, and without AWS.

Within one account, as all of our folders are: a Deny anywhere refuses; else a policy of the identity or one of the
resource must allow it, and the identity's boundary too. A key of KMS is an exception: without its own policy nobody
has a part in it. What of AWS is left out is said in `docs/permissions.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

from mlopsc.targets.terraform.aws.matching import Context, Rule, UnreadableError, holds, rules_of, rules_of_json
from mlopsc.targets.terraform.aws.references import Folder, folder_of

_DOCUMENT = "data.aws_iam_policy_document"
_REFERENCE = re.compile(r"\$\{data\.aws_iam_policy_document\.([\w-]+)\.(?:minified_)?json\}")
_RESOURCE_POLICIES = {
    "aws_s3_bucket_policy": ("bucket", "policy", "aws_s3_bucket"),
    "aws_sns_topic_policy": ("arn", "policy", "aws_sns_topic"),
    "aws_ecr_repository_policy": ("repository", "policy", "aws_ecr_repository"),
}
"""Types that put a policy on a resource: the arguments that name it and the policy, and what it is."""
_USUAL = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "aws:PrincipalIsAWSService": "false"}


Found = TypeVar("Found")


@dataclass(frozen=True)
class Decision:
    """Whether something may be done, and which statement says so."""

    allowed: bool
    because: str

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True)
class Role:
    """A role: what its policies say, how far its boundary lets it go (None without one), and who may take it."""

    address: str
    name: str
    arn: str
    policies: tuple[Rule, ...]
    boundary: tuple[Rule, ...] | None
    trust: tuple[Rule, ...]
    comment: str = ""


@dataclass(frozen=True)
class Account:
    """Roles, and policies of resources, of folders that are applied to one account."""

    id: str
    roles: Mapping[str, Role]
    """By what AWS calls them: `bike_demand-prod-train`."""
    resources: Mapping[str, tuple[Rule, ...]]
    """What the policy of a resource says, by its ARN; of a key always, of others where they have one."""
    aliases: Mapping[str, tuple[str, ...]]
    """What keys are called, by their ARN."""

    def role(self, name: str) -> Role:
        """The role of that name or address, or the only one whose address ends so: `train`."""
        found = [one for one in self.roles.values() if name in (one.name, one.address, one.address.partition(".")[2])]
        if len(found) != 1:
            raise LookupError(f"{len(found)} roles are called `{name}`: {sorted(self.roles)}")
        return found[0]

    def decide(self, identity: str, action: str, resource: str, context: Context | None = None) -> Decision:
        """Whether a role may do something to a resource, in a request of which `context` says more."""
        role = self.role(identity)
        known = {**self._usual(role, resource), **(context or {})}
        needs_own, at_resource = self._on(resource)
        spoken = [one for one in at_resource if _speaks_of(one, role, self.id)]
        about = [
            [one for one in statements if one.covers(action, resource, known)]
            for statements in (role.policies, role.boundary or (), spoken)
        ]
        denying = next((one for statements in about for one in statements if not one.allows), None)
        if denying is not None:
            return Decision(False, f"{denying.place} denies it")
        own, limit, there = about
        if needs_own and not there:
            return Decision(False, f"the policy of {resource} lets nobody of this account")
        found = [*own, *(one for one in there if not _delegates(one, self.id))]
        if not found:
            return Decision(False, f"no statement allows {action} on {resource}")
        if role.boundary is not None and not limit:
            return Decision(False, f"the boundary of {role.address} does not reach {action} on {resource}")
        return Decision(True, f"{found[0].place} allows it")

    def _usual(self, role: Role, resource: str) -> dict[str, str | Sequence[str]]:
        """What every request of a role for a resource says."""
        own = {"aws:PrincipalArn": role.arn, "aws:PrincipalAccount": self.id, "aws:ResourceAccount": self.id}
        called = self.aliases.get(resource)
        return {**_USUAL, **own, **({"kms:ResourceAliases": called} if called else {})}

    def _on(self, resource: str) -> tuple[bool, tuple[Rule, ...]]:
        """Whether a resource is one that nobody may use without its own policy, and what that policy says."""
        for arn, statements in self.resources.items():
            if resource == arn or (arn.startswith("arn:aws:s3:::") and resource.startswith(f"{arn}/")):
                return arn.split(":")[2] == "kms", statements
        return False, ()

    def may_assume(self, identity: str, principal: tuple[str, str], context: Context | None = None) -> Decision:
        """Whether a principal may take a role: `("Service", "ecs-tasks.amazonaws.com")`, `("Federated", ARN)`.

        A federated principal comes with a token, a service or another role without one.
        """
        role = self.role(identity)
        known = {**_USUAL, **(context or {})}
        action = "sts:AssumeRoleWithWebIdentity" if principal[0] == "Federated" else "sts:AssumeRole"
        asked = [one for one in role.trust if any(_is_same(principal, other) for other in one.principals)]
        covered = [
            one for one in asked if one.names(action) and all(holds(condition, known) for condition in one.conditions)
        ]
        for statement in covered:
            if not statement.allows:
                return Decision(False, f"{statement.place} denies it")
        if covered:
            return Decision(True, f"{covered[0].place} allows it")
        return Decision(False, f"the trust of {role.address} has no place for {principal[1]} like this")


def _speaks_of(statement: Rule, role: Role, account: str) -> bool:
    """Whether a statement of a resource's policy is about a role, directly or with its whole account."""
    here = (("AWS", role.arn), ("AWS", f"arn:aws:iam::{account}:root"), ("AWS", account))
    if statement.not_principals:
        return not any(_is_same(one, other) for one in here for other in statement.not_principals)
    return any(_is_same(one, other) for one in here for other in statement.principals)


def _delegates(statement: Rule, account: str) -> bool:
    """Whether it leaves the decision to the policies of the account's identities."""
    root = {f"arn:aws:iam::{account}:root", account}
    return bool(statement.principals) and all(name in root for _, name in statement.principals)


def _is_same(principal: tuple[str, str], named: tuple[str, str]) -> bool:
    """Whether a policy's principal is this one; `*` is everybody, and no other wildcard is one."""
    return (named[1] == "*" and named[0] in ("*", principal[0])) or named == principal


def account_of(
    documents: Iterable[Mapping[str, Any]],
    account: str = "",
    region: str = "",
    values: Mapping[str, str] | None = None,
) -> Account:
    """What the folders of one account say together: parsed `main.tf.json`s, of environments and of the bootstrap.

    Folders for which AWS is not among the providers are passed over. `values` are those of variables. Raises
    UnreadableError where a folder says something that is not known here.
    """
    on_aws = [one for one in documents if "aws" in one.get("provider", {})]
    readers = [_Reader(folder_of(one, account, region, values)) for one in on_aws]
    ids = {one.folder.account for one in readers}
    if len(ids) != 1:
        raise UnreadableError(f"these folders are of several accounts: {sorted(ids)}")
    managed = _once(pair for one in readers for pair in one.managed.items())
    roles = _once((role.name, role) for one in readers for role in one.roles(managed))
    aliases: dict[str, tuple[str, ...]] = {}
    for key, called in (pair for one in readers for pair in one.aliases()):
        aliases[key] = (*aliases.get(key, ()), called)
    return Account(ids.pop(), roles, _once(pair for one in readers for pair in one.resources()), aliases)


def _once(pairs: Iterable[tuple[str, Found]]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for name, one in pairs:
        if name in found:
            raise UnreadableError(f"two of these folders have `{name}`: read them one by one")
        found[name] = one
    return found


@dataclass(frozen=True)
class _Reader:
    """Reads the roles and policies of one folder."""

    folder: Folder

    def statements(self, text: Any, place: str) -> tuple[Rule, ...]:
        """The statements that an argument `policy` refers to."""
        if str(text).startswith("{"):
            return rules_of_json(self.folder.resolved(str(text)), place)
        match = _REFERENCE.fullmatch(str(text))
        body = self.folder.blocks(_DOCUMENT).get(match[1]) if match else None
        if match is None or body is None:
            raise UnreadableError(f"{place}: `{text}` is no policy document of the folder")
        return rules_of(self.folder.resolved(dict(body)), f"{_DOCUMENT}.{match[1]}")

    @cached_property
    def managed(self) -> dict[str, tuple[Rule, ...]]:
        """What policies with a name of their own say, by ARN."""
        return {
            self.folder.value(f"aws_iam_policy.{name}.arn"): self.statements(body["policy"], f"aws_iam_policy.{name}")
            for name, body in self.folder.blocks("aws_iam_policy").items()
        }

    def roles(self, managed: Mapping[str, tuple[Rule, ...]]) -> Iterator[Role]:
        """The roles, with all that is attached to them."""
        for type_ in ("aws_iam_policy_attachment", "aws_iam_user_policy", "aws_iam_group_policy"):
            if self.folder.blocks(type_):
                raise UnreadableError(f"`{type_}` is not known")
        for name, body in self.folder.blocks("aws_iam_role").items():
            address = f"aws_iam_role.{name}"
            for argument in ("inline_policy", "managed_policy_arns"):
                if argument in body:
                    raise UnreadableError(f"{address}: `{argument}` is not known")
            limit = body.get("permissions_boundary")
            yield Role(
                address,
                str(self.folder.resolved(body["name"])),
                self.folder.value(f"{address}.arn"),
                tuple(self._policies(name, managed)),
                None if limit is None else _managed(managed, str(self.folder.resolved(limit)), address),
                self.statements(body["assume_role_policy"], address),
                str(body.get("//", "")),
            )

    def _policies(self, name: str, managed: Mapping[str, tuple[Rule, ...]]) -> Iterator[Rule]:
        called = self.folder.value(f"aws_iam_role.{name}.id")
        for own, body in self.folder.blocks("aws_iam_role_policy").items():
            if self.folder.resolved(body["role"]) == called:
                yield from self.statements(body["policy"], f"aws_iam_role_policy.{own}")
        for own, body in self.folder.blocks("aws_iam_role_policy_attachment").items():
            if self.folder.resolved(body["role"]) == called:
                arn = str(self.folder.resolved(body["policy_arn"]))
                yield from _managed(managed, arn, f"aws_iam_role_policy_attachment.{own}")

    def resources(self) -> Iterator[tuple[str, tuple[Rule, ...]]]:
        """The policies of resources: by ARN, what they say."""
        for type_, (target, argument, of) in _RESOURCE_POLICIES.items():
            for name, body in self.folder.blocks(type_).items():
                yield (
                    self._arn(str(self.folder.resolved(body[target])), of),
                    self.statements(body[argument], f"{type_}.{name}"),
                )
        for name, body in self.folder.blocks("aws_kms_key").items():
            arn = self.folder.value(f"aws_kms_key.{name}.arn")
            said = body.get("policy")
            yield arn, self.statements(said, f"aws_kms_key.{name}") if said else (self._default_key_policy(name),)

    def aliases(self) -> Iterator[tuple[str, str]]:
        """The keys that have a name, by ARN, and that name."""
        for body in self.folder.blocks("aws_kms_alias").values():
            yield str(self.folder.resolved(body["target_key_id"])), str(self.folder.resolved(body["name"]))

    def _arn(self, named: str, type_: str) -> str:
        """The ARN of a resource that is named by its ARN or as it is called."""
        if named.startswith("arn:"):
            return named
        if type_ == "aws_s3_bucket":
            return f"arn:aws:s3:::{named}"
        return f"arn:aws:ecr:{self.folder.region}:{self.folder.account}:repository/{named}"

    def _default_key_policy(self, name: str) -> Rule:
        """What AWS puts on a key that says nothing: the account decides."""
        root = (("AWS", f"arn:aws:iam::{self.folder.account}:root"),)
        return Rule(f"aws_kms_key.{name}", True, actions=("kms:*",), resources=("*",), principals=root)


@dataclass(frozen=True)
class Attached:
    """A statement and what it is attached to: `to` is the ARN of a resource, or the address of a role or policy."""

    address: str
    kind: Literal["trust", "identity", "resource"]
    to: str
    rule: Rule


def attached(folder: Folder) -> Iterator[Attached]:
    """All statements of a folder, each with what it is attached to; raises UnreadableError as `account_of` does."""
    reader = _Reader(folder)
    for type_ in ("aws_iam_role_policy", "aws_iam_policy"):
        for name, body in folder.blocks(type_).items():
            address = f"{type_}.{name}"
            rules = reader.statements(body["policy"], address)
            yield from (Attached(address, "identity", address, one) for one in rules)
    for name, body in folder.blocks("aws_iam_role").items():
        address = f"aws_iam_role.{name}"
        rules = reader.statements(body["assume_role_policy"], address)
        yield from (Attached(address, "trust", address, one) for one in rules)
    for arn, rules in reader.resources():
        yield from (Attached(one.place.partition(",")[0], "resource", arn, one) for one in rules)


def _managed(managed: Mapping[str, tuple[Rule, ...]], arn: str, place: str) -> tuple[Rule, ...]:
    if arn not in managed:
        raise UnreadableError(f"{place}: the policy {arn} is in none of these folders")
    return managed[arn]


def grants_of(role: Role) -> Iterator[tuple[Rule, str, str]]:
    """What a role's policies allow, as (statement, action, resource) with their patterns."""
    for statement in role.policies:
        if statement.allows:
            if statement.not_actions or statement.not_resources:
                raise UnreadableError(f"{statement.place} allows all but something")
            for action in statement.actions:
                for resource in statement.resources:
                    yield statement, action, resource
