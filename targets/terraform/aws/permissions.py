"""The page that says what each identity may do: read from emitted folders, and decided by the evaluator."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlopsc.targets.terraform.aws.evaluation import Account, Role, account_of, grants_of
from mlopsc.targets.terraform.aws.matching import Condition, Context, Rule

_ACTS: Mapping[str, tuple[str, Context]] = {
    "read": ("s3:GetObject", {}),
    "create": ("s3:PutObject", {"s3:if-none-match": "*"}),
    "replace": ("s3:PutObject", {}),
    "delete": ("s3:DeleteObject", {}),
}
"""What may be done with a key, as a request that S3 gets."""
_STORE = re.compile(r"(arn:aws:s3:::[\w.-]+-store-\d{12})/(.+)\*")
_ARN = re.compile(r"arn:aws:(\w+):([\w-]*):(\d*):(.*)")
_NEVER: Sequence[tuple[str, str, str]] = (
    ("read a key outside of the places above", "s3:GetObject", "{store}/elsewhere"),
    ("read what was overwritten or deleted", "s3:GetObjectVersion", "{store}/objects/1"),
    ("remove what was overwritten or deleted", "s3:DeleteObjectVersion", "{store}/objects/1"),
    ("replace an entry of a release's log", "s3:PutObject", "{store}/release/api/prod/log/00000001.json"),
    ("delete an entry of a release's log", "s3:DeleteObject", "{store}/release/api/prod/log/00000001.json"),
    ("change who may use the store", "s3:PutBucketPolicy", "{store}"),
    ("open the store to the public", "s3:PutBucketPublicAccessBlock", "{store}"),
    ("delete the store", "s3:DeleteBucket", "{store}"),
    ("read a state of Terraform", "s3:GetObject", "{state}/prod/terraform.tfstate"),
    ("use a key but through S3", "kms:Decrypt", "{key}"),
    ("delete a key", "kms:ScheduleKeyDeletion", "{key}"),
    ("make a role", "iam:CreateRole", "{role}"),
    ("change a role", "iam:PutRolePolicy", "{role}"),
    ("hand a role on", "iam:PassRole", "{role}"),
    ("become another role", "sts:AssumeRole", "{role}"),
    ("push an image", "ecr:PutImage", "{image}"),
)
"""What no identity of a stage may do: the act, and one request that would be it."""


def page(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The lines below the heading, from the folders of one account, bootstrap included."""
    account = account_of(documents)
    stages = [role for role in account.roles.values() if role.boundary is not None]
    others = [role for role in account.roles.values() if role.boundary is None]
    yield from ("## In the store", "")
    yield from _matrix(account, stages)
    for role in stages:
        yield from ("", f"### `{_short(role)}`", "", *_about(account, role), "")
        yield from _reasons(account, role)
    yield from ("", "## What none of these may", "")
    yield from _never(account, stages)
    yield from ("", "## Continuous integration", "")
    yield "A person makes these roles, and they cannot change themselves, each other, the boundary or the keys."
    yield "Whoever applies sets the store's policy, how long it keeps what, and who may take the roles above: it"
    yield "could let somebody in, or have records go, and that is in the plan that was approved. Jobs that run the"
    yield "project's code have a GitHub environment of their own, whose tokens open the roles of stages and none of"
    yield "these."
    for role in others:
        yield from ("", f"### `{_short(role)}`", "", *_about(account, role), "")
        yield from _rows(account, role)


def _short(role: Role) -> str:
    """What the folder calls a role."""
    return role.address.partition(".")[2]


def _places(roles: Iterable[Role]) -> Iterator[tuple[str, str]]:
    """The stores and prefixes that any of the roles has to do with, each once."""
    found = {
        (match[1], match[2])
        for role in roles
        for _, _, resource in grants_of(role)
        if (match := _STORE.fullmatch(resource))
    }
    yield from sorted(found)


def _may(account: Account, role: Role, store: str, prefix: str) -> str:
    """The acts that the evaluator lets a role do with a key below a prefix."""
    key = f"{store}/{prefix}1"
    return ", ".join(
        act for act, (action, context) in _ACTS.items() if account.decide(role.name, action, key, context).allowed
    )


def _matrix(account: Account, roles: Sequence[Role]) -> Iterator[str]:
    yield f"| | {' | '.join(f'`{_short(role)}`' for role in roles)} |"
    yield f"|---{'|---' * len(roles)}|"
    for store, prefix in _places(roles):
        yield f"| `{prefix}` | {' | '.join(_may(account, role, store, prefix) for role in roles)} |"


