"""Conditions of role assignments: read as Azure reads them, and refused where they say something unknown."""

from __future__ import annotations

import pytest

from mlopsc.targets.terraform.azure.conditions import ADD, PATH, READ, on_blobs
from mlopsc.targets.terraform.azure.evaluation import access_of
from mlopsc.targets.terraform.azure.matching import Asked, UnreadableError, holds, matches
from mlopsc.targets.terraform.identities import Act

RESOURCE = f"Resource[{PATH}]"


def asked(path: str, action: str = READ) -> Asked:
    return Asked(action, "", {RESOURCE: path})


def test_a_condition_says_nothing_of_other_actions() -> None:
    condition = f"((!(ActionMatches{{'{READ}'}})) OR (@{RESOURCE} ForAnyOfAnyValues:StringLike {{'a/*'}}))"
    assert holds(condition, asked("a/1"))
    assert not holds(condition, asked("b/1"))
    assert holds(condition, asked("b/1", ADD))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("@{} StringEquals 'a/b'", True),
        ("@{} StringEquals 'A/B'", False),
        ("@{} StringEqualsIgnoreCase 'A/B'", True),
        ("@{} ForAnyOfAnyValues:StringLike {{'x', 'a/*'}}", True),
        ("@{} ForAnyOfAnyValues:StringLike {{'A/*', 'b/*', 'a', 'a/'}}", False),
        ("!(@{} StringEquals 'a/b')", False),
        ("NOT @{} StringEquals 'a/b'", False),
        ("@{} StringEquals 'x' OR @{} StringEquals 'a/b'", True),
        ("@{} StringEquals 'x' AND @{} StringEquals 'a/b'", False),
        ("(@{} StringEquals 'x' OR @{} StringEquals 'a/b') AND @{} ForAnyOfAnyValues:StringLike {{'a*'}}", True),
        ("@{} ForAnyOfAnyValues:GuidEquals {{x, A/B}}", True),
        ("@{} ForAnyOfAllValues:GuidNotEquals {{x, a/b}}", False),
        ("SubOperationMatches{{'Blob.List'}}", False),
    ],
)
def test_what_is_written_here_can_be_decided(condition: str, expected: bool) -> None:
    assert holds(condition.format(*[RESOURCE] * 3), asked("a/b")) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "@{} StringLike 'a*'",
        "@{} StringStartsWith 'a'",
        "@{} ForAnyOfAnyValues:StringLike {{'a?'}}",
        "@{} ForAnyOfAnyValues:StringLike {{a*}}",
        "@{} StringEquals 'a' AND @{} StringEquals 'b' OR @{} StringEquals 'c'",
        "@{} StringEquals",
        "(@{} StringEquals 'a'",
        "@{} StringEquals 'a')",
        "@Principal[x] StringEquals 'a'",
        "@Resource[other] StringEquals 'a'",
        "Exists @{}",
        "AND",
        "true",
    ],
)
def test_anything_else_is_said_to_be_unreadable(condition: str) -> None:
    with pytest.raises(UnreadableError):
        holds(condition.format(*[RESOURCE] * 3), asked("a/b"))


def test_a_text_cannot_end_a_condition() -> None:
    with pytest.raises(AssertionError, match="would end a condition"):
        on_blobs(Act.READ, "account", "container", ["a' OR 'b"])


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("Microsoft.Storage/*", "microsoft.storage/storageAccounts/read", True),
        ("*/read", "Microsoft.Storage/storageAccounts/read", True),
        ("*", "anything", True),
        ("Microsoft.Storage/storageAccounts/read", "Microsoft.Storage/storageAccounts/reader", False),
        ("Microsoft.Storage/storageAccounts/read", "MicrosoftXStorage/storageAccounts/read", False),
    ],
)
def test_patterns_of_actions(pattern: str, action: str, expected: bool) -> None:
    assert matches(pattern, action) == expected


@pytest.mark.parametrize("named", [{"role_definition_name": "Strange"}, {"role_definition_id": "/x/roleDefinitions/1"}])
def test_a_role_that_nobody_knows_is_no_role_without_rights(named: dict[str, str]) -> None:
    given = {"principal_id": "p", "scope": "/subscriptions/s", **named}
    access = access_of({"resource": {"azurerm_role_assignment": {"x": given}}})
    with pytest.raises(UnreadableError):
        access.may_manage("p", "a", "/subscriptions/s")
