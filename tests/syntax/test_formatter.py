"""How files are written: golden files, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from golden import cases, read_case
from spec_words import WORDS, parsed

from mlopsc.compiler.syntax.formatter import format_file
from mlopsc.compiler.syntax.messages import syntax_diagnostics
from mlopsc.compiler.syntax.parser import parse


@pytest.mark.parametrize("folder", cases("format"), ids=lambda folder: folder.name)
def test_it_is_written_as_its_golden_file(folder: Path, golden: Callable[[Path, str], None]) -> None:
    file = parse(read_case(folder), WORDS)
    assert syntax_diagnostics(file) == []
    formatted = format_file(file)
    golden(folder / "formatted.mlops", formatted)
    assert format_file(parsed(formatted)) == formatted


def test_a_file_with_mistakes_is_refused() -> None:
    with pytest.raises(ValueError, match="mistakes"):
        format_file(parsed("x = \n"))


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_a_file_without_items_stays_empty(text: str) -> None:
    assert format_file(parsed(text)) == ""


def test_a_file_of_comments_keeps_them() -> None:
    assert format_file(parsed("\n\n# one\n\n\n# two")) == "# one\n\n# two\n"
