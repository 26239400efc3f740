"""What each identity of an emitted folder may and may not do, action by action, by our own evaluator of IAM."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import pytest
from folders import ACCOUNT, REGION, SCORE, Emitted, bikes

from mlopsc.targets.terraform.aws.evaluation import Account, account_of, grants_of
from mlopsc.targets.terraform.aws.permissions import page
from mlopsc.targets.terraform.identities import Act, Identity

STORE = f"arn:aws:s3:::bike-demand-prod-store-{ACCOUNT}"
STATE = f"arn:aws:s3:::bike-demand-state-{ACCOUNT}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/prod_store"
KEYS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"
ISSUER = "token.actions.githubusercontent.com"
OIDC = ("Federated", f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}")
TASKS = ("Service", "ecs-tasks.amazonaws.com")
ANALYSTS = ("AWS", f"arn:aws:iam::{ACCOUNT}:role/analysts")
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bike-demand-prod-boundary"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/bike-demand"
ONCE = {"s3:if-none-match": "*"}
BY_S3 = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
BOUNDED = {"iam:PermissionsBoundary": BOUNDARY}
STAGES = ("train", "release", "router", "monitor", "score", "reader")
CI = ("prod_ci_plan", "prod_ci_apply", "prod_image")
Documents = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return bikes(tmp_path_factory.mktemp("bikes"), SCORE)


@pytest.fixture(scope="module")
def account(emitted: Emitted) -> Account:
    return account_of(emitted.documents.values())


ALLOWED: Sequence[tuple[str, str, str, Mapping[str, str]]] = [
    ("train", "s3:GetObject", "objects/sha256/ab/cd", {}),
    ("train", "s3:PutObject", "objects/sha256/ab/cd", {}),
    ("train", "s3:AbortMultipartUpload", "objects/sha256/ab/cd", {}),
    ("train", "s3:PutObject", "index/ab/cd/00000001.json", ONCE),
    ("train", "s3:PutObject", "versions/demand/00000001.json", ONCE),
    ("train", "s3:PutObject", "looks/ab/cd/00000001.json", ONCE),
    ("train", "s3:GetObject", "release/api/prod/log/00000001.json", {}),
    ("release", "s3:GetObject", "log/api/prod/2026-01-01/a.parquet", {}),
    ("release", "s3:GetObject", "feedback/api/prod/2026-01-01/a.parquet", {}),
    ("release", "s3:GetObject", "heartbeat/api/prod/a/1", {}),
    ("release", "s3:GetObject", "versions/demand/00000001.json", {}),
    ("release", "s3:PutObject", "release/api/prod/log/00000001.json", ONCE),
    ("router", "s3:GetObject", "objects/sha256/ab/cd", {}),
    ("router", "s3:GetObject", "release/api/prod/log/00000001.json", {}),
    ("router", "s3:PutObject", "log/api/prod/2026-01-01/a.parquet", ONCE),
    ("router", "s3:DeleteObject", "log/api/prod/2026-01-01/a.parquet", {}),
    ("router", "s3:PutObject", "feedback/api/prod/2026-01-01/a.parquet", ONCE),
    ("router", "s3:PutObject", "heartbeat/api/prod/a/1", ONCE),
    ("router", "s3:DeleteObject", "heartbeat/api/prod/a/1", {}),
    ("monitor", "s3:GetObject", "log/api/prod/2026-01-01/a.parquet", {}),
    ("monitor", "s3:PutObject", "events/live/prod/log/00000001.json", ONCE),
    ("monitor", "s3:PutObject", "reports/live/prod/1/report.html", ONCE),
    ("monitor", "s3:PutObject", "versions/demand/00000001.json", ONCE),
    ("score", "s3:GetObject", "release/api/prod/log/00000001.json", {}),
    ("score", "s3:GetObject", "versions/demand/00000001.json", {}),
    ("score", "s3:PutObject", "objects/sha256/ab/cd", {}),
    ("reader", "s3:GetObject", "reports/live/prod/1/report.html", {}),
    ("reader", "s3:GetObject", "versions/demand/00000001.json", {}),
]
"""Identity, action, key in the store, and what the request says: these may be done."""

REFUSED: Sequence[tuple[str, str, str, Mapping[str, str]]] = [
    ("train", "s3:PutObject", "index/ab/cd/00000001.json", {}),
    ("train", "s3:PutObject", "versions/demand/00000001.json", {}),
    ("train", "s3:PutObject", "release/api/prod/log/00000001.json", ONCE),
    ("train", "s3:DeleteObject", "objects/sha256/ab/cd", {}),
    ("train", "s3:GetObject", "log/api/prod/2026-01-01/a.parquet", {}),
    ("train", "s3:PutObject", "elsewhere", ONCE),
    ("release", "s3:PutObject", "release/api/prod/log/00000001.json", {}),
    ("release", "s3:DeleteObject", "release/api/prod/log/00000001.json", {}),
    ("release", "s3:PutObject", "release/api/dev/log/00000001.json", ONCE),
    ("release", "s3:PutObject", "release/other/prod/log/00000001.json", ONCE),
    ("release", "s3:PutObject", "versions/demand/00000001.json", ONCE),
    ("release", "s3:PutObject", "objects/sha256/ab/cd", ONCE),
    ("release", "s3:GetObject", "objects/sha256/ab/cd", {}),
    ("router", "s3:PutObject", "release/api/prod/log/00000001.json", ONCE),
    ("router", "s3:PutObject", "objects/sha256/ab/cd", ONCE),
    ("router", "s3:PutObject", "versions/demand/00000001.json", ONCE),
    ("router", "s3:PutObject", "log/api/prod/2026-01-01/a.parquet", {}),
    ("router", "s3:DeleteObject", "release/api/prod/log/00000001.json", {}),
    ("router", "s3:GetObject", "index/ab/cd/00000001.json", {}),
    ("monitor", "s3:PutObject", "release/api/prod/log/00000001.json", ONCE),
    ("monitor", "s3:DeleteObject", "events/live/prod/log/00000001.json", {}),
    ("monitor", "s3:PutObject", "log/api/prod/2026-01-01/a.parquet", ONCE),
    ("score", "s3:PutObject", "versions/demand/00000001.json", ONCE),
    ("score", "s3:GetObject", "log/api/prod/2026-01-01/a.parquet", {}),
    ("reader", "s3:GetObject", "log/api/prod/2026-01-01/a.parquet", {}),
    ("reader", "s3:GetObject", "feedback/api/prod/2026-01-01/a.parquet", {}),
    ("reader", "s3:GetObject", "objects/sha256/ab/cd", {}),
    ("reader", "s3:PutObject", "reports/live/prod/1/report.html", ONCE),
]
"""And these may not."""


@pytest.mark.parametrize(("identity", "action", "key", "context"), ALLOWED)
def test_what_an_identity_may_do(
    account: Account, identity: str, action: str, key: str, context: Mapping[str, str]
) -> None:
    decision = account.decide(identity, action, f"{STORE}/{key}", context)
    assert decision, decision.because
    assert not account.decide(identity, action, f"{STORE}/{key}", {**context, "aws:SecureTransport": "false"})
    assert not account.decide(identity, action, f"{STORE.replace('prod', 'dev')}/{key}", context)


@pytest.mark.parametrize(("identity", "action", "key", "context"), REFUSED)
def test_what_an_identity_may_not_do(
    account: Account, identity: str, action: str, key: str, context: Mapping[str, str]
) -> None:
    decision = account.decide(identity, action, f"{STORE}/{key}", context)
    assert not decision, decision.because


FOREIGN = (
    *("", "elsewhere/", "quarantine/", "versions/other/", "release/other/prod/", "release/api/dev/"),
    *("log/api/dev/", "log/other/prod/", "feedback/api/dev/", "heartbeat/api/dev/", "events/live/dev/"),
    *("events/other/prod/", "reports/live/dev/", "score/other/prod/", "objects", "forget/api/dev/"),
)
"""Places that nobody, or nobody of this environment, has to do with."""
NEVER: Sequence[tuple[str, str, Mapping[str, str]]] = [
    *((f"s3:{action}", STORE, {}) for action in ("PutBucketPolicy", "DeleteBucketPolicy", "DeleteBucket")),
    *((f"s3:{action}", STORE, {}) for action in ("PutBucketPublicAccessBlock", "PutBucketVersioning", "PutBucketAcl")),
    *((f"s3:{action}", STORE, {}) for action in ("PutLifecycleConfiguration", "PutEncryptionConfiguration")),
    *((f"s3:{action}", STORE, {}) for action in ("ListBucketVersions", "PutReplicationConfiguration")),
    *((f"s3:{action}", f"{STORE}/objects/1", {}) for action in ("GetObjectVersion", "DeleteObjectVersion")),
    *((f"s3:{action}", f"{STORE}/objects/1", {}) for action in ("PutObjectAcl", "PutObjectTagging", "RestoreObject")),
    ("s3:GetObject", f"{STATE}/prod/terraform.tfstate", {}),
    ("s3:ListBucket", STATE, {}),
    ("s3:ListAllMyBuckets", "*", {}),
    ("s3:GetObject", "arn:aws:s3:::other/objects/1", {}),
    *((f"kms:{action}", KEY, {}) for action in ("Decrypt", "GenerateDataKey")),
    *((f"kms:{action}", KEY, BY_S3) for action in ("Encrypt", "ScheduleKeyDeletion", "PutKeyPolicy", "CreateGrant")),
    ("kms:Decrypt", KEY, {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}),
    ("kms:Decrypt", KEY.replace("key/prod_store", "key/state"), BY_S3),
    ("kms:Decrypt", KEY.replace("key/prod_store", "key/other"), BY_S3),
    *((f"iam:{action}", f"{ROLES}/bike-demand-prod-train", BOUNDED) for action in ("CreateRole", "PutRolePolicy")),
    *((f"iam:{action}", f"{ROLES}/bike-demand-prod-train", {}) for action in ("PassRole", "UpdateAssumeRolePolicy")),
    ("sts:AssumeRole", f"{ROLES}/bike-demand-prod-ci-apply", {}),
    ("sns:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:any", {}),
    ("ecr:PutImage", REPOSITORY, {}),
    ("ecr:GetAuthorizationToken", "*", {}),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:any", {}),
    ("ecs:RunTask", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/any:1", {}),
]
"""What no identity of a stage may ever do."""
REQUESTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "read": ("s3:GetObject", {}),
    "create": ("s3:PutObject", ONCE),
    "write": ("s3:PutObject", {}),
    "delete": ("s3:DeleteObject", {}),
}


def differences(account: Account, identities: Sequence[Identity]) -> Iterator[str]:
    """Where the emitted policies say something else than the graph: all identities, all places, all acts."""
    places = dict.fromkeys([grant.prefix for one in identities for grant in one.grants])
    samples = [*(f"{place}sample" for place in [*places, *FOREIGN])]
    for one in identities:
        for key in samples:
            for act, (action, context) in REQUESTS.items():
                decision = account.decide(one.name, action, f"{STORE}/{key}", context)
                if bool(decision) != _is_granted(one, act, key):
                    yield f"{one.name} {act} {key}: {decision.because}"
                if account.decide(one.name, action, f"{STORE}/{key}", {**context, "aws:SecureTransport": "false"}):
                    yield f"{one.name} {act} {key} in the clear"
        # Who may not list a bucket is never told that a key is not there, which readers of logs must be.
        if not account.decide(one.name, "s3:ListBucket", STORE):
            yield f"{one.name} cannot be told that a record is not there"
        for action, resource, context in NEVER:
            if account.decide(one.name, action, resource, context):
                yield f"{one.name} {action} {resource} {dict(context)}"
        yield from _beyond(account, one)
        yield from _trusted(account, one)


def _is_granted(identity: Identity, act: str, key: str) -> bool:
    enough = {Act(act), Act.WRITE} if act == "create" else {Act(act)}
    return any(key.startswith(grant.prefix) and enough.intersection(grant.acts) for grant in identity.grants)


def _beyond(account: Account, identity: Identity) -> Iterator[str]:
    """What a policy allows that no sample would find: any action that no grant can need, anything too wide."""
    role = account.role(identity.name)
    known = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket"}
    places = {grant.prefix for grant in identity.grants}
    sources = {source.url.removeprefix("s3://").partition("/")[0] for source in identity.sources}
    for rule, action, resource in grants_of(role):
        if resource == KEYS and {one.key for one in rule.conditions} != {"kms:ResourceAliases", "kms:ViaService"}:
            yield f"{identity.name}: {action} on any key"
        if action not in known | {"kms:Decrypt", "kms:GenerateDataKey"}:
            yield f"{identity.name}: {action} on {resource}"
        bucket, _, rest = resource.removeprefix("arn:aws:s3:::").partition("/")
        is_place = resource.startswith(f"{STORE}/") and rest.removesuffix("*") in places
        if bucket not in sources and resource not in (STORE, KEYS) and not is_place:
            yield f"{identity.name}: {action} on {resource}"
    if role.boundary is None:
        yield f"{identity.name} has no boundary"


def _trusted(account: Account, identity: Identity) -> Iterator[str]:
    """Principals that get in and should not, or should and do not."""
    tokens = {
        "this environment": ("repo:example-org/bike-demand:environment:bike_demand-prod-run", "sts.amazonaws.com"),
        "another environment": ("repo:example-org/bike-demand:environment:bike_demand-dev", "sts.amazonaws.com"),
        "that which applies": ("repo:example-org/bike-demand:environment:bike_demand-prod", "sts.amazonaws.com"),
        "a branch": ("repo:example-org/bike-demand:ref:refs/heads/main", "sts.amazonaws.com"),
        "a pull request": ("repo:example-org/bike-demand:pull_request", "sts.amazonaws.com"),
        "another repository": ("repo:example-org/bike-demand2:environment:bike_demand-prod-run", "sts.amazonaws.com"),
        "another pipeline of the repository": (
            "repo:example-org/bike-demand:environment:forecasts-prod-run",
            "sts.amazonaws.com",
        ),
        "another owner": ("repo:evil/bike-demand:environment:bike_demand-prod-run", "sts.amazonaws.com"),
        "another audience": (
            "repo:example-org/bike-demand:environment:bike_demand-prod-run",
            "https://github.com/example-org",
        ),
    }
    for what, (subject, audience) in tokens.items():
        token = {f"{ISSUER}:sub": subject, f"{ISSUER}:aud": audience}
        expected = what == "this environment" and identity.name not in ("router", "reader")
        if bool(account.may_assume(identity.name, OIDC, token)) != expected:
            yield f"{identity.name} and a token of {what}"
    ours, others = {"aws:SourceAccount": ACCOUNT}, {"aws:SourceAccount": "999999999999"}
    for principal, context, expected in (
        (TASKS, ours, not identity.groups),
        (TASKS, others, False),
        (("Service", "lambda.amazonaws.com"), ours, False),
        (ANALYSTS, {}, bool(identity.groups)),
        (("AWS", f"arn:aws:iam::{ACCOUNT}:role/others"), {}, False),
        (("AWS", "arn:aws:iam::999999999999:root"), {}, False),
        (("Federated", "cognito-identity.amazonaws.com"), {}, False),
    ):
        if bool(account.may_assume(identity.name, principal, context)) != expected:
            yield f"{identity.name} and {principal[1]} {context}"


def test_policies_say_what_the_graph_says_and_nothing_else(emitted: Emitted, account: Account) -> None:
    assert [one.name for one in emitted.identities()] == ["train", "release", "router", "monitor", "score", "reader"]
    assert list(differences(account, emitted.identities())) == []


@pytest.mark.parametrize("identity", STAGES)
def test_keys_are_used_through_the_store_alone(account: Account, identity: str) -> None:
    assert account.decide(identity, "kms:Decrypt", KEY, BY_S3)
    assert bool(account.decide(identity, "kms:GenerateDataKey", KEY, BY_S3)) is (identity != "reader")


def test_sources_are_read_and_nothing_beside_them(account: Account) -> None:
    rides = "arn:aws:s3:::example-rides"
    for identity in ("train", "score"):
        assert account.decide(identity, "s3:GetObject", f"{rides}/latest/1.csv")
        assert account.decide(identity, "s3:ListBucket", rides, {"s3:prefix": "latest"})
        assert not account.decide(identity, "s3:GetObject", f"{rides}/salaries/1.csv")
        assert not account.decide(identity, "s3:PutObject", f"{rides}/latest/1.csv", ONCE)
        assert not account.decide(identity, "s3:ListBucket", rides, {"s3:prefix": "salaries"})
    assert not account.decide("router", "s3:GetObject", f"{rides}/latest/1.csv")


OWN = f"{ROLES}/bike-demand-prod-train"
GUARDS = (f"{ROLES}/bike-demand-prod-ci-apply", f"{ROLES}/bike-demand-prod-ci-plan", f"{ROLES}/bike-demand-prod-image")
LOG = f"{STORE}/log/api/prod/1"
STATE_FILE, LOCK = f"{STATE}/prod/terraform.tfstate", f"{STATE}/prod/terraform.tfstate.tflock"
PLAN = f"{STATE}/plans/prod/1.tfplan"
CI_TABLE: Sequence[tuple[str, str, str, Mapping[str, str], bool]] = [
    ("prod_ci_plan", "s3:GetObject", STATE_FILE, {}, True),
    ("prod_ci_plan", "s3:PutObject", STATE_FILE, {}, False),
    ("prod_ci_plan", "s3:PutObject", LOCK, {}, True),
    ("prod_ci_plan", "s3:DeleteObject", LOCK, {}, True),
    ("prod_ci_plan", "s3:PutObject", PLAN, ONCE, True),
    ("prod_ci_plan", "s3:PutObject", PLAN, {}, False),
    ("prod_ci_plan", "s3:GetObject", f"{STATE}/dev/terraform.tfstate", {}, False),
    ("prod_ci_plan", "s3:GetObject", f"{STATE}/bootstrap/terraform.tfstate", {}, False),
    ("prod_ci_plan", "s3:GetBucketPolicy", STORE, {}, True),
    ("prod_ci_plan", "s3:PutBucketPolicy", STORE, {}, False),
    ("prod_ci_plan", "s3:GetObject", LOG, {}, False),
    ("prod_ci_plan", "iam:GetRole", OWN, {}, True),
    ("prod_ci_plan", "iam:CreateRole", OWN, BOUNDED, False),
    ("prod_ci_plan", "iam:PassRole", OWN, {}, False),
    ("prod_ci_apply", "s3:PutObject", STATE_FILE, {}, True),
    ("prod_ci_apply", "s3:GetObject", PLAN, {}, True),
    ("prod_ci_apply", "s3:PutObject", PLAN, {}, False),
    ("prod_ci_apply", "s3:PutObject", f"{STATE}/bootstrap/terraform.tfstate", {}, False),
    ("prod_ci_apply", "s3:PutBucketPolicy", STORE, {}, True),
    ("prod_ci_apply", "s3:PutBucketPolicy", STATE, {}, False),
    ("prod_ci_apply", "s3:DeleteBucket", STORE, {}, False),
    ("prod_ci_apply", "s3:GetObject", LOG, {}, False),
    ("prod_ci_apply", "s3:PutObject", f"{STORE}/objects/1", ONCE, False),
    ("prod_ci_apply", "iam:CreateRole", OWN, BOUNDED, True),
    ("prod_ci_apply", "iam:CreateRole", OWN, {}, False),
    ("prod_ci_apply", "iam:CreateRole", OWN, {"iam:PermissionsBoundary": f"{BOUNDARY}-2"}, False),
    ("prod_ci_apply", "iam:CreateRole", f"{ROLES}/admin", BOUNDED, False),
    ("prod_ci_apply", "iam:CreateRole", f"{ROLES}/bike-demand-dev-train", BOUNDED, False),
    ("prod_ci_apply", "iam:PutRolePolicy", OWN, BOUNDED, True),
    ("prod_ci_apply", "iam:PutRolePolicy", OWN, {}, False),
    ("prod_ci_apply", "iam:AttachRolePolicy", OWN, BOUNDED, False),
    ("prod_ci_apply", "iam:DeleteRolePermissionsBoundary", OWN, BOUNDED, False),
    ("prod_ci_apply", "iam:CreatePolicyVersion", BOUNDARY, {}, False),
    ("prod_ci_apply", "iam:SetDefaultPolicyVersion", BOUNDARY, {}, False),
    ("prod_ci_apply", "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/x", {}, False),
    ("prod_ci_apply", "iam:UpdateOpenIDConnectProviderThumbprint", OIDC[1], {}, False),
    ("prod_ci_apply", "ecr:PutImage", REPOSITORY, {}, False),
    ("prod_ci_apply", "kms:PutKeyPolicy", KEY, {}, False),
    ("prod_ci_apply", "kms:ScheduleKeyDeletion", KEY, {}, False),
    ("prod_ci_apply", "kms:CreateAlias", KEY, {}, False),
    ("prod_image", "ecr:PutImage", REPOSITORY, {}, True),
    ("prod_image", "ecr:GetAuthorizationToken", "*", {}, True),
    ("prod_image", "ecr:PutImage", REPOSITORY + "-2", {}, False),
    ("prod_image", "ecr:BatchDeleteImage", REPOSITORY, {}, False),
    ("prod_image", "ecr:SetRepositoryPolicy", REPOSITORY, {}, False),
    ("prod_image", "ecr:PutImageTagMutability", REPOSITORY, {}, False),
    ("prod_image", "s3:GetObject", f"{STORE}/objects/1", {}, False),
    ("prod_image", "s3:GetObject", STATE_FILE, {}, False),
    *(
        ("prod_ci_apply", f"iam:{action}", role, BOUNDED, False)
        for role in GUARDS
        for action in (
            *("PutRolePolicy", "UpdateAssumeRolePolicy", "DeleteRole", "PutRolePermissionsBoundary", "TagRole"),
        )
    ),
]


@pytest.mark.parametrize(("identity", "action", "resource", "context", "expected"), CI_TABLE)
def test_what_ci_may_do(
    account: Account, identity: str, action: str, resource: str, context: Mapping[str, str], expected: bool
) -> None:
    decision = account.decide(identity, action, resource, context)
    assert bool(decision) is expected, decision.because


@pytest.mark.parametrize(
    ("identity", "environment"), [("prod_ci_plan", "prod-plan"), ("prod_ci_apply", "prod"), ("prod_image", "image")]
)
def test_who_ci_is(account: Account, identity: str, environment: str) -> None:
    for other in ("prod-plan", "prod", "image", "dev"):
        token = {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": f"repo:example-org/bike-demand:environment:bike_demand-{other}",
        }
        assert bool(account.may_assume(identity, OIDC, token)) is (other == environment)
    branch = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": "repo:example-org/bike-demand:ref:refs/heads/main"}
    assert not account.may_assume(identity, OIDC, branch)
    assert not account.may_assume(identity, TASKS, {"aws:SourceAccount": ACCOUNT})


def statement(documents: Documents, name: str, sid: str) -> dict[str, Any]:
    """A statement of the production's folder."""
    found = documents["prod"]["data"]["aws_iam_policy_document"][name]["statement"]
    return next(one for one in found if one["sid"] == sid)


