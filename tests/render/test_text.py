"""Messages as a person reads them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from render_samples import UNKNOWN, on_line, unknown_column, unpinned_data

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.render.cells import clip, expand, safe, width
from mlopsc.compiler.render.style import Style, style_of
from mlopsc.compiler.render.text import render_fact, render_one, render_text
from mlopsc.compiler.text import Location, SourceFile, Span

Golden = Callable[[Path, str], None]
HERE = Path(__file__).parent


def caret(line: str, marked: str, columns: int | None = None) -> tuple[str, str]:
    """The source line as shown, and the line below it."""
    shown = render_one(on_line(line, marked), Style(columns=columns)).splitlines()
    return shown[3], shown[4]


def test_a_message_with_all_its_parts(golden: Golden) -> None:
    messages = [unknown_column(), unpinned_data()]
    golden(HERE / "golden" / "messages.txt", render_text(messages, Style(), lambda path: f"examples/{path}"))


def test_colours_only_add_colours() -> None:
    plain = render_one(unknown_column(), Style())
    coloured = render_one(unknown_column(), Style(colour=True))
    assert "\x1b[1;31merror[E203]\x1b[0m" in coloured
    assert _without_colour(coloured) == plain


def _without_colour(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize(
    ("line", "marked", "before"),
    [
        ("\ttime = att", "att", len("    time = ")),
        ("a\tb\tatt", "att", len("a   b   ")),
        ('s = "日本語" att', "att", len('s = "xxxxxx" ')),
        ("s = e\u0301e\u0301 att", "att", len("s = ee ")),
        ("s = 👩\u200d👩\u200d👧 att", "att", len("s = xx ")),
        ("s = \u26a0\ufe0f att", "att", len("s = xx ")),
    ],
)
def test_the_caret_stands_under_its_place(line: str, marked: str, before: int) -> None:
    source, below = caret(line, marked)
    assert below == f"  | {' ' * before}^^^ here"
    assert width(source.partition(marked)[0]) == len("1 | ") + before


def test_wide_characters_are_underlined_as_wide_as_they_are() -> None:
    assert caret("s = 日本語", "日本語")[1] == "  |     ^^^^^^ here"


def test_an_empty_place_at_the_end_has_a_caret() -> None:
    file = SourceFile("a.mlops", "data x {\n")
    shown = render_one(Diagnostic(UNKNOWN, Location(file, Span(9, 9)), "a fact", "ends here"), Style())
    assert shown.splitlines()[1:] == [" --> a.mlops:2:1", "  |", "2 |", "  | ^ ends here"]


def test_a_place_of_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    file = SourceFile("a.mlops", "x = f(1,\n  2)\n")
    shown = render_one(Diagnostic(UNKNOWN, Location(file, Span(4, 13)), "a fact"), Style())
    assert shown.splitlines()[-2:] == ["1 | x = f(1,", "  |     ^^^^"]


@pytest.mark.parametrize("columns", [40, 80, None])
def test_a_long_line_is_cropped_around_the_place(columns: int | None) -> None:
    source, below = caret(f"{'日' * 400} att {'y' * 400}", "att", columns)
    assert width(source) <= (columns or 200)
    assert source.startswith("1 | …")
    assert source.endswith("…")
    at = below.index("^")
    assert width(source.partition("att")[0]) == at


def test_a_line_of_megabytes_is_shown_in_part() -> None:
    source, _ = caret(f"{'{' * 4_000_000}att", "att")
    assert len(source) < 210


def test_what_would_steer_a_terminal_is_shown_instead() -> None:
    source, _ = caret("x = \x1b]0;owned\x07 \u202eatt", "att")
    assert source == "1 | x = ␛]0;owned␇ \ufffdatt"
    fact = render_fact(Severity.ERROR, "`\x1b[2J` is no stage", "use `a`\nor `b`", Style())
    assert fact == "error: `␛[2J` is no stage\n  = help: use `a`\n          or `b`\n"


def test_thousands_of_messages_are_counted_instead() -> None:
    shown = render_text([unpinned_data()] * 1000, Style())
    assert shown.count("warning[L101]") == 100
    assert shown.endswith("… and 900 more; `--format json` gives them all\n")


@pytest.mark.parametrize(
    ("environment", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_follows_the_conventions(environment: dict[str, str], terminal: bool, colour: bool) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    assert style_of(Stream(), environment).colour is colour


def test_the_width_is_that_of_the_terminal_and_never_too_small() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert style_of(Terminal(), {"COLUMNS": "132"}).columns == 132
    assert style_of(Terminal(), {"COLUMNS": "3"}).columns == 40
    assert style_of(Terminal(), {}).columns == 80
    assert style_of(io.StringIO(), {"COLUMNS": "132"}).columns is None


def test_cells() -> None:
    assert expand("a\tb") == ("a   b", [0, 1, 4, 5])
    assert clip("日本語", 5) == "日本…"
    assert clip("abc", 3) == "abc"
    assert safe("ok ü\n\t") == "ok ü\n\t"
