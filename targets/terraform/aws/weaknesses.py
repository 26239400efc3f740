"""What is too open in emitted folders for AWS, each by a name: the same questions for ours and a person's additions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mlopsc.targets.terraform.aws.evaluation import Attached, attached
from mlopsc.targets.terraform.aws.matching import Rule, UnreadableError, several
from mlopsc.targets.terraform.aws.references import Folder, folder_of
from mlopsc.targets.terraform.oidc import ISSUER, SUBJECT
from mlopsc.targets.terraform.weakness import Weakness

SERVICES = ("aws_iam_role.router",)
"""What an environment has that serves: its store must not be destroyed by mistake."""
_HOST = ISSUER.removeprefix("https://")
_READS = re.compile(r"[a-z0-9-]+:(Get|List|Describe|View|Head|BatchGet|BatchCheck)\w*")
_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_PUBLIC = ("public-read", "public-read-write", "authenticated-read")
_BOOTSTRAP = "bootstrap/"
_LIMITS = ("kms:resourcealiases", "aws:resourcetag/mlopsc-", "aws:requesttag/mlopsc-", "ec2:createaction")
"""Conditions that say which of all things are meant, where Amazon makes their names up."""


def weaknesses(documents: Iterable[Mapping[str, Any]]) -> list[Weakness]:
    """All that is too open in folders that belong together, in their order; those of other clouds are passed over."""
    folders = [folder_of(one) for one in documents if "aws" in one.get("provider", {})]
    found = [one for folder in folders for check in _CHECKS for one in _safely(check, folder)]
    return [*dict.fromkeys(found), *_shared_states(folders)]


def _safely(check: Callable[[Folder], Iterator[Weakness]], folder: Folder) -> list[Weakness]:
    try:
        return list(check(folder))
    except UnreadableError as error:
        return [Weakness("unreadable", "", f"{error}, so nothing can be said of it")] if check is _rules else []
    except KeyError as error:
        return [Weakness("unreadable", "", f"something has no `{error.args[0]}`, so nothing can be said of it")]


def _buckets(folder: Folder) -> Iterator[Weakness]:
    for name, body in folder.blocks("aws_s3_bucket").items():
        address, called = f"aws_s3_bucket.{name}", folder.value(f"aws_s3_bucket.{name}.id")
        if body.get("force_destroy"):
            yield Weakness("unguarded-store", address, "it is destroyed with all that is in it")
        closed = _of(folder, "aws_s3_bucket_public_access_block", called)
        if not all(closed.get(one) is True for one in _BLOCKS):
            yield Weakness("no-public-access-block", address, "one wrong policy makes it public")
        if _of(folder, "aws_s3_bucket_acl", called).get("acl") in _PUBLIC:
            yield Weakness("public-bucket", address, "anybody can read it")
        kept = several(_of(folder, "aws_s3_bucket_versioning", called).get("versioning_configuration"))
        if not any(one.get("status") == "Enabled" for one in kept):
            yield Weakness("no-versions", address, "what is overwritten or deleted cannot be had back")
        rules = several(_of(folder, "aws_s3_bucket_server_side_encryption_configuration", called).get("rule"))
        if not any(several(one.get("apply_server_side_encryption_by_default")) for one in rules):
            yield Weakness("no-encryption", address, "what is in it is not said to be encrypted")
        if not any(_refuses_plain_http(one.rule, called) for one in attached(folder) if one.to.endswith(called)):
            yield Weakness("plain-http", address, "what is sent can be read on the way")


def _of(folder: Folder, type_: str, bucket: str) -> Mapping[str, Any]:
    """What is set for a bucket by a resource of its own; nothing without one."""
    found = (one for one in folder.blocks(type_).values() if folder.resolved(one.get("bucket")) == bucket)
    return next(found, {})


def _refuses_plain_http(rule: Rule, bucket: str) -> bool:
    everybody = any(kind in ("*", "AWS") and name == "*" for kind, name in rule.principals)
    request = {"aws:SecureTransport": "false"}
    places = (f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/any")
    actions = ("s3:ListBucket", "s3:GetObject", "s3:PutObject")
    covers = all(rule.covers(action, place, request) for action in actions for place in places)
    return not rule.allows and everybody and covers


def _rules(folder: Folder) -> Iterator[Weakness]:
    for one in attached(folder):
        if one.rule.allows:
            yield from {"trust": _trust, "identity": _identity, "resource": _resource}[one.kind](one)


def _identity(one: Attached) -> Iterator[Weakness]:
    rule = one.rule
    wild = [action for action in rule.actions if "*" in action or "?" in action]
    for action in wild or rule.not_actions[:1]:
        yield Weakness("wildcard-action", one.address, f"{rule.place}: `{action}` is more than one action")
    writes = [action for action in rule.actions if not _READS.fullmatch(action)]
    if rule.not_resources and writes:
        yield Weakness("wildcard-resource", one.address, f"{rule.place}: {writes[0]} on all but some")
    limited = any(test.key.lower().startswith(_LIMITS) for test in rule.conditions)
    for resource in rule.resources:
        if writes and _is_wide(resource) and not limited:
            yield Weakness("wildcard-resource", one.address, f"{rule.place}: {writes[0]} on `{resource}`")


def _is_wide(resource: str) -> bool:
    """Whether a pattern names all things of a kind: `*`, `arn:aws:s3:::*`, `arn:aws:iam::123456789012:role/*`."""
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return "*" in resource
    return parts[5].startswith("*") or (parts[2] != "s3" and re.fullmatch(r"[\w-]+[/:]\*.*", parts[5]) is not None)


def _trust(one: Attached) -> Iterator[Weakness]:
    rule = one.rule
    exact = {test.key.lower(): test.values for test in rule.conditions if test.operator == "StringEquals"}
    for kind, name in rule.principals:
        if kind == "Federated":
            subjects = exact.get(f"{_HOST}:sub", ())
            if not name.endswith(f"oidc-provider/{_HOST}") or not subjects or not all(map(SUBJECT.fullmatch, subjects)):
                words = f"{rule.place}: not only one environment of one repository on GitHub gets in"
                yield Weakness("trust-without-environment", one.address, words)
            if exact.get(f"{_HOST}:aud") != ("sts.amazonaws.com",):
                words = f"{rule.place}: tokens that were made for others get in"
                yield Weakness("trust-of-any-audience", one.address, words)
        elif kind == "Service" and not exact.get("aws:sourceaccount"):
            yield Weakness("trust-of-any-account", one.address, f"{rule.place}: `{name}` of any account gets in")
        elif name == "*" or name.endswith(":root"):
            yield Weakness("trust-of-anybody", one.address, f"{rule.place}: `{name}` is more than one role")


def _resource(one: Attached) -> Iterator[Weakness]:
    for kind, name in one.rule.principals:
        if name == "*" and not any(test.key.lower() == "aws:sourcearn" for test in one.rule.conditions):
            is_bucket = one.to.startswith("arn:aws:s3:::")
            words = f"{one.rule.place}: everybody ({kind}) is let in"
            yield Weakness("public-bucket" if is_bucket else "open-to-anybody", one.address, words)


def _roles(folder: Folder) -> Iterator[Weakness]:
    """A person applies the bootstrap, whose roles are the guards; all others are within a boundary."""
    if str(_backend(folder).get("key", "")).startswith(_BOOTSTRAP):
        return
    for name, body in folder.blocks("aws_iam_role").items():
        if not body.get("permissions_boundary"):
            yield Weakness("no-boundary", f"aws_iam_role.{name}", "nothing limits what it can be given")


def _credentials(folder: Folder) -> Iterator[Weakness]:
    for type_ in ("aws_iam_access_key", "aws_iam_user"):
        for name in folder.blocks(type_):
            yield Weakness("stored-credentials", f"{type_}.{name}", "a secret that does not expire lets in who has it")


def _keys(folder: Folder) -> Iterator[Weakness]:
    for name, body in folder.blocks("aws_kms_key").items():
        if body.get("enable_key_rotation") is not True:
            yield Weakness("no-rotation", f"aws_kms_key.{name}", "the key is never renewed")


def _watching(folder: Folder) -> Iterator[Weakness]:
    for name, body in folder.blocks("aws_cloudwatch_log_group").items():
        if not body.get("retention_in_days"):
            yield Weakness("kept-forever", f"aws_cloudwatch_log_group.{name}", "logs are kept for ever")
    for name, body in folder.blocks("aws_budgets_budget").items():
        told = several(body.get("notification"))
        if not any(one.get("subscriber_email_addresses") or one.get("subscriber_sns_topic_arns") for one in told):
            yield Weakness("silent-budget", f"aws_budgets_budget.{name}", "nobody hears that the money is spent")


def _registries(folder: Folder) -> Iterator[Weakness]:
    for name, body in folder.blocks("aws_ecr_repository").items():
        if body.get("image_tag_mutability") != "IMMUTABLE":
            yield Weakness("mutable-images", f"aws_ecr_repository.{name}", "an image can be replaced by another")


def _guards(folder: Folder) -> Iterator[Weakness]:
    serves = [one for one in SERVICES if one.rpartition(".")[2] in folder.blocks("aws_iam_role")]
    if not serves and not str(_backend(folder).get("key", "")).startswith(_BOOTSTRAP):
        return
    for name, body in folder.blocks("aws_s3_bucket").items():
        if not any(one.get("prevent_destroy") for one in several(body.get("lifecycle"))):
            yield Weakness(
                "unguarded-store", f"aws_s3_bucket.{name}", "Terraform may destroy it with all that is in it"
            )


def _states(folder: Folder) -> Iterator[Weakness]:
    backend = _backend(folder)
    if "s3" in folder.document.get("terraform", {}).get("backend", {}):
        if backend.get("encrypt") is not True:
            yield Weakness("no-encryption", "terraform.backend", "the state is not encrypted")
        if not (backend.get("use_lockfile") or backend.get("dynamodb_table")):
            yield Weakness("no-lock", "terraform.backend", "two applies at once undo each other's work")


_CHECKS = (_buckets, _rules, _roles, _credentials, _keys, _watching, _registries, _guards, _states)


def _backend(folder: Folder) -> Mapping[str, Any]:
    found: Mapping[str, Mapping[str, Any]] = folder.document.get("terraform", {}).get("backend", {})
    return next(iter(found.values()), {})


def _shared_states(folders: Iterable[Folder]) -> Iterator[Weakness]:
    seen: set[tuple[object, ...]] = set()
    for folder in folders:
        backend = _backend(folder)
        place = tuple(sorted((name, backend.get(name)) for name in ("bucket", "key", "path", "region")))
        if place in seen:
            words = f"two folders keep their state in one place, `{backend.get('key')}`, and undo each other's work"
            yield Weakness("shared-state", "terraform.backend", words)
        seen.add(place)
