"""Mistakes that people make, each with the messages it gives, to be read as its author would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from golden import cases, interleave, read_case
from spec_words import WORDS

from mlopsc.compiler.syntax.messages import syntax_diagnostics
from mlopsc.compiler.syntax.parser import parse


@pytest.mark.parametrize("folder", cases("syntax"), ids=lambda folder: folder.name)
def test_messages(folder: Path, golden: Callable[[Path, str], None]) -> None:
    source = read_case(folder)
    diagnostics = syntax_diagnostics(parse(source, WORDS))
    golden(folder / "messages.txt", interleave(source, diagnostics))
