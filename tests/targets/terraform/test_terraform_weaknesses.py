"""What is planted in emitted folders for AWS is found by its name alone, and nothing is found in what is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from folders import ACCOUNT, REGION, SCORE, Emitted, bikes

from mlopsc.targets.terraform.aws.evaluation import account_of
from mlopsc.targets.terraform.aws.weaknesses import weaknesses

Folders = dict[str, dict[str, Any]]
BOOTSTRAP = f"aws-{ACCOUNT}"
BUCKET = "${aws_s3_bucket.store.arn}"
GITHUB = "token.actions.githubusercontent.com"
EVERYBODY = [{"type": "*", "identifiers": ["*"]}]


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return bikes(tmp_path_factory.mktemp("bikes"), SCORE)


def setting(address: str, folder: str = "prod", **arguments: object) -> Callable[[Folders], None]:
    type_, _, name = address.partition(".")
    return lambda there: there[folder]["resource"][type_][name].update(arguments)


def without(address: str, folder: str = "prod", argument: str = "") -> Callable[[Folders], None]:
    """Without a resource, or without one argument of it."""
    type_, _, name = address.partition(".")

    def remove(there: Folders) -> None:
        found = there[folder]["resource"][type_]
        del (found[name] if argument else found)[argument or name]

    return remove


def resource(address: str, folder: str = "prod", **body: object) -> Callable[[Folders], None]:
    type_, _, name = address.partition(".")
    return lambda there: there[folder]["resource"].setdefault(type_, {}).update({name: body})


def says(name: str, sid: str, folder: str = "prod", **said: object) -> Callable[[Folders], None]:
    """Change a statement, or add it."""

    def change(there: Folders) -> None:
        found = there[folder]["data"]["aws_iam_policy_document"][name]["statement"]
        known = next((one for one in found if one["sid"] == sid), None)
        if known is None:
            found.append({"sid": sid, "effect": "Allow", **said})
        else:
            known.update(said)

    return change


def trusts(variable: str, test: str = "", *values: str) -> Callable[[Folders], None]:
    """Change one condition of the trust in workflows, or drop it."""

    def change(there: Folders) -> None:
        found = there["prod"]["data"]["aws_iam_policy_document"]["train_trust"]["statement"]
        workflows = next(one for one in found if one["sid"] == "Workflows")
        others = [one for one in workflows["condition"] if one["variable"] != f"{GITHUB}:{variable}"]
        own = [{"test": test, "variable": f"{GITHUB}:{variable}", "values": list(values)}] if values else []
        workflows["condition"] = [*others, *own]

    return change


def shared_state(there: Folders) -> None:
    there["prod"]["terraform"]["backend"] = deepcopy(there[BOOTSTRAP]["terraform"]["backend"])


def backend(**settings: object) -> Callable[[Folders], None]:
    return lambda there: there["prod"]["terraform"]["backend"]["s3"].update(settings)


ADDED = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::bikes-{ACCOUNT}/*"},
    }
)
PLANTED: Mapping[str, tuple[str, Callable[[Folders], None]]] = {
    "an ACL": (
        "public-bucket",
        resource("aws_s3_bucket_acl.store", bucket="${aws_s3_bucket.store.id}", acl="public-read"),
    ),
    "a policy for everybody": (
        "public-bucket",
        says("store_bucket", "Open", actions=["s3:GetObject"], resources=[f"{BUCKET}/*"], principals=EVERYBODY),
    ),
    "no block of public access": ("no-public-access-block", without("aws_s3_bucket_public_access_block.store")),
    "half a block": (
        "no-public-access-block",
        setting("aws_s3_bucket_public_access_block.store", restrict_public_buckets=False),
    ),
    "a wildcard action": ("wildcard-action", says("train", "Read", actions=["s3:Get*"])),
    "all but some actions": ("wildcard-action", says("train", "Read", actions=[], not_actions=["iam:*"])),
    "JSON of a person's own": (
        "wildcard-action",
        resource("aws_iam_role_policy.extra", role="${aws_iam_role.train.id}", policy=ADDED),
    ),
    "any bucket": ("wildcard-resource", says("train", "Write", resources=["arn:aws:s3:::*"])),
    "any role": (
        "wildcard-resource",
        says("train", "Pass", actions=["iam:PassRole"], resources=[f"arn:aws:iam::{ACCOUNT}:role/*"]),
    ),
    "any key": ("wildcard-resource", says("train", "Key", condition=[])),
    "any repository": (
        "wildcard-resource",
        says("prod_image", "Push", BOOTSTRAP, resources=[f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/*"]),
    ),
    "a trust without a subject": ("trust-without-environment", trusts("sub")),
    "a trust with a wildcard": (
        "trust-without-environment",
        trusts("sub", "StringLike", "repo:example-org/bike-demand:*"),
    ),
    "a trust in a branch": (
        "trust-without-environment",
        trusts("sub", "StringEquals", "repo:example-org/bike-demand:ref:refs/heads/main"),
    ),
    "a trust without an audience": ("trust-of-any-audience", trusts("aud")),
    "a trust in any account": ("trust-of-any-account", says("train_trust", "Containers", condition=[])),
    "a trust in everybody": (
        "trust-of-anybody",
        says("reader_trust", "People", principals=[{"type": "AWS", "identifiers": ["*"]}]),
    ),
    "a trust in all of an account": (
        "trust-of-anybody",
        says("reader_trust", "People", principals=[{"type": "AWS", "identifiers": ["arn:aws:iam::999999999999:root"]}]),
    ),
    "one state for two": ("shared-state", shared_state),
    "a state in the clear": ("no-encryption", backend(encrypt=False)),
    "a state without a lock": ("no-lock", backend(use_lockfile=False)),
    "no encryption": ("no-encryption", without("aws_s3_bucket_server_side_encryption_configuration.store")),
    "no versions": ("no-versions", without("aws_s3_bucket_versioning.store")),
    "versions that are suspended": (
        "no-versions",
        setting("aws_s3_bucket_versioning.store", versioning_configuration=[{"status": "Suspended"}]),
    ),
    "no policy of the bucket": ("plain-http", without("aws_s3_bucket_policy.store")),
    "HTTP for some": (
        "plain-http",
        says(
            "store_bucket", "OnlyOverTls", principals=[{"type": "AWS", "identifiers": [f"arn:aws:iam::{ACCOUNT}:root"]}]
        ),
    ),
    "HTTP for reading": ("plain-http", says("store_bucket", "OnlyOverTls", actions=["s3:PutObject"])),
    "no boundary": ("no-boundary", without("aws_iam_role.router", argument="permissions_boundary")),
    "no rotation": ("no-rotation", setting("aws_kms_key.prod_store", BOOTSTRAP, enable_key_rotation=False)),
    "logs for ever": ("kept-forever", resource("aws_cloudwatch_log_group.router", name="router")),
    "a budget that tells nobody": ("silent-budget", without("aws_budgets_budget.cost", argument="notification")),
    "a store that may be destroyed": ("unguarded-store", without("aws_s3_bucket.store", argument="lifecycle")),
    "a store that goes with its rows": ("unguarded-store", setting("aws_s3_bucket.store", force_destroy=True)),
    "images that change": (
        "mutable-images",
        setting("aws_ecr_repository.image", BOOTSTRAP, image_tag_mutability="MUTABLE"),
    ),
    "a key that is kept": ("stored-credentials", resource("aws_iam_access_key.ci", user="ci")),
    "a policy that nobody can read": (
        "unreadable",
        resource("aws_iam_role_policy.extra", role="${aws_iam_role.train.id}", policy='${file("policy.json")}'),
    ),
}


def test_what_is_written_has_none(emitted: Emitted) -> None:
    assert weaknesses(list(emitted.documents.values())) == []


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_found_by_its_name_alone(emitted: Emitted, planted: str) -> None:
    name, plant = PLANTED[planted]
    documents = deepcopy(emitted.documents)
    plant(documents)
    found = weaknesses(list(documents.values()))
    assert {one.name for one in found} == {name}
    assert all(one.words for one in found)


def test_folders_of_other_clouds_are_passed_over() -> None:
    azure = Path(__file__).parents[2] / "golden" / "azure" / "bikes" / "deploy"
    assert weaknesses([json.loads(path.read_text("utf-8")) for path in azure.rglob("main.tf.json")]) == []


def test_twenty_kinds_are_told_apart() -> None:
    assert len({name for name, _ in PLANTED.values()}) >= 20


AWS = f'aws(region = "{REGION}", account = "{ACCOUNT}")'
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "a bucket that is there": {AWS: AWS.replace(")", ', bucket = existing("rides-of-ours"))')},
    "Amazon's own keys": {AWS: AWS.replace(")", ", customer_keys = false)")},
    "a folder of a bucket": {"follows   = dev": 'follows   = dev\n  store     = "s3://rides-of-ours/bikes/models"'},
    "two environments in one account": {"dev { platform = local() }": f"dev {{ platform = {AWS} }}"},
    "tokens with ids": {
        'repository = "example-org/bike-demand"': (
            'repository = "example-org/bike-demand", owner_id = 1, repo_id = 2, immutable = true'
        )
    },
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_nor_has_any_other_way_to_write_it(variant: str, tmp_path: Path) -> None:
    documents = bikes(tmp_path, **VARIANTS[variant]).documents
    assert weaknesses(list(documents.values())) == []
    account = account_of(documents.values())
    router = next(name for name in account.roles if name.endswith("-prod-router"))
    store = "arn:aws:s3:::rides-of-ours" if "bucket" in variant else f"arn:aws:s3:::bike-demand-prod-store-{ACCOUNT}"
    begin = "bikes/models/" if "folder" in variant else ""
    assert account.decide(router, "s3:GetObject", f"{store}/{begin}objects/1")
    assert not account.decide(router, "s3:GetObject", f"{store}/{begin}index/1")
    if begin:
        assert not account.decide(router, "s3:GetObject", f"{store}/objects/1")
