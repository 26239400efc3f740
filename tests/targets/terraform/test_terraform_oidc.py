"""The `sub` of GitHub's tokens, in both of its forms."""

from __future__ import annotations

import pytest

from mlopsc.targets.terraform.oidc import lacking, subjects

PLAIN = {"repository": "example-org/bikes", "owner_id": 1, "repo_id": 2}


def test_both_forms() -> None:
    assert subjects(PLAIN, "prod") == "repo:example-org/bikes:environment:prod"
    assert subjects({**PLAIN, "immutable": True}, "prod-plan") == "repo:example-org@1/bikes@2:environment:prod-plan"


def test_a_colon_in_a_name_does_not_end_it() -> None:
    assert subjects(PLAIN, "a:b") == "repo:example-org/bikes:environment:a%3Ab"


@pytest.mark.parametrize("missing", ["owner_id", "repo_id"])
def test_ids_are_needed_only_where_tokens_have_them(missing: str) -> None:
    call = {name: value for name, value in PLAIN.items() if name != missing}
    assert lacking(call) == ()
    assert lacking({**call, "immutable": True}) == (missing,)
    with pytest.raises(AssertionError):
        subjects({**call, "immutable": True}, "prod")


def test_without_a_repository_there_is_nobody_to_trust() -> None:
    assert lacking({}) == ("repository",)
