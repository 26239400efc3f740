"""The evaluator of AWS policies against what AWS documents, on folders made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.targets.terraform.aws.evaluation import Account, account_of
from mlopsc.targets.terraform.aws.matching import Condition, UnreadableError, holds, like

ISSUER = "token.actions.githubusercontent.com"
HOST = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
OBJECT = "arn:aws:s3:::bikes-store/objects/1"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/store"


def says(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"//": "why", "statement": list(statements)}


def rule(*actions: str, on: tuple[str, ...] = ("*",), effect: str = "Allow", **others: Any) -> dict[str, Any]:
    return {"sid": "S", "effect": effect, "actions": list(actions), "resources": list(on), **others}


def condition(test: str, variable: str, *values: str) -> dict[str, Any]:
    return {"test": test, "variable": variable, "values": list(values)}


TRUST = rule(
    "sts:AssumeRoleWithWebIdentity",
    principals=[{"type": "Federated", "identifiers": ["${aws_iam_openid_connect_provider.github.arn}"]}],
    condition=[
        condition("StringEquals", f"{ISSUER}:aud", "sts.amazonaws.com"),
        condition("StringEquals", f"{ISSUER}:sub", "repo:o/r:environment:prod"),
    ],
)
del TRUST["resources"]


def folder(*own: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    """A folder with one role that these statements are about."""
    documents = {"own": says(*own), "trust": says(TRUST), **more.pop("documents", {})}
    return {
        "provider": {"aws": [{"region": "eu-west-1", "allowed_account_ids": ["123456789012"]}]},
        "data": {"aws_iam_policy_document": documents, "aws_caller_identity": {"current": {}}},
        "resource": {
            "aws_s3_bucket": {"store": {"bucket": "bikes-store"}},
            "aws_kms_key": {"store": {"description": "The key"}},
            "aws_iam_openid_connect_provider": {"github": {"url": f"https://{ISSUER}"}},
            "aws_iam_role": {
                "train": {
                    "name": "bikes-prod-train",
                    "assume_role_policy": "${data.aws_iam_policy_document.trust.json}",
                    **more.pop("role", {}),
                }
            },
            "aws_iam_role_policy": {
                "train": {
                    "name": "train",
                    "role": "${aws_iam_role.train.id}",
                    "policy": "${data.aws_iam_policy_document.own.json}",
                }
            },
            **more,
        },
    }


def account(*own: dict[str, Any], **more: dict[str, Any]) -> Account:
    return account_of([folder(*own, **more)])


def may(found: Account, action: str, resource: str = OBJECT, **context: str) -> bool:
    return bool(found.decide("train", action, resource, {k.replace("__", ":"): v for k, v in context.items()}))


STORE = ("${aws_s3_bucket.store.arn}/objects/*",)


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:GetObject", OBJECT, True),
        ("S3:getobject", OBJECT, True),
        ("s3:GetObjectVersion", OBJECT, False),
        ("s3:GetObject", "arn:aws:s3:::bikes-store/objects/a/b/c", True),
        ("s3:GetObject", "arn:aws:s3:::bikes-store/OBJECTS/1", False),
        ("s3:GetObject", "arn:aws:s3:::bikes-store/release/1", False),
        ("s3:GetObject", "arn:aws:s3:::bikes-store", False),
        ("s3:GetObject", "arn:aws:s3:::bikes-store-2/objects/1", False),
        ("s3:PutObject", OBJECT, False),
    ],
)
def test_a_statement_is_about_its_actions_and_resources(action: str, resource: str, expected: bool) -> None:
    assert may(account(rule("s3:GetObject", on=STORE)), action, resource) is expected


def test_wildcards_in_actions_and_all_but_some() -> None:
    found = account(rule("s3:Get*", "sns:Publish?", on=STORE))
    assert may(found, "s3:GetObjectTagging")
    assert may(found, "sns:Publish2")
    assert not may(found, "sns:Publish")
    but = rule(on=("*",), not_actions=["iam:*", "s3:Put*"])
    del but["actions"]
    assert may(account(but), "s3:GetObject")
    assert not may(account(but), "iam:CreateUser")
    apart = rule("s3:GetObject", not_resources=["${aws_s3_bucket.store.arn}/log/*"])
    del apart["resources"]
    assert may(account(apart), "s3:GetObject")
    assert not may(account(apart), "s3:GetObject", "arn:aws:s3:::bikes-store/log/1")


def test_a_denial_anywhere_wins() -> None:
    allow = rule("s3:*", on=("*",))
    assert may(account(allow), "s3:GetObject")
    assert not may(account(allow, rule("s3:Get*", on=STORE, effect="Deny")), "s3:GetObject")
    everybody = [{"type": "*", "identifiers": ["*"]}]
    denied = rule("s3:*", on=STORE, effect="Deny", principals=everybody)
    bucket = {"store": {"bucket": "${aws_s3_bucket.store.id}", "policy": "${data.aws_iam_policy_document.b.json}"}}
    found = account(allow, aws_s3_bucket_policy=bucket, documents={"b": says(denied)})
    assert not may(found, "s3:GetObject")
    assert "aws_iam_policy_document.b" in found.decide("train", "s3:GetObject", OBJECT).because
    assert may(found, "s3:GetObject", "arn:aws:s3:::other/objects/1")


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"type": "AWS", "identifiers": ["${aws_iam_role.train.arn}"]}, True),
        ({"type": "AWS", "identifiers": ["*"]}, True),
        ({"type": "*", "identifiers": ["*"]}, True),
        ({"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:role/other"]}, False),
        ({"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:root"]}, False),
        ({"type": "Service", "identifiers": ["cloudtrail.amazonaws.com"]}, False),
    ],
)
def test_a_resource_may_let_somebody_in_by_itself(principal: dict[str, Any], expected: bool) -> None:
    """Naming the account leaves the decision to its identities, which say nothing here."""
    bucket = {"store": {"bucket": "${aws_s3_bucket.store.id}", "policy": "${data.aws_iam_policy_document.b.json}"}}
    rules = says(rule("s3:GetObject", on=STORE, principals=[principal]))
    found = account(rule("sns:Publish"), aws_s3_bucket_policy=bucket, documents={"b": rules})
    assert may(found, "s3:GetObject") is expected


LIMIT: dict[str, Any] = {
    "aws_iam_policy": {"limit": {"name": "bikes-limit", "policy": "${data.aws_iam_policy_document.limit.json}"}},
    "role": {"permissions_boundary": "${aws_iam_policy.limit.arn}"},
}


def test_a_boundary_gives_nothing_and_takes_the_rest() -> None:
    limit = {"limit": says(rule("s3:*", on=STORE), rule("s3:DeleteObject", effect="Deny"))}
    found = account(rule("s3:GetObject", "s3:DeleteObject", "iam:CreateUser"), **deepcopy(LIMIT), documents=limit)
    assert may(found, "s3:GetObject")
    assert not may(found, "s3:PutObject")
    assert not may(found, "s3:DeleteObject")
    assert not may(found, "iam:CreateUser", "*")
    assert "boundary" in found.decide("train", "iam:CreateUser", "*").because


def test_a_boundary_may_be_in_another_folder_and_must_be_somewhere() -> None:
    limited = folder(
        rule("s3:GetObject"), role={"permissions_boundary": "arn:aws:iam::123456789012:policy/bikes-limit"}
    )
    with pytest.raises(UnreadableError, match="bikes-limit is in none of these folders"):
        account_of([limited])
    bootstrap = {
        "provider": limited["provider"],
        "data": {"aws_iam_policy_document": {"limit": says(rule("s3:GetObject", on=("arn:aws:s3:::bikes-store/*",)))}},
        "resource": {"aws_iam_policy": LIMIT["aws_iam_policy"]},
    }
    found = account_of([limited, bootstrap])
    assert may(found, "s3:GetObject")
    assert not may(found, "s3:GetObject", "arn:aws:s3:::other/objects/1")


def test_a_key_lets_nobody_in_that_its_own_policy_does_not_know() -> None:
    use = rule("kms:Decrypt", on=("${aws_kms_key.store.arn}",))
    assert may(account(use), "kms:Decrypt", KEY)
    root = [{"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:root"]}]
    strict = {"store": {"policy": "${data.aws_iam_policy_document.k.json}"}}
    owner = account(use, aws_kms_key=strict, documents={"k": says(rule("kms:*", principals=root))})
    assert may(owner, "kms:Decrypt", KEY)
    assert not may(owner, "kms:Encrypt", KEY)
    admin = [{"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:role/admin"]}]
    others = account(use, aws_kms_key=strict, documents={"k": says(rule("kms:*", principals=admin))})
    assert not may(others, "kms:Decrypt", KEY)


def test_keys_are_known_by_their_names() -> None:
    called = [condition("ForAnyValue:StringEquals", "kms:ResourceAliases", "alias/bikes")]
    use = rule("kms:Decrypt", on=("arn:aws:kms:eu-west-1:123456789012:key/*",), condition=called)
    alias = {"store": {"name": "alias/bikes", "target_key_id": "${aws_kms_key.store.key_id}"}}
    assert may(account(use, aws_kms_alias=alias), "kms:Decrypt", KEY)
    assert not may(account(use), "kms:Decrypt", KEY)
    assert not may(account(use, aws_kms_alias=alias), "kms:Decrypt", KEY.replace("store", "other"))


@pytest.mark.parametrize(
    ("test", "wanted", "value", "expected"),
    [
        ("StringEquals", ("a", "b"), "b", True),
        ("StringEquals", ("a",), "A", False),
        ("StringEquals", ("a",), None, False),
        ("StringEqualsIfExists", ("a",), None, True),
        ("StringEqualsIgnoreCase", ("a",), "A", True),
        ("StringNotEquals", ("a", "b"), "b", False),
        ("StringNotEquals", ("a", "b"), "c", True),
        ("StringNotEquals", ("a",), None, True),
        ("StringLike", ("repo:o/*:ref",), "repo:o/r:ref", True),
        ("StringLike", ("repo:o/?",), "repo:o/rr", False),
        ("StringNotLike", ("x*",), "xy", False),
        ("ArnLike", ("arn:aws:iam::*:role/a-*",), "arn:aws:iam::1:role/a-b", True),
        ("ArnLike", ("arn:aws:iam:*",), "arn:aws:iam::1:role/a-b", False),
        ("ArnEquals", ("arn:aws:iam::1:role/*",), "arn:aws:iam::1:role/a", True),
        ("Bool", ("false",), "false", True),
        ("Bool", ("false",), "true", False),
        ("Bool", ("false",), None, False),
        ("Null", ("true",), None, True),
        ("Null", ("true",), "*", False),
        ("Null", ("false",), "*", True),
        ("Null", ("false",), None, False),
        ("NumericLessThan", ("1.2",), "1.1", True),
        ("NumericLessThan", ("1.2",), "1.2", False),
        ("NumericGreaterThanEquals", ("3",), "3", True),
        ("ForAllValues:StringLike", ("release/*",), ("release/a", "release/b"), True),
        ("ForAllValues:StringLike", ("release/*",), ("release/a", "log/b"), False),
        ("ForAllValues:StringLike", ("release/*",), None, True),
        ("ForAnyValue:StringEquals", ("a",), ("b", "a"), True),
        ("ForAnyValue:StringEquals", ("a",), None, False),
    ],
)
def test_conditions(test: str, wanted: tuple[str, ...], value: Any, expected: bool) -> None:
    context = {} if value is None else {"AWS:Thing": value}
    assert holds(Condition(test, "aws:thing", wanted), context) is expected


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"condition": [condition("StringSimilar", "aws:x", "1")]}, "StringSimilar"),
        ({"condition": [condition("DateLessThan", "aws:x", "1")]}, "DateLessThan"),
        ({"condition": [condition("ForSomeValues:StringEquals", "aws:x", "1")]}, "ForSomeValues"),
        ({"resources": ["arn:aws:s3:::bikes-store/$${aws:username}/*"]}, "variable"),
        ({"resources": ["${aws_s3_bucket.other.arn}/*"]}, "aws_s3_bucket.other"),
        ({"resources": ['${join("", ["*"])}']}, "more than a reference"),
        ({"resources": ["${var.place}"]}, "variable `place` has no value"),
        ({"notactions": ["s3:*"]}, "notactions"),
        ({"effect": "allow"}, "the effect `allow`"),
    ],
)
def test_what_is_not_known_is_never_passed_over(change: dict[str, Any], told: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        may(account({**rule("s3:GetObject", on=STORE), **change}), "s3:GetObject")
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "change",
    [
        {"aws_iam_policy_attachment": {"x": {}}},
        {"role": {"managed_policy_arns": [ADMINISTRATOR]}},
        {"role": {"inline_policy": [{}]}},
        {
            "aws_iam_role_policy_attachment": {
                "x": {"role": "bikes-prod-train", "policy_arn": "arn:aws:iam::aws:policy/A"}
            }
        },
    ],
)
def test_rights_that_come_another_way_are_never_passed_over(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableError):
        account(rule("s3:GetObject"), **change)


def test_policies_that_are_attached_count() -> None:
    more = {
        "aws_iam_policy": {"more": {"name": "more", "policy": "${data.aws_iam_policy_document.more.json}"}},
        "aws_iam_role_policy_attachment": {
            "train": {"role": "${aws_iam_role.train.name}", "policy_arn": "${aws_iam_policy.more.arn}"}
        },
    }
    found = account(rule("sns:Publish"), **more, documents={"more": says(rule("s3:GetObject", on=STORE))})
    assert may(found, "s3:GetObject")


TOKEN = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": "repo:o/r:environment:prod"}


@pytest.mark.parametrize(
    ("principal", "change", "expected"),
    [
        (("Federated", HOST), {}, True),
        (("Federated", HOST), {"sub": "repo:o/r:ref:refs/heads/main"}, False),
        (("Federated", HOST), {"sub": "repo:o/r:environment:production"}, False),
        (("Federated", HOST), {"sub": "repo:evil/r:environment:prod"}, False),
        (("Federated", HOST), {"aud": "https://github.com/o"}, False),
        (("Federated", HOST), {"sub": None}, False),
        (("Federated", HOST.replace("123456789012", "999999999999")), {}, False),
        (("Service", "ecs-tasks.amazonaws.com"), {}, False),
        (("AWS", "arn:aws:iam::123456789012:role/train"), {}, False),
    ],
)
def test_who_may_take_a_role(principal: tuple[str, str], change: Mapping[str, str | None], expected: bool) -> None:
    told = {**TOKEN, **{f"{ISSUER}:{name}": value for name, value in change.items()}}
    context = {name: value for name, value in told.items() if value is not None}
    assert bool(account(rule("s3:GetObject")).may_assume("train", principal, context)) is expected


def test_variables_and_lookups_come_to_their_values() -> None:
    place = rule(
        "sns:Publish", on=("arn:aws:sns:eu-west-1:${data.aws_caller_identity.current.account_id}:${var.topic}",)
    )
    document = {**folder(place), "variable": {"topic": {"type": "string", "default": "told"}}}
    assert may(account_of([document]), "sns:Publish", "arn:aws:sns:eu-west-1:123456789012:told")
    assert may(account_of([document], values={"topic": "x"}), "sns:Publish", "arn:aws:sns:eu-west-1:123456789012:x")


@given(st.text("ab/*?.[", max_size=8))
def test_a_pattern_without_wildcards_is_itself(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")
    assert like(plain, plain)
    assert not like(plain, plain + "a")
    assert like("*", text)
    assert like(text, text)
