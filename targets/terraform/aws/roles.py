"""The identities of an environment as roles: each may do what its grants say, within its boundary."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from mlopsc.targets.terraform.aws.job_rights import submit_rights
from mlopsc.targets.terraform.aws.place import Place
from mlopsc.targets.terraform.aws.policies import Condition, Statement, document, policy_text
from mlopsc.targets.terraform.aws.store import bucket_arn
from mlopsc.targets.terraform.expressions import Value, template
from mlopsc.targets.terraform.identities import SUBMIT, Act, Grant, Identity, Source, identities
from mlopsc.targets.terraform.oidc import ISSUER, RUNNING, jobs_environment, subjects
from mlopsc.targets.terraform.resources import Reason, Resource

SERVICE_ONLY = ("router",)
"""What never runs in a workflow: no token of GitHub's opens it."""
WORKFLOW_ONLY = (SUBMIT,)
"""What never runs in a container: a task that could start tasks would be hard to bound."""
AUDIENCE = "sts.amazonaws.com"
"""Whom a token must be made for."""
_HOST = ISSUER.removeprefix("https://")
_HOUR = 3_600
_TRAINING = 6 * _HOUR
TRAINS = ("train", "monitor", SUBMIT)
"""What trains or waits for it, and so may have to keep its role for longer than an hour: as long as GitHub lends a
machine."""
_ACTIONS = {
    Act.READ: ("s3:GetObject",),
    Act.CREATE: ("s3:PutObject",),
    Act.WRITE: ("s3:PutObject", "s3:AbortMultipartUpload"),
    Act.DELETE: ("s3:DeleteObject",),
}
_SIDS = {Act.READ: "Read", Act.CREATE: "Create", Act.WRITE: "Write", Act.DELETE: "Delete"}
_CREATE_ONLY = Condition("Null", "s3:if-none-match", ("false",))


def roles(place: Place) -> Iterator[Resource]:
    """The role of each identity, with its trust and its policy."""
    for identity in identities(place.written):
        yield from _role(place, identity)


def _role(place: Place, identity: Identity) -> Iterator[Resource]:
    reason = identity.reason
    trust = document(f"{identity.name}_trust", list(_trust(place, identity)), reason.but_for("Who may take the role"))
    yield trust
    role = Resource(
        "aws_iam_role",
        identity.name,
        {
            "name": place.role_name(identity.name),
            "description": f"{identity.purpose}: {place.written.pipeline}, {place.written.environment}",
            "assume_role_policy": policy_text(trust),
            "permissions_boundary": place.boundary,
            "max_session_duration": _TRAINING if identity.name in TRAINS else _HOUR,
            "tags": place.tags(reason),
        },
        reason,
    )
    yield role
    rights = document(identity.name, list(_rights(place, identity)), reason.but_for(identity.purpose))
    yield rights
    body: dict[str, Value] = {"name": identity.name, "role": role.get("id"), "policy": policy_text(rights)}
    yield Resource("aws_iam_role_policy", identity.name, body, reason.but_for("All that the role may do"))


def _trust(place: Place, identity: Identity) -> Iterator[Statement]:
    if identity.groups:
        people: list[Value] = [str(group["aws"]) for group in identity.groups]
        yield Statement("People", ("sts:AssumeRole",), (), "The groups that the spec gives access", (), {"AWS": people})
        return
    if identity.name not in WORKFLOW_ONLY:
        yield tasks_trust(place)
    if place.github and identity.name not in SERVICE_ONLY:
        jobs = jobs_environment(place.written.pipeline, place.written.environment, RUNNING)
        yield workflow_trust(place, subjects(place.github, jobs))


def tasks_trust(place: Place) -> Statement:
    """Trust in containers that ECS runs in the account."""
    account = Condition("StringEquals", "aws:SourceAccount", (place.account,))
    return Statement(
        "Containers",
        ("sts:AssumeRole",),
        (),
        "Tasks that ECS runs in this account",
        (account,),
        {"Service": ("ecs-tasks.amazonaws.com",)},
    )


