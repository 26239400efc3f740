"""What literals mean: numbers with units, dates, and strings with their escapes and interpolations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

from mlopsc.compiler.syntax.ast import Interpolation, Name, Quantity, Ref, Text
from mlopsc.compiler.text import Span

NUMBER = re.compile(r"(?P<number>\d+(?:_\d+)*(?P<fraction>\.\d+)?(?P<exponent>[eE][+-]?\d+)?)(?P<unit>.*)", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$"}
PIECE = re.compile(r"\$\{(?P<name>[^{}\"\n]*)\}|(?P<escape>\\(?:u[0-9a-fA-F]{4}|[^\n]))")
DOTTED = re.compile(r"\s*([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*")


def read_quantity(text: str, start: int) -> Quantity:
    """The number and the unit written as `text`, which begins at `start`."""
    match = NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is no number")
    digits = match["number"].replace("_", "")
    is_whole = match["fraction"] is None and match["exponent"] is None
    value = int(digits) if is_whole else float(digits)
    return Quantity(Span(start, start + len(text)), value, match["unit"], text)


def is_valid_date(text: str) -> bool:
    """Whether the calendar has the date, and the clock the time."""
    try:
        datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_valid_time(text: str) -> bool:
    """Whether the clock has the time."""
    try:
        time.fromisoformat(text)
    except ValueError:
        return False
    return True


def read_raw(text: str, start: int) -> Text:
    """A string in single quotes: nothing inside means anything."""
    return Text(Span(start, start + len(text)), (text[1:-1],), "raw")


def read_string(text: str, start: int) -> Text:
    """A string in double quotes: escapes resolved, interpolations apart."""
    parts = _merged(_pieces(text[1:-1], start + 1))
    return Text(Span(start, start + len(text)), parts, "string")


def read_block(text: str, start: int) -> Text:
    """A string in triple quotes, which may run over lines: the indent that all lines share goes.

    A line break right after the opening quotes is left out, and so is a last line that is blank. A backslash stands
    for itself.
    """
    lines = list(_lines(text[3:-3], start + 3))
    indent = min((_indent(line) for line, _ in lines[1:] if line.strip()), default=0)
    lines[1:] = [(line[indent:], at + indent) for line, at in lines[1:]]
    if len(lines) > 1 and not lines[0][0].strip():
        del lines[0]
    if len(lines) > 1 and not lines[-1][0].strip():
        del lines[-1]
    parts: list[str | Interpolation] = []
    for number, (line, at) in enumerate(lines):
        parts += ["\n"] * (number > 0)
        parts += _pieces(line, at, escapes=False)
    return Text(Span(start, start + len(text)), _merged(parts), "block")


def _lines(text: str, start: int) -> Iterator[tuple[str, int]]:
    for line in text.split("\n"):
        yield line.removesuffix("\r"), start
        start += len(line) + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _pieces(text: str, start: int, *, escapes: bool = True) -> Iterator[str | Interpolation]:
    at = 0
    for match in PIECE.finditer(text):
        if match["escape"] and not escapes:
            continue
        yield text[at : match.start()]
        yield _resolved(match["escape"]) if match["escape"] else _interpolation(match, start)
        at = match.end()
    yield text[at:]


def _resolved(escape: str) -> str:
    return chr(int(escape[2:], 16)) if escape[1] == "u" else ESCAPES.get(escape[1], escape)


def _interpolation(match: re.Match[str], start: int) -> Interpolation | str:
    dotted = DOTTED.fullmatch(match["name"])
    if dotted is None:
        return match[0]
    at = start + match.start("name") + dotted.start(1)
    parts = []
    for part in dotted[1].split("."):
        parts.append(Name(Span(at, at + len(part)), part))
        at += len(part) + 1
    span = Span(start + match.start(), start + match.end())
    return Interpolation(span, Ref(parts[0].span.joined(parts[-1].span), tuple(parts)))


def _merged(pieces: Iterable[str | Interpolation]) -> tuple[str | Interpolation, ...]:
    merged: list[str | Interpolation] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece:
            merged.append(piece)
    return tuple(merged)
