"""Python literals of plain data, laid out as a formatter would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WIDTH = 88
"""The line length that formatters have unless told otherwise."""
_STEP = 4


def literal(value: object, indent: int = 0, used: int = 0) -> str:
    """The value as Python source: on one line if it fits, else one item a line.

    `indent` is how far the line it begins on is indented; `used` is how many more characters stand on that line,
    before the value and after it.
    """
    flat = _flat(value)
    if indent + used + len(flat) <= WIDTH or not value:
        return flat
    inner = indent + _STEP
    match value:
        case Mapping():
            items = [(f"{_flat(key)}: ", one) for key, one in value.items()]
            opening, closing = "{", "}"
        case list() | tuple():
            items = [("", one) for one in value]
            opening, closing = "[", "]"
        case _:
            return flat
    lines = [f"{' ' * inner}{label}{literal(one, inner, len(label) + 1)},\n" for label, one in items]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _flat(value: object) -> str:
    match value:
        case str():
            return text_literal(value)
        case Mapping():
            return "{" + ", ".join(f"{_flat(key)}: {_flat(one)}" for key, one in value.items()) + "}"
        case Sequence():
            return "[" + ", ".join(map(_flat, value)) + "]"
    return repr(value)


def text_literal(text: str) -> str:
    """A string as `repr` writes it, in double quotes where that takes no more escapes."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in text else written
