"""The page of each message: its wrong examples give that message and no other, its right ones give none."""

from __future__ import annotations

import pytest
from _pytest.mark import ParameterSet
from semantic_projects import all_diagnostics, completed, described

from mlopsc.compiler.catalogue import Page, pages

SEMANTIC = {code: page for code, page in pages().items() if code[0] == "E" and code[1] in "2345"}
WITHOUT_EXAMPLE = {
    "E225": "it takes a broken file beside the spec",
    "E233": "an example is completed with a pipeline",
}
"""Messages whose page has no example, and why."""


def examples(side: str) -> list[ParameterSet]:
    return [
        pytest.param(code, text, id=f"{code}-{number}")
        for code, page in SEMANTIC.items()
        for number, text in enumerate(getattr(page, side))
    ]


@pytest.mark.parametrize(("code", "text"), examples("wrong"))
def test_a_wrong_example_gives_its_message_alone(code: str, text: str) -> None:
    found = all_diagnostics(completed(text))
    assert {one.code.id for one in found} == {code}, described(found)


@pytest.mark.parametrize(("code", "text"), examples("right"))
def test_a_right_example_is_right(code: str, text: str) -> None:
    found = all_diagnostics(completed(text))
    assert not found, f"{code}\n{described(found)}"


@pytest.mark.parametrize("page", SEMANTIC.values(), ids=SEMANTIC)
def test_every_page_shows_the_mistake(page: Page) -> None:
    assert bool(page.wrong) != (page.code.id in WITHOUT_EXAMPLE)
    assert page.text
    assert page.code.title


def test_there_are_enough_of_them() -> None:
    assert len(SEMANTIC) >= 90
