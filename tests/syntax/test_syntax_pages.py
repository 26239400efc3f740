"""The page of each message about syntax, and what holds for all pages."""

from __future__ import annotations

import pytest
from spec_words import codes, diagnosed

from mlopsc.compiler.catalogue import Page, page, pages
from mlopsc.compiler.diagnostics import apply_edits

SYNTAX = {code: page for code, page in pages().items() if code.startswith("E1")}
TOO_LONG_TO_SHOW = {"E103"}


def _examples(side: str) -> list[object]:
    return [
        pytest.param(code, text, id=code)
        for code, page in SYNTAX.items()
        for text in (page.wrong if side == "wrong" else page.right)
    ]


@pytest.mark.parametrize(("code", "text"), _examples("wrong"))
def test_a_wrong_example_gives_its_message_alone(code: str, text: str) -> None:
    assert codes(text) == [code]


@pytest.mark.parametrize(("code", "text"), _examples("wrong"))
def test_the_fix_of_a_wrong_example_mends_it(code: str, text: str) -> None:
    for diagnostic in diagnosed(text):
        for fix in diagnostic.fixes:
            assert codes(apply_edits(text, fix.edits)) == [], f"{code}: {fix.title}"


@pytest.mark.parametrize(("code", "text"), _examples("right"))
def test_a_right_example_has_no_mistake(code: str, text: str) -> None:
    assert codes(text) == [], code


@pytest.mark.parametrize("page", pages().values(), ids=pages())
def test_every_page_has_a_title_and_a_text(page: Page) -> None:
    assert page.code.title
    assert page.text
    assert not page.text.startswith(("wrong:", "right:"))


@pytest.mark.parametrize("page", SYNTAX.values(), ids=SYNTAX)
def test_every_page_about_syntax_shows_the_mistake_and_its_mending(page: Page) -> None:
    assert bool(page.wrong) == (page.code.id not in TOO_LONG_TO_SHOW)
    assert page.right


def test_a_page_is_found_by_its_code_in_any_case_and_by_its_title() -> None:
    assert page("e122") is page("E122") is page("setting without `=`")
    assert page("E199") is None
