"""Our own check of workflows: each rule catches something, and nothing that can be written makes it fall over."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_defects import PLANTED
from right_workflows import PINS, bases

from mlopsc.targets.github.policy import _RULES, _minutes, findings

_BASE = bases()["delivery"]
KEYS = ["jobs", "on", "steps", "permissions", "needs", "uses", "run", "with", "schedule", "cron", "if", "environment"]
KEYS += ["concurrency", "strategy", "secrets", "runs-on", "timeout-minutes", "ready", "pull_request", "id", "a"]
words = st.sampled_from([*KEYS, "${{ secrets.X }}", "actions/checkout@v4", "*/0 * * * *", "", "write-all"])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=30,
)


def rules(text: str) -> set[str]:
    return {one.rule for one in findings("x.yml", text, PINS)}


def test_each_rule_catches_a_planted_defect() -> None:
    caught = set().union(*(rules(one.text) for one in PLANTED if one.checker == "policy"))
    assert caught == {*_RULES, "yaml"}


def test_a_defect_is_told_with_its_file_and_place() -> None:
    (found,) = findings("cd.yml", _BASE.replace("    timeout-minutes: 60\n", "", 1), PINS)
    assert (found.rule, found.where) == ("timeout", "cd.yml: jobs.train.timeout-minutes")


@pytest.mark.parametrize(
    ("cron", "minutes"),
    [
        ("23 4 * * 1", [23]),
        ("7,37 * * * *", [7, 37]),
        ("*/20 * * * *", [0, 20, 40]),
        ("7/20 * * * *", [7, 27, 47]),
        ("50-52 * * * *", [50, 51, 52]),
        ("1-30/10 * * * *", [1, 11, 21]),
        ("61 * * * *", []),
        ("*/0 * * * *", []),
        ("30-20 * * * *", []),
        ("x * * * *", []),
        ("7 * * *", []),
    ],
)
def test_the_minutes_of_a_schedule(cron: str, minutes: list[int]) -> None:
    assert _minutes(cron) == minutes


@pytest.mark.parametrize("cron", ["7,9 * * * *", "7-9 * * * *", "*/4 * * * *", "57,1 * * * *", "* * * * *"])
def test_what_is_more_often_than_every_five_minutes(cron: str) -> None:
    assert "schedule" in rules(_BASE.replace("23 4 * * 1", cron))


@pytest.mark.parametrize(
    "code",
    ["needs.secrets-1.result", "'secrets'", "format('toJSON(secrets)')", "github.secrets"],
)
def test_what_only_looks_like_a_secret(code: str) -> None:
    assert "secrets" not in rules(_BASE.replace("needs.train.outputs.model", code))


@pytest.mark.parametrize("code", ["secrets", "toJSON(secrets)", "secrets['X']", "secrets.*", "toJson( Secrets )"])
def test_secrets_that_are_not_named(code: str) -> None:
    assert "secrets" in rules(_BASE.replace("needs.train.outputs.model", code))


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), documents, max_size=8))
def test_no_document_makes_it_fall_over(document: dict[str, Any]) -> None:
    findings("x.yml", yaml.safe_dump(document), PINS)
    findings("x.yml", yaml.safe_dump({"on": {"pull_request": {}}, "jobs": {"ready": document, "b": document}}), PINS)


@given(st.text(max_size=40))
def test_no_text_makes_it_fall_over(text: str) -> None:
    findings("x.yml", text, PINS)
