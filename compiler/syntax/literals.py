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


def read_quantity(text: str, span: Span) -> Quantity:
    """The number and the unit written as `text`."""
    match = NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is no number")
    digits = match["number"].replace("_", "")
    is_whole = match["fraction"] is None and match["exponent"] is None
    value = int(digits) if is_whole else float(digits)
    return Quantity(span, value, match["unit"], text)


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


def read_raw(text: str, span: Span) -> Text:
    """A string in single quotes: nothing inside means anything."""
    return Text(span, (text[1:-1],), "raw")


def read_string(text: str, span: Span) -> Text:
    """A string in double quotes: escapes resolved, interpolations apart.

    The places of interpolations count from the start of `span`; where the text was put right and is no longer as
    long as its span, they are the whole of it.
    """
    place = span if len(text) != span.end - span.start else None
    return Text(span, _merged(_pieces(text[1:-1], span.start + 1, place)), "string")


def read_block(text: str, span: Span) -> Text:
    """A string in triple quotes, which may run over lines: the indent that all lines share goes.

    A line break right after the opening quotes is left out, and so is a last line that is blank. A backslash stands
    for itself.
    """
    lines = list(_lines(text[3:-3], span.start + 3))
    indent = min((_indent(line) for line, _ in lines[1:] if line.strip()), default=0)
    lines[1:] = [(line[indent:], at + indent) for line, at in lines[1:]]
    if len(lines) > 1 and not lines[0][0].strip():
        del lines[0]
    if len(lines) > 1 and not lines[-1][0].strip():
        del lines[-1]
    place = span if len(text) != span.end - span.start else None
    parts: list[str | Interpolation] = []
    for number, (line, at) in enumerate(lines):
        parts += ["\n"] * (number > 0)
        parts += _pieces(line, at, place, escapes=False)
    return Text(span, _merged(parts), "block")


def _lines(text: str, start: int) -> Iterator[tuple[str, int]]:
    for line in text.split("\n"):
        yield line.removesuffix("\r"), start
        start += len(line) + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _pieces(text: str, start: int, place: Span | None, *, escapes: bool = True) -> Iterator[str | Interpolation]:
    at = 0
    for match in PIECE.finditer(text):
        if match["escape"] and not escapes:
            continue
        yield text[at : match.start()]
        yield _resolved(match["escape"]) if match["escape"] else _interpolation(match, start, place)
        at = match.end()
    yield text[at:]


def _resolved(escape: str) -> str:
    return chr(int(escape[2:], 16)) if escape[1] == "u" else ESCAPES.get(escape[1], escape)


def _interpolation(match: re.Match[str], start: int, place: Span | None) -> Interpolation | str:
    dotted = DOTTED.fullmatch(match["name"])
    if dotted is None:
        return match[0]
    at = start + match.start("name") + dotted.start(1)
    parts = []
    for part in dotted[1].split("."):
        parts.append(Name(place or Span(at, at + len(part)), part))
        at += len(part) + 1
    span = place or Span(start + match.start(), start + match.end())
    return Interpolation(span, Ref(parts[0].span.joined(parts[-1].span), tuple(parts)))


def _merged(pieces: Iterable[str | Interpolation]) -> tuple[str | Interpolation, ...]:
    merged: list[str | Interpolation] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece:
            merged.append(piece)
    return tuple(merged)
