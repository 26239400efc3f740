"""Wherever the cursor is, in a spec that is right or half written, completion and hover answer, and soon."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lsp_asking import Asking
from lsprotocol import types
from test_lsp_completion import EXAMPLES, broken

LONGEST = 2.0
"""Seconds that no answer may take, on a machine that does other things too."""
STRIDE = 47


def without_a_brace(text: str) -> str:
    """A text in which the third block is not closed."""
    at = [match.start() for match in re.finditer(r"^}", text, re.MULTILINE)][2]
    return text[:at] + text[at + 1 :]


VARIANTS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "truncated": lambda text: text[: len(text) // 2],
    "within a text": lambda text: text[: text.index('.csv"')],
    "brace missing": without_a_brace,
    "bracket missing": lambda text: text.replace("(train", "train", 1).replace("])", "]", 1),
    "typo": lambda text: text.replace("data ", "dtaa ", 1).replace("require", "requier").replace("mae", "mea"),
    "broken": lambda text: broken(text, 9),
    "on one line": lambda text: text.replace("\n", " "),
    "emoji": lambda text: text.replace("demand", "démand🚲"),
}


def answers(folder: Path, text: str, stride: int) -> Iterator[tuple[float, str]]:
    """How long each answer takes, and to what; an exception is a failure."""
    asking = Asking(folder, "pipeline.mlops", text)
    methods = (types.TEXT_DOCUMENT_COMPLETION, types.TEXT_DOCUMENT_HOVER)
    for offset in range(0, len(text) + 1, stride):
        for method in methods:
            begin = time.perf_counter()
            asking.at(method, offset)
            yield time.perf_counter() - begin, f"{method} at {offset}"


@pytest.mark.parametrize("example", ["bike-demand", "flight-delays"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_no_offset_is_too_much(example: str, variant: str) -> None:
    text = VARIANTS[variant]((EXAMPLES / example / "pipeline.mlops").read_text("utf-8"))
    slow = [(taken, what) for taken, what in answers(EXAMPLES / example, text, STRIDE) if taken > LONGEST]
    assert slow == []


if __name__ == "__main__":  # every offset, by hand: `python tests/lsp/test_lsp_offsets.py`
    for name in ("bike-demand", "flight-delays"):
        for variant, made in VARIANTS.items():
            source = made((EXAMPLES / name / "pipeline.mlops").read_text("utf-8"))
            found = sorted(answers(EXAMPLES / name, source, 1))
            p95, worst = found[len(found) * 95 // 100], found[-1]
            told = f"p95 {p95[0] * 1000:.0f} ms, worst {worst[0] * 1000:.0f} ms ({worst[1]})"
            sys.stdout.write(f"{name}, {variant}: {len(found)} answers, {told}\n")
