"""The page as it was built from `page/`: what a browser loads, and the examples that come with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).with_name("bundle")
"""Where `make playground` writes the page; a package that is installed has it."""
PAGE = "index.html"
NONCE = "{nonce}"
"""Stands in the page for a number that is another one each time: styles that the editor makes have to name it."""
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


def is_built() -> bool:
    """Whether the page is there."""
    return (FOLDER / PAGE).is_file()


def asset(name: str) -> tuple[bytes, str] | None:
    """The content and the media type of a part of the page; None for whatever is none."""
    path = FOLDER / name
    kind = _TYPES.get(path.suffix)
    if kind is None or path.parent != FOLDER or not path.is_file():
        return None
    return path.read_bytes(), kind


def examples() -> tuple[str, ...]:
    """The names of the projects that the page brings."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def example(name: str) -> Mapping[str, str]:
    """The texts of such a project by path."""
    found: dict[str, str] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found
