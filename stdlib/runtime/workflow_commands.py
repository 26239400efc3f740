"""Lines that GitHub takes for commands: annotations, and keeping text of others from being taken for one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TextIO

Level = Literal["error", "warning", "notice"]


def annotation(level: Level, text: str, **properties: str | int) -> str:
    """A message beside a line of a file; a property without a value is left out."""
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value != "")
    return f"::{level}{f' {given}' if given else ''}::{_data(text)}"


@contextmanager
def without_commands(stream: TextIO) -> Iterator[None]:
    """Within the block, GitHub takes no line for a command: whoever wrote it cannot know the word that ends this."""
    word = secrets.token_hex(16)
    print(f"::stop-commands::{word}", file=stream, flush=True)
    try:
        yield
    finally:
        print(f"::{word}::", file=stream, flush=True)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
