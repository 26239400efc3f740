"""How much room text takes on a terminal, and which of its characters are safe to send there."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import category, combining, east_asian_width

TAB = 4
"""Columns to the next tab stop, in what we show; terminals differ, so tabs are always shown as spaces."""

_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"


def safe(text: str) -> str:
    """The text without characters that would steer a terminal: each stands as a visible sign."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char in "\n\t":
        return char
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\u2421"
    return "\ufffd" if char in _BIDI or category(char) in ("Cc", "Cs", "Zl", "Zp") else char


def char_width(char: str) -> int:
    """The columns of one character: 0 for marks that join the one before, 2 for wide ones."""
    if " " <= char <= "~":
        return 1
    if combining(char) or category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1


def width(text: str) -> int:
    """The columns of a text without tabs and line breaks."""
    if text.isascii():
        return len(text)
    total = 0
    joined = False
    for i, char in enumerate(text):
        columns = 0 if joined else char_width(char)
        if columns == 1 and text[i + 1 : i + 2] == _EMOJI_STYLE:
            columns = 2
        total += columns
        joined = char == _JOINER
    return total


def expand(text: Iterable[str]) -> tuple[str, list[int]]:
    """A line with its tabs as spaces, and for each of its characters (and its end) where it begins in that line.

    A character may be given as what is shown in its place.
    """
    shown: list[str] = []
    starts: list[int] = []
    column = length = 0
    for char in text:
        starts.append(length)
        piece = " " * (TAB - column % TAB) if char == "\t" else char
        shown.append(piece)
        column += char_width(char) if len(char) == 1 and char != "\t" else len(piece)
        length += len(piece)
    return "".join(shown), [*starts, length]


def pad(text: str, columns: int) -> str:
    """The text with spaces after it, up to a width."""
    return text + " " * max(0, columns - width(text))


def clip(text: str, columns: int) -> str:
    """The text, cut to a width with `…` where it is longer."""
    if width(text) <= columns:
        return text
    kept: list[str] = []
    room = columns - 1
    for char in text:
        room -= char_width(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + "…"


def counted(number: int, noun: str) -> str:
    """`1 column`, `2 columns`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
