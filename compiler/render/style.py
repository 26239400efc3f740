"""Colours and width of what is shown: decided once for a stream, from the environment's conventions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, TextIO

from mlopsc.compiler.records import Record

Tone = Literal["error", "warning", "info", "good", "bold", "dim", "place", "code"]

_CODES: dict[Tone, str] = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "good": "1;32",
    "bold": "1",
    "dim": "2",
    "place": "1;34",
    "code": "36",
}
NARROWEST = 40


class Style(Record):
    """Whether to colour, and how many columns there are (None: no limit, as in a file or a pipe)."""

    colour: bool = False
    columns: int | None = None

    def __call__(self, tone: Tone, text: str) -> str:
        """The text in a tone; as it is where there are no colours."""
        return f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if self.colour and text else text

    def ticked(self, text: str, tone: Tone | None = None) -> str:
        """A message in a tone, with the names in backticks set off from it."""
        if not self.colour:
            return text
        parts = text.split("`")
        if len(parts) % 2 == 0:  # a backtick without its partner
            return self(tone, text) if tone else text
        plain = [self(tone, part) if tone else part for part in parts[::2]]
        names = [self("code", f"`{part}`") for part in parts[1::2]]
        return "".join(piece for pair in zip(plain, [*names, ""], strict=True) for piece in pair)


def style_of(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Style:
    """The style for a stream: https://no-color.org and https://force-color.org, else whether it is a terminal."""
    terminal = is_terminal(stream)
    return Style(_wants_colour(terminal, environment), _columns(stream, environment) if terminal else None)


def is_terminal(stream: TextIO) -> bool:
    """Whether a person may be looking at the stream."""
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _wants_colour(terminal: bool, environment: Mapping[str, str]) -> bool:
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return environment["FORCE_COLOR"] != "0"
    return terminal and environment.get("TERM") != "dumb"


def _columns(stream: TextIO, environment: Mapping[str, str]) -> int:
    told = environment.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return max(NARROWEST, int(told))
    try:
        return max(NARROWEST, os.get_terminal_size(stream.fileno()).columns or 80)
    except (OSError, ValueError):
        return 80
