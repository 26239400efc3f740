"""Files that are no specs, and what an edit costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_words import codes, diagnosed, parsed

from mlopsc.compiler.syntax.parser import LARGEST

BIKE = (Path(__file__).parent / "data" / "bike.mlops").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "E102"),
        ("\n\n", "E102"),
        ("# only comments\n", "E102"),
        ("\ufeff", "E102"),
        ("PK\x03\x04\0\0\0 a zip", "E101"),
        ('owner = "caf\N{REPLACEMENT CHARACTER}"\n', "E101"),
        ("{" * 10_000_000, "E103"),
        ("{" * (LARGEST - 1), "E104"),
        ("{\n" * 1_000_000, "E104"),
        ("x = " + "(" * 1_000_000, "E104"),
        ("x = " + "- " * 10_000 + "1", "E104"),
        ("x = " + "1 + " * 10_000 + "1", "E104"),
        ("x = " + "a == " * 10_000 + "1", "E104"),
        ('"' * 30_001, "E107"),
    ],
    ids=lambda value: value if len(value) == 4 else f"{value[:8]!r}-{len(value)}",
)
def test_what_is_no_spec_gets_one_message(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_a_message_about_bytes_points_to_the_first_of_them() -> None:
    (diagnostic,) = diagnosed("a = 1\nb = \0\0\n")
    assert diagnostic.location.position == (2, 5)


@pytest.mark.parametrize("text", ["a = 1\r\nb = 2\r\n", "\ufeffa = 1\nb = 2", "a\t=\t1\n\tb = 2\n", "a = 1 \f\nb = 2"])
def test_line_breaks_of_windows_byte_order_marks_and_tabs_are_no_mistakes(text: str) -> None:
    assert codes(text) == []
    assert [item.name.text for item, _ in parsed(text).placed()] == ["a", "b"]  # type: ignore[union-attr]


def test_nesting_to_the_limit_is_no_mistake() -> None:
    assert codes("x = " + "(" * 60 + "1" + ")" * 60) == []


def test_an_edit_in_one_block_leaves_all_other_chunks_as_they_are() -> None:
    before = parsed(BIKE)
    after = parsed(BIKE.replace("rows >= 5_000", "rows >= 6_000"), before)
    kept = [new is old for new, old in zip(after.chunks, before.chunks, strict=True)]
    assert kept.count(False) == 1
    assert "6_000" in after.chunks[kept.index(False)].text


def test_a_block_that_moves_is_not_parsed_again() -> None:
    before = parsed(BIKE)
    after = parsed(f"first = 1\n{BIKE}", before)
    assert [chunk for chunk in after.chunks if not any(chunk is old for old in before.chunks)] == [after.chunks[0]]


def test_a_brace_that_is_missing_does_not_reach_into_the_next_block() -> None:
    before = parsed(BIKE)
    after = parsed(BIKE.replace("  minimize mae(validation)\n}\n", "  minimize mae(validation)\n"), before)
    assert sum(new is not old for new, old in zip(after.chunks, before.chunks, strict=True)) == 1