def workflow_trust(place: Place, exact: str) -> Statement:
    """Trust in the jobs of one environment of one repository: equality, so that nothing like it passes."""
    return Statement(
        "Workflows",
        ("sts:AssumeRoleWithWebIdentity",),
        (),
        "Jobs of this repository that run in this environment of it, and no others",
        (
            Condition("StringEquals", f"{_HOST}:aud", (AUDIENCE,)),
            Condition("StringEquals", f"{_HOST}:sub", (exact,)),
        ),
        {"Federated": (place.oidc,)},
    )


def _rights(place: Place, identity: Identity) -> Iterator[Statement]:
    for act in Act:
        grants = [grant for grant in identity.grants if act in grant.acts]
        if grants:
            yield _store_right(place, act, grants)
    yield _names(place)
    for number, source in enumerate(_buckets(identity.sources), 1):
        yield from _source_rights(number, source)
    if place.has_key:
        yield _key_right(place, identity)
    if identity.name == SUBMIT:
        yield from submit_rights(place)


def _store_right(place: Place, act: Act, grants: Sequence[Grant]) -> Statement:
    wanted = {grant.prefix: grant.reason.purpose for grant in reversed(grants)}
    prefixes = {one: wanted[one] for one in sorted(wanted) if not _is_covered(one, wanted)}
    return Statement(
        _SIDS[act],
        _ACTIONS[act],
        [template(bucket_arn(place), f"/{place.prefix}{prefix}*") for prefix in prefixes],
        "; ".join(f"{prefix} {purpose}" for prefix, purpose in prefixes.items()),
        (_CREATE_ONLY,) if act is Act.CREATE else (),
    )


def _is_covered(prefix: str, others: Collection[str]) -> bool:
    return any(prefix != other and prefix.startswith(other) for other in others)


def _names(place: Place) -> Statement:
    """Names of all keys, for everybody: whoever reads a log asks for the record after its last."""
    why = "Records that may not be there are asked for: without this, S3 would refuse to say that they are not"
    return Statement("List", ("s3:ListBucket",), [bucket_arn(place)], why)


def _buckets(sources: Sequence[Source]) -> Iterator[tuple[str, str, Reason]]:
    """The sources on S3, each once, as bucket, key pattern and reason; the others need no leave of Amazon's."""
    seen = {source.url: source for source in sources if source.url.startswith("s3://")}
    for url, source in sorted(seen.items()):
        bucket, _, key = url.removeprefix("s3://").partition("/")
        yield bucket, key, source.reason


def _source_rights(number: int, source: tuple[str, str, Reason]) -> Iterator[Statement]:
    bucket, key, reason = source
    because = f"{reason.purpose} ({reason.part})"
    whole = "*" if key.endswith("/") or not key else ""
    yield Statement(f"Source{number}", ("s3:GetObject",), [f"arn:aws:s3:::{bucket}/{key}{whole}"], because)
    folder = key.partition("*")[0].rpartition("/")[0]
    # What is at the top of a bucket has no folder; without a pattern in it, only its own name is looked for.
    names = (folder, f"{folder}/*") if folder else ("*",) if "*" in key or not key else (key, f"{key}/*")
    yield Statement(
        f"SourceNames{number}",
        ("s3:ListBucket",),
        [f"arn:aws:s3:::{bucket}"],
        because,
        (Condition("StringLike", "s3:prefix", names),),
    )


def _key_right(place: Place, identity: Identity) -> Statement:
    writes = any(act is not Act.READ for grant in identity.grants for act in grant.acts)
    return Statement(
        "Key",
        ("kms:Decrypt", "kms:GenerateDataKey") if writes else ("kms:Decrypt",),
        [place.keys],
        "What is there is encrypted with the store's key; it is used through S3 only",
        (
            Condition("ForAnyValue:StringEquals", "kms:ResourceAliases", (place.key_alias,)),
            Condition("StringEquals", "kms:ViaService", (f"s3.{place.region}.amazonaws.com",)),
        ),
    )