def add(name: str, **said: Any) -> Callable[[Documents], None]:
    def change(documents: Documents) -> None:
        found = documents["prod"]["data"]["aws_iam_policy_document"][name]["statement"]
        found.append({"sid": "Added", "effect": "Allow", **said})

    return change


def put(name: str, sid: str, **said: Any) -> Callable[[Documents], None]:
    return lambda documents: statement(documents, name, sid).update(said)


def drop(name: str, sid: str, setting: str) -> Callable[[Documents], None]:
    return lambda documents: statement(documents, name, sid).pop(setting)


def without_boundary(documents: Documents) -> None:
    documents["prod"]["resource"]["aws_iam_role"]["router"].pop("permissions_boundary")


def without_subject(documents: Documents) -> None:
    trust = statement(documents, "train_trust", "Workflows")
    trust["condition"] = [one for one in trust["condition"] if not one["variable"].endswith(":sub")]


def any_environment(documents: Documents) -> None:
    for one in statement(documents, "train_trust", "Workflows")["condition"]:
        if one["variable"].endswith(":sub"):
            one |= {"test": "StringLike", "values": ["repo:example-org/bike-demand:*"]}


def attached(documents: Documents) -> None:
    body = {"role": "${aws_iam_role.reader.name}", "policy_arn": BOUNDARY}
    documents["prod"]["resource"]["aws_iam_role_policy_attachment"] = {"reader": body}


