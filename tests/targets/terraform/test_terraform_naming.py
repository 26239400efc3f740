"""Names that clouds accept, over all lengths and alphabets."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from mlopsc.targets.terraform.naming import RULES, name, tag

PARTS = st.lists(st.text(max_size=90), min_size=1, max_size=4)
TYPES = st.sampled_from(sorted(RULES))


def is_accepted(type_: str, made: str) -> bool:
    """Whether a name is one of a type's, by what the clouds document."""
    rule = RULES[type_]
    return rule.shortest <= len(made) <= rule.longest and rule.pattern.fullmatch(made) is not None


@given(TYPES, PARTS)
@example("aws_s3_bucket", [""])
@example("azurerm_storage_account", ["ÄÖÜ", "🚲"])
@example("aws_iam_role", ["9lives"])
def test_every_name_is_accepted(type_: str, parts: list[str]) -> None:
    made = name(type_, *parts)
    assert is_accepted(type_, made)
    assert not made.endswith("-")
    assert made == name(type_, *parts)


@given(TYPES, PARTS, PARTS)
def test_names_of_different_parts_differ(type_: str, one: list[str], other: list[str]) -> None:
    """But for parts that differ in where they are cut or in `-` for `_`, which no spec has side by side."""
    if "-".join(one).replace("_", "-") != "-".join(other).replace("_", "-"):
        assert name(type_, *one) != name(type_, *other)


def test_a_name_that_fits_is_kept() -> None:
    assert name("aws_iam_role", "bike_demand", "prod", "train") == "bike-demand-prod-train"


def test_a_name_that_is_too_long_is_cut_and_ends_in_a_hash() -> None:
    made = [name("aws_s3_bucket", "p" * 80, end) for end in ("dev", "prod")]
    assert all(len(one) <= 63 and re.search(r"-[0-9a-f]{6}$", one) for one in made)
    assert made[0] != made[1]


@given(st.text(max_size=300))
def test_tags_are_of_characters_that_every_cloud_takes(text: str) -> None:
    assert re.fullmatch(r"[\w .:/=+@-]{0,128}", tag(text), flags=re.ASCII)
    assert tag(text) == tag(text).strip()
