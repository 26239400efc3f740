"""YAML as targets write it: one way to dump, and text that readers of YAML 1.1 and 1.2 take for the same text."""

from __future__ import annotations

import io
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

_PLAIN = re.compile(r"[A-Za-z_/$.][A-Za-z0-9_./@$(){}<>=!?&'|*+,\\ -]*", re.ASCII)
_WORDS = frozenset(["y", "yes", "n", "no", "on", "off", "true", "false", "null", "~", ".inf", ".nan"])
"""Words that some version of YAML reads as something else than text."""
_WIDEST = 10_000


def dumped(document: Any) -> str:
    """A document as text: mappings in their order, lists indented below their keys, lines as long as they are."""
    yaml = YAML()
    yaml.width = _WIDEST
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def safe_text(text: str) -> str:
    """Text in double quotes, unless it is plainly text to every reader."""
    quoted: str = DoubleQuotedScalarString(text)
    return text if _is_plain(text) else quoted


def lines_of(text: str) -> str:
    """Text of several lines as a block, where that shows all of it; in double quotes where it would not."""
    quoted: str = DoubleQuotedScalarString(text)
    block: str = LiteralScalarString(text)
    if not text.replace("\n", "").isprintable():
        return quoted
    return block if "\n" in text and text.isascii() else text


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and text.lower() not in _WORDS
        and not text.endswith(" ")
        and ": " not in text
        and " #" not in text
    )
