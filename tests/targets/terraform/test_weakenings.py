"""Plans that make production weaker, each found by its rule, and the same plans the other way round, which are not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mlopsc.targets.terraform.reading.changes import Changes, read_plan
from mlopsc.targets.terraform.reading.weaker import RULES, not_judged, weakenings

GITHUB = "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"
SUB = "token.actions.githubusercontent.com:sub"


def changes(*entries: tuple[str, Any, Any], unknown: Mapping[str, Any] | None = None) -> Changes:
    """A plan with these changes: type, attributes before (None: it is new) and after (None: it goes)."""
    return read_plan({"resource_changes": [entry(number, *one, unknown) for number, one in enumerate(entries)]})


def entry(number: int, type_: str, before: Any, after: Any, unknown: Mapping[str, Any] | None) -> dict[str, Any]:
    actions = ["create"] if before is None else ["delete"] if after is None else ["update"]
    change = {"actions": actions, "before": before, "after": after, "after_unknown": unknown or {}}
    return {"address": f"{type_}.x{number}", "mode": "managed", "type": type_, "change": change}


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


def allow(action: Any = "s3:GetObject", resource: Any = "arn:aws:s3:::b/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(subject: Any, operator: str = "StringEquals", principal: Any = GITHUB) -> str:
    condition = {operator: {SUB: subject}} if subject else {}
    federated = {"Federated": principal}
    return policy(
        {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": federated, "Condition": condition}
    )


def lifecycle(days: int | None, status: str = "Enabled") -> dict[str, Any]:
    expiration = [{"days": days}] if days else []
    return {"rule": [{"id": "logs", "status": status, "expiration": expiration}]}


def encrypted(algorithm: str, key: str | None = None) -> dict[str, Any]:
    by_default = [{"sse_algorithm": algorithm, "kms_master_key_id": key}]
    return {"rule": [{"apply_server_side_encryption_by_default": by_default}]}


CLOSED = {
    "block_public_acls": True,
    "block_public_policy": True,
    "ignore_public_acls": True,
    "restrict_public_buckets": True,
}
PRODUCTION = "repo:o/r:environment:prod"
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}
CREDENTIAL = "azurerm_federated_identity_credential"
ACCOUNT = "azurerm_storage_account"
BUDGET = "aws_budgets_budget"

WEAKER = [
    ("public-access", "aws_s3_bucket_public_access_block", CLOSED, {**CLOSED, "restrict_public_buckets": False}),
    ("public-access", "aws_s3_bucket_public_access_block", CLOSED, {**CLOSED, "block_public_acls": False}),
    ("public-access", ACCOUNT, {"public_network_access_enabled": False}, {"public_network_access_enabled": True}),
    ("public-access", ACCOUNT, {"allow_nested_items_to_be_public": False}, {"allow_nested_items_to_be_public": True}),
    ("public-access", ACCOUNT, {"shared_access_key_enabled": False}, {"shared_access_key_enabled": True}),
    ("public-access", ACCOUNT, {"network_rules": [{"default_action": "Deny"}]}, {"network_rules": []}),
    (
        "public-access",
        "azurerm_storage_container",
        {"container_access_type": "private"},
        {"container_access_type": "blob"},
    ),
    ("public-access", "aws_security_group", {"ingress": []}, {"ingress": [{"cidr_blocks": ["0.0.0.0/0"]}]}),
    (
        "encryption",
        "aws_s3_bucket_server_side_encryption_configuration",
        encrypted("aws:kms", "k"),
        encrypted("AES256"),
    ),
    ("encryption", "aws_kms_key", {"enable_key_rotation": True}, {"enable_key_rotation": False}),
    ("encryption", "aws_sns_topic", {"kms_master_key_id": "k"}, {"kms_master_key_id": None}),
    ("encryption", "aws_cloudwatch_log_group", {"kms_key_id": "k"}, {}),
    ("encryption", ACCOUNT, {"https_traffic_only_enabled": True}, {"https_traffic_only_enabled": False}),
    ("encryption", ACCOUNT, {"min_tls_version": "TLS1_2"}, {"min_tls_version": "TLS1_0"}),
    (
        "versioning",
        "aws_s3_bucket_versioning",
        {"versioning_configuration": [{"status": "Enabled"}]},
        {"versioning_configuration": [{"status": "Suspended"}]},
    ),
    (
        "versioning",
        ACCOUNT,
        {"blob_properties": [{"versioning_enabled": True}]},
        {"blob_properties": [{"versioning_enabled": False}]},
    ),
    (
        "deletion-protection",
        "azurerm_key_vault",
        {"purge_protection_enabled": True},
        {"purge_protection_enabled": False},
    ),
    ("deletion-protection", "aws_s3_bucket", {"force_destroy": False}, {"force_destroy": True}),
    ("deletion-protection", "aws_kms_key", {"deletion_window_in_days": 30}, {"deletion_window_in_days": 7}),
    ("retention", "aws_s3_bucket_lifecycle_configuration", lifecycle(90), lifecycle(30)),
    ("retention", "aws_s3_bucket_lifecycle_configuration", lifecycle(None), lifecycle(365)),
    (
        "retention",
        ACCOUNT,
        {"blob_properties": [{"delete_retention_policy": [{"days": 30}]}]},
        {"blob_properties": [{"delete_retention_policy": [{"days": 7}]}]},
    ),
    ("log-retention", "aws_cloudwatch_log_group", {"retention_in_days": 365}, {"retention_in_days": 30}),
    ("log-retention", "aws_cloudwatch_log_group", {"retention_in_days": 0}, {"retention_in_days": 3653}),
    ("log-retention", "azurerm_log_analytics_workspace", {"retention_in_days": 90}, {"retention_in_days": 30}),
    ("boundary", "aws_iam_role", {"permissions_boundary": "arn:b"}, {"permissions_boundary": None}),
    ("boundary", "aws_iam_role", {"permissions_boundary": "arn:b"}, {"permissions_boundary": "arn:weak"}),
    ("policy", "aws_iam_role_policy", {"policy": policy(allow())}, {"policy": policy(allow("s3:*"))}),
    ("policy", "aws_iam_role_policy", {"policy": policy(allow())}, {"policy": policy(allow(resource="*"))}),
    ("policy", "aws_iam_policy", {"policy": policy(allow())}, {"policy": policy(allow(), allow(["a:B", "*"]))}),
    ("policy", "aws_s3_bucket_policy", {"policy": policy(DENY)}, {"policy": policy(allow(Principal={"AWS": "*"}))}),
    ("policy", "aws_s3_bucket_policy", {"policy": policy(DENY, allow())}, {"policy": policy(allow())}),
    (
        "policy",
        "aws_iam_policy",
        {"policy": policy(allow())},
        {"policy": policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:x"})},
    ),
    (
        "policy",
        "azurerm_role_definition",
        {"permissions": [{"actions": ["a/read"]}]},
        {"permissions": [{"actions": ["*"]}]},
    ),
    ("policy", "azurerm_role_assignment", {"scope": "/s/1/g/2"}, {"scope": "/s/1"}),
    ("trust", "aws_iam_role", {"assume_role_policy": trust(PRODUCTION)}, {"assume_role_policy": trust(None)}),
    (
        "trust",
        "aws_iam_role",
        {"assume_role_policy": trust(PRODUCTION)},
        {"assume_role_policy": trust([PRODUCTION, "x"])},
    ),
    (
        "trust",
        "aws_iam_role",
        {"assume_role_policy": trust(PRODUCTION)},
        {"assume_role_policy": trust("repo:o/r:*", "StringLike")},
    ),
    (
        "trust",
        "aws_iam_role",
        {"assume_role_policy": trust(PRODUCTION)},
        {"assume_role_policy": trust(PRODUCTION, principal=[GITHUB, "arn:other"])},
    ),
    ("trust", CREDENTIAL, {"subject": PRODUCTION}, {"subject": "repo:o/r:ref:refs/heads/x"}),
    ("budget", BUDGET, {"notification": [{"threshold": 80}]}, {"notification": []}),
]


@pytest.mark.parametrize(("rule", "type_", "before", "after"), WEAKER)
def test_what_gets_weaker_is_found_by_its_rule(rule: str, type_: str, before: Any, after: Any) -> None:
    found = weakenings(changes((type_, before, after)))
    assert {one.rule for one in found} == {rule}, found
    assert found[0].address == f"{type_}.x0"
    assert found[0].what


@pytest.mark.parametrize(
    ("rule", "type_", "before", "after"),
    [one for one in WEAKER if one[0] != "boundary" and one[1] != CREDENTIAL],
)
def test_the_other_way_round_nothing_is_found(rule: str, type_: str, before: Any, after: Any) -> None:
    assert weakenings(changes((type_, after, before))) == (), rule


def test_a_boundary_or_a_key_that_is_added_is_no_weakening() -> None:
    found = changes(
        ("aws_iam_role", {"permissions_boundary": None}, {"permissions_boundary": "arn:b"}),
        ("aws_sns_topic", {"kms_master_key_id": None}, {"kms_master_key_id": "k"}),
    )
    assert weakenings(found) == ()


@pytest.mark.parametrize("type_", sorted({guard for rule in RULES for guard in rule.guards}))
def test_a_guard_that_goes_is_found(type_: str) -> None:
    (found,) = weakenings(changes((type_, {"id": "x"}, None)))
    assert found.what == "it would be gone"


def test_a_store_that_is_replaced_loses_what_it_holds() -> None:
    change = {"actions": ["delete", "create"], "before": {"bucket": "a"}, "after": {"bucket": "b"}}
    document = {"address": "aws_s3_bucket.store", "mode": "managed", "type": "aws_s3_bucket", "change": change}
    (found,) = weakenings(read_plan({"resource_changes": [document]}))
    assert (found.rule, found.what) == ("data", "what it holds would be lost")


def test_what_is_new_is_only_judged_where_nothing_could_be_worse() -> None:
    made = changes(
        ("aws_s3_bucket_public_access_block", None, {**CLOSED, "block_public_acls": False}),
        ("aws_kms_key", None, {"policy": policy(allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::1:root"}))}),
        ("aws_iam_role", None, {"assume_role_policy": trust(PRODUCTION)}),
        ("aws_s3_bucket_policy", None, {"policy": policy(DENY)}),
    )
    assert weakenings(made) == ()
    worse = changes(
        ("aws_iam_role_policy", None, {"policy": policy(allow("*", "*"))}),
        ("aws_iam_role", None, {"assume_role_policy": trust(None, principal="*")}),
    )
    assert {one.rule for one in weakenings(worse)} == {"policy", "trust"}


def test_what_is_known_only_after_the_apply_is_said_not_to_be_judged() -> None:
    before = {"policy": policy(DENY), "kms_master_key_id": "k"}
    found = changes(("aws_s3_bucket_policy", before, {}), unknown={"policy": True, "kms_master_key_id": True})
    assert weakenings(found) == ()
    assert not_judged(found) == ("aws_s3_bucket_policy.x0",)


def test_unknown_parts_of_blocks_are_no_weakening() -> None:
    before, after = encrypted("aws:kms", "k"), encrypted("aws:kms")
    unknown = {"rule": [{"apply_server_side_encryption_by_default": [{"kms_master_key_id": True}]}]}
    found = changes(("aws_s3_bucket_server_side_encryption_configuration", before, after), unknown=unknown)
    assert weakenings(found) == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '"a"', '{"Statement": 3}', '{"Statement": [3]}'])
def test_what_is_no_policy_is_no_crash(text: str) -> None:
    assert weakenings(changes(("aws_iam_policy", {"policy": policy(allow())}, {"policy": text}))) == ()


def test_the_page_names_every_rule() -> None:
    page = (Path(__file__).parents[3] / "docs" / "planning.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \| (.*) \|$", page, re.MULTILINE) == [(one.name, one.meaning) for one in RULES]
