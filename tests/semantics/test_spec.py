"""The language as prose: every fence of tests/spec is checked, and gives the messages that its comments announce."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from semantic_projects import all_diagnostics, completed, described

FOLDER = Path(__file__).parents[1] / "spec"
FENCE = re.compile(r"^```mlops\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"# (?:error|warning): ((?:E\d{3} ?)+)")


def fences() -> Iterator[ParameterSet]:
    for page in sorted(FOLDER.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield pytest.param(match[1], id=f"{page.stem}:{line}")


def expected(text: str) -> set[tuple[int, str]]:
    """The codes that comments announce, with the lines that they stand on."""
    lines = enumerate(text.splitlines(), start=1)
    return {(number, code) for number, line in lines if (match := EXPECTED.search(line)) for code in match[1].split()}


@pytest.mark.parametrize("text", list(fences()))
def test_a_fence_gives_the_messages_that_it_announces(text: str) -> None:
    found = all_diagnostics(completed(text))
    assert {(one.location.position.line, one.code.id) for one in found} == expected(text), described(found)


def test_an_announced_message_that_is_not_given_is_noticed() -> None:
    with pytest.raises(AssertionError):
        test_a_fence_gives_the_messages_that_it_announces("limit = 45  # error: E301\n")


def test_every_area_is_described() -> None:
    assert {page.stem for page in FOLDER.glob("*.md")} >= {"merging", "names", "statistics", "units"}
    assert len(list(fences())) >= 38