def _about(account: Account, role: Role) -> Iterator[str]:
    """What a role is for, who may take it, and beyond what it cannot go."""
    purpose, _, asked = role.comment.removesuffix("]").partition(" [")
    yield f"{purpose} ({asked.partition(', ')[2]}). It is taken by:"
    yield ""
    for rule in role.trust:
        for kind, name in rule.principals:
            assert account.may_assume(role.name, (kind, name), _fitting(rule.conditions)), rule.place
            yield f"- {_principal(kind, name)}{_only(rule.conditions)}"


def _principal(kind: str, name: str) -> str:
    match kind:
        case "Federated":
            return f"tokens of `{name.partition('oidc-provider/')[2]}`"
        case "Service":
            return f"the service `{name}`"
        case _:
            return f"`{name}`"


def _reasons(account: Account, role: Role) -> Iterator[str]:
    """Each place of a role with what it is needed for, as the policy says."""
    yield from ("| in | it may | for |", "|---|---|---|")
    purposes = dict(one.partition(" ")[::2] for rule in role.policies for one in rule.because.split("; "))
    for store, prefix in _places([role]):
        yield f"| `{prefix}` | {_may(account, role, store, prefix)} | {_cell(purposes.get(prefix, ''))} |"
    for rule in role.policies:
        if not any(_STORE.fullmatch(one) for one in rule.resources):
            yield from _row(account, role, rule)


def _rows(account: Account, role: Role) -> Iterator[str]:
    """The statements of a role."""
    yield from ("| on | it may | for |", "|---|---|---|")
    for rule in role.policies:
        if rule.allows:
            yield from _row(account, role, rule)


def _row(account: Account, role: Role, rule: Rule) -> Iterator[str]:
    """A statement, each action and resource of which the evaluator must let through."""
    for action in rule.actions:
        for resource in rule.resources:
            decision = account.decide(role.name, action, resource.replace("*", "1"), _fitting(rule.conditions))
            assert decision, f"{role.address}: {action} on {resource}: {decision.because}"
    where = ", ".join(_resource(one) for one in rule.resources)
    actions = ", ".join(f"`{one}`" for one in rule.actions)
    yield f"| {where} | {actions}{_only(rule.conditions)} | {_cell(rule.because)} |"


def _resource(arn: str) -> str:
    match = _ARN.fullmatch(arn)
    if match is None:
        return "everything" if arn == "*" else f"`{arn}`"
    kind = {"s3": "bucket" if "/" not in match[4] else "keys"}.get(match[1], "")
    return f"{kind} `{match[4]}`" if kind else f"`{match[4]}`"


def _only(conditions: Sequence[Condition]) -> str:
    """The conditions of a statement, in words."""
    if not conditions:
        return ""
    return ", only if " + " and ".join(
        f"`{one.key.rpartition('/')[2]}` is {' or '.join(f'`{value}`' for value in one.values)}"
        if one.operator != "Null"
        else f"`{one.key}` is {'not ' if one.values == ('true',) else ''}said"
        for one in conditions
    )


def _fitting(conditions: Sequence[Condition]) -> dict[str, Any]:
    """A request of which all of these hold."""
    found: dict[str, Any] = {}
    for one in conditions:
        value = one.values[0].replace("*", "1")
        found[one.key] = (value,) if one.operator.startswith("For") else value
    return found


def _never(account: Account, roles: Sequence[Role]) -> Iterator[str]:
    """Acts of which the evaluator says that no role may do them."""
    stores = [store for store, _ in _places(roles)]
    keys = [arn for arn, names in account.aliases.items() if any(name.endswith("-store") for name in names)]
    places = {
        "store": stores[0],
        "state": next(arn for arn in account.resources if "-state-" in arn),
        "key": next(iter(keys), "arn:aws:kms:::key/none"),
        "role": f"arn:aws:iam::{account.id}:role/other",
        "image": f"arn:aws:ecr:eu-west-1:{account.id}:repository/any",
    }
    for words, action, resource in _NEVER:
        allowed = [role.address for role in roles if account.decide(role.name, action, resource.format(**places))]
        assert not allowed, f"{allowed} may {words}"
        yield f"- {words} (`{action}`)"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
