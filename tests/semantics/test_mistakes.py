"""The mistakes that newcomers make: what is said, where, and what would mend it, in golden files to be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from golden import Golden, cases, interleave, read_case
from semantic_projects import all_diagnostics, described, model_of

from mlopsc.compiler.diagnostics import Diagnostic, Fix, apply_edits

CASES = cases("semantics")


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_what_is_said(folder: Path, golden: Golden) -> None:
    source = read_case(folder)
    found = all_diagnostics(source.text)
    assert found
    golden(folder / "messages.txt", interleave(source, found))


def test_there_are_enough_of_them() -> None:
    codes = {found.code.id for folder in CASES for found in all_diagnostics(read_case(folder).text)}
    assert len(CASES) >= 60
    assert len(codes) >= 75


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_each_message_is_short_and_says_one_thing(folder: Path) -> None:
    for found in all_diagnostics(read_case(folder).text):
        assert found.message[0].islower() or not found.message[0].isalpha() or found.message.isupper() or _names(found)
        assert not found.message.endswith("."), found.message
        assert len(found.message) <= 160, found.message
        assert "None" not in re.sub("`[^`]*`", "", found.message + found.label + found.hint), found.message
        assert found.location.text or found.code.id in ("E233", "E310"), found.message


def _names(found: Diagnostic) -> bool:
    """Whether a message begins with the name of a currency."""
    return found.message.split()[0].isupper()


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_every_fix_mends_its_mistake_and_brings_no_other(folder: Path) -> None:
    text = read_case(folder).text
    before = [said(found) for found in all_diagnostics(text)]
    for found in model_of(text).diagnostics:
        for fix in found.fixes:
            mended = apply_edits(text, fix.edits)
            after = [said(one) for one in all_diagnostics(mended)]
            assert after.count(said(found)) < before.count(said(found)), _told(fix, mended)


def said(found: Diagnostic) -> tuple[str, str]:
    return found.code.id, found.message


def _told(fix: Fix, mended: str) -> str:
    return f"{fix.title}\n{mended}\n{described(all_diagnostics(mended))}"