EVERYBODY = [{"type": "*", "identifiers": ["*"]}]
BUCKET = "${aws_s3_bucket.store.arn}"
PLANTED: Mapping[str, Callable[[Documents], Any]] = {
    "all of S3": add("reader", actions=["s3:*"], resources=["*"]),
    "an action too many": add("router", actions=["s3:DeleteObjectVersion"], resources=[f"{BUCKET}/log/*"]),
    "a wildcard in an action": put("release", "Read", actions=["s3:Get*"]),
    "a wider resource": put("router", "Create", resources=[f"{BUCKET}/log/*"]),
    "the whole bucket": put("train", "Write", resources=[f"{BUCKET}/*"]),
    "another environment": put("release", "Read", resources=[f"{BUCKET}/release/api/*"]),
    "a dropped condition": drop("router", "Create", "condition"),
    "a key for anything": drop("router", "Key", "condition"),
    "no names at all": put("reader", "List", effect="Deny"),
    "all but something": put("reader", "Read", actions=[], not_actions=["iam:*"]),
    "deletion": add("release", actions=["s3:DeleteObject"], resources=[f"{BUCKET}/log/api/prod/*"]),
    "passing roles": add("monitor", actions=["iam:PassRole"], resources=["*"]),
    "no boundary": without_boundary,
    "a trust without a subject": without_subject,
    "a trust in any environment": any_environment,
    "a trust in any account's tasks": drop("train_trust", "Containers", "condition"),
    "a trust in everybody": put("reader_trust", "People", principals=[{"type": "AWS", "identifiers": ["*"]}]),
    "plain HTTP": put("store_bucket", "OnlyOverTls", effect="Allow"),
    "a bucket for everybody": add(
        "store_bucket", actions=["s3:GetObject"], resources=[f"{BUCKET}/*"], principals=EVERYBODY
    ),
    "a policy attached beside": attached,
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_permission_is_found(emitted: Emitted, planted: str) -> None:
    documents = deepcopy(emitted.documents)
    PLANTED[planted](documents)
    try:
        found = list(differences(account_of(documents.values()), emitted.identities()))
    except ValueError as error:  # what cannot be read is never passed over
        found = [str(error)]
    assert found


def test_records_stay_even_where_a_role_may_delete(emitted: Emitted) -> None:
    documents = deepcopy(emitted.documents)
    add("release", actions=["s3:DeleteObject", "s3:PutObject"], resources=[f"{BUCKET}/*"])(documents)
    account = account_of(documents.values())
    for key in ("release/api/prod/log/00000001.json", "versions/demand/00000001.json", "index/a", "events/live/prod/1"):
        assert "RecordsStay denies" in account.decide("release", "s3:DeleteObject", f"{STORE}/{key}").because
        assert "RecordsAreMadeOnce denies" in account.decide("release", "s3:PutObject", f"{STORE}/{key}").because
    assert account.decide("release", "s3:DeleteObject", f"{STORE}/objects/1")


def test_a_missing_permission_is_found(emitted: Emitted) -> None:
    documents = deepcopy(emitted.documents)
    statement(documents, "train", "Read")["resources"].pop()
    assert list(differences(account_of(documents.values()), emitted.identities()))


def of_reader(documents: Documents, place: str) -> str:
    """The cell of the page that says what people may do below a place."""
    lines = list(page(documents.values()))
    column = next(line for line in lines if "`reader`" in line).split("|").index(" `reader` ")
    return next(line for line in lines if line.startswith(f"| `{place}` |")).split("|")[column].strip()


def test_the_page_shows_what_the_policies_say(emitted: Emitted) -> None:
    documents = deepcopy(emitted.documents)
    statement(documents, "reader", "Read")["resources"].append(f"{BUCKET}/log/api/prod/*")
    assert of_reader(emitted.documents, "log/api/prod/") == ""
    assert of_reader(documents, "log/api/prod/") == "read"


def test_a_page_that_would_lie_is_not_written(emitted: Emitted) -> None:
    documents = deepcopy(emitted.documents)
    add("release", actions=["s3:GetObjectVersion"], resources=[f"{BUCKET}/*"])(documents)
    limit = documents[f"aws-{ACCOUNT}"]["data"]["aws_iam_policy_document"]["prod_boundary"]["statement"]
    limit[0]["actions"].append("s3:GetObjectVersion")
    with pytest.raises(AssertionError, match="may read what was overwritten"):
        list(page(documents.values()))
