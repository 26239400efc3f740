"""Who CI is on Amazon: one role that plans, one that applies what was planned, one that pushes images."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.targets.terraform.aws.job_rights import looking_rights, making_rights, role_names
from mlopsc.targets.terraform.aws.place import Place
from mlopsc.targets.terraform.aws.policies import Condition, Statement, arn, document, policy_text
from mlopsc.targets.terraform.aws.roles import workflow_trust
from mlopsc.targets.terraform.expressions import Value
from mlopsc.targets.terraform.identities import NAMES
from mlopsc.targets.terraform.jobs import jobs_of
from mlopsc.targets.terraform.naming import name
from mlopsc.targets.terraform.oidc import BUILDING, PLANNING, jobs_environment, subjects
from mlopsc.targets.terraform.resources import Resource

_HOUR = 3_600
_NEW = Condition("Null", "s3:if-none-match", ("false",))
_BUCKET_READS = (
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListTagsForResource",
)
_BUCKET_WRITES = (
    "s3:CreateBucket",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:TagResource",
    "s3:UntagResource",
)
_ROLE_READS = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
)
_ROLE_WRITES = (
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)


def ci_roles(place: Place, *, images: bool) -> Iterator[Resource]:
    """The roles of CI for one environment, with the one for images or without it: an account has one."""
    environment = place.written.environment
    yield from _role(place, "ci-plan", f"Plans changes of {environment}", _jobs(place, PLANNING), _plan_rights(place))
    yield from _role(
        place, "ci-apply", f"Applies what was planned for {environment}", _jobs(place), _apply_rights(place)
    )
    if images:
        built = jobs_environment(place.written.pipeline, BUILDING)
        yield from _role(place, BUILDING, "Pushes images", built, _image_rights(place))


def _jobs(place: Place, end: str = "") -> str:
    return jobs_environment(place.written.pipeline, place.written.environment, end)


def _role(
    place: Place, identity: str, purpose: str, environment: str, rights: Iterator[Statement]
) -> Iterator[Resource]:
    assert place.github is not None
    reason = place.written.because(purpose)
    label = f"{place.written.identifier(place.written.environment)}_{identity.replace('-', '_')}"
    trust = document(
        f"{label}_trust",
        [workflow_trust(place, subjects(place.github, environment))],
        reason.but_for("Who may take the role"),
    )
    yield trust
    body: dict[str, Value] = {
        "name": place.role_name(identity),
        "description": purpose,
        "assume_role_policy": policy_text(trust),
        "max_session_duration": _HOUR,
        "tags": place.tags(reason),
    }
    role = Resource("aws_iam_role", label, body, reason)
    yield role
    allowed = document(label, list(rights), reason)
    yield allowed
    attached: dict[str, Value] = {"name": identity, "role": role.get("id"), "policy": policy_text(allowed)}
    why = reason.but_for("All that the role may do")
    yield Resource("aws_iam_role_policy", label, attached, why)


def _plan_rights(place: Place) -> Iterator[Statement]:
    yield from _reads(place)
    yield from _state(place, writes=False)


def _apply_rights(place: Place) -> Iterator[Statement]:
    yield from _reads(place)
    yield from _state(place, writes=True)
    if place.existing("bucket") is None:
        bucket = f"arn:aws:s3:::{place.bucket}"
        yield Statement("Bucket", _BUCKET_WRITES, (bucket,), "The store's bucket, never what is in it")
    bounded = Condition("StringEquals", "iam:PermissionsBoundary", (place.boundary,))
    yield Statement(
        "RolesWithinTheBoundary",
        ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"),
        _roles(place),
        "Roles of this environment, and only with its boundary",
        (bounded,),
    )
    yield Statement("Roles", _ROLE_WRITES, _roles(place), "What else a role's life needs")
    yield Statement(
        "NotItsOwnGuards",
        ("iam:*",),
        [place.named("role", one) for one in ("ci-plan", "ci-apply", BUILDING)] + [place.boundary],
        "Who CI is, and the boundary, are not CI's to change",
        denies=True,
    )
    yield Statement(
        "Budget",
        ("budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"),
        (_budget(place),),
        "The environment's budget",
    )
    if jobs_of(place.build):
        yield from making_rights(place)


def _reads(place: Place) -> Iterator[Statement]:
    yield Statement("ReadBucket", _BUCKET_READS, (f"arn:aws:s3:::{place.bucket}",), "How the store's bucket is set")
    yield Statement("ReadRoles", _ROLE_READS, _roles(place), "Roles of this environment")
    yield Statement(
        "ReadBudget",
        ("budgets:ViewBudget", "budgets:ListTagsForResource"),
        (_budget(place),),
        "The environment's budget",
    )

    if jobs_of(place.build):
        yield from looking_rights(place)


def _state(place: Place, *, writes: bool) -> Iterator[Statement]:
    bucket = f"arn:aws:s3:::{place.state_bucket}"
    state, plans = f"{bucket}/{place.state_key}", f"{bucket}/plans/{place.state_key.rpartition('/')[0]}/*"
    yield Statement("FindState", ("s3:ListBucket",), (bucket,), "Whether there is a state yet")
    if writes:
        yield Statement("State", ("s3:GetObject", "s3:PutObject"), (state,), "The state of this environment")
        yield Statement("Plans", ("s3:GetObject",), (plans,), "Exactly the plan that was approved")
    else:
        yield Statement("State", ("s3:GetObject",), (state,), "The state of this environment")
        yield Statement(
            "Plans", ("s3:PutObject",), (plans,), "Where plans wait for approval; none is replaced", (_NEW,)
        )
    lock = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
    yield Statement("Lock", lock, (f"{state}.tflock",), "One at a time")
    yield Statement(
        "StateKey",
        ("kms:Decrypt", "kms:GenerateDataKey"),
        (arn("kms", "key/*", region=place.state_region, account=place.account),),
        "States and plans are encrypted",
        (
            Condition("ForAnyValue:StringEquals", "kms:ResourceAliases", (place.state_alias,)),
            Condition("StringEquals", "kms:ViaService", (f"s3.{place.state_region}.amazonaws.com",)),
        ),
    )


def _image_rights(place: Place) -> Iterator[Statement]:
    yield Statement("LogIn", ("ecr:GetAuthorizationToken",), ("*",), "Amazon gives tokens for all registries or none")
    repository = f"repository/{name('aws_ecr_repository', place.written.pipeline)}"
    yield Statement(
        "Push",
        (
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:GetDownloadUrlForLayer",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
        ),
        (arn("ecr", repository, region=place.state_region, account=place.account),),
        "Images of this pipeline",
    )


def _roles(place: Place) -> list[str]:
    return [place.named("role", identity) for identity in (*NAMES, *role_names(place))]


def _budget(place: Place) -> str:
    called = name("aws_budgets_budget", place.written.pipeline, place.written.environment)
    return arn("budgets", f"budget/{called}", account=place.account)
