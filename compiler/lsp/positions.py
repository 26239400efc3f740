"""Places as editors say them, lines and columns in units that were agreed on, and offsets as the compiler has them."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property, lru_cache

from lsprotocol import types

from mlopsc.compiler.records import Record
from mlopsc.compiler.text import Span

_LINE_END = re.compile(r"\r\n|\n|\r")

Encoding = types.PositionEncodingKind


class Lines(Record):
    """A text and where its lines begin, as the protocol counts them: a lone carriage return ends a line too."""

    text: str
    encoding: Encoding = Encoding.Utf16

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each line."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    @cached_property
    def _is_ascii(self) -> bool:
        return self.text.isascii()

    def offset(self, position: types.Position) -> int:
        """The offset of a position; one past the end of its line is that end, one past the text the end of the text."""
        if position.line >= len(self.starts):
            return len(self.text)
        start = self.starts[position.line]
        line = self.text[start : self._end(position.line)]
        if self._is_ascii or self.encoding is Encoding.Utf32:
            return start + min(position.character, len(line))
        return start + _characters(line, position.character, self.encoding)

    def position(self, offset: int) -> types.Position:
        """The position of an offset; those outside of the text are clamped to it."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset) - 1
        before = self.text[self.starts[line] : offset]
        return types.Position(line, len(before) if self._is_ascii else _units(before, self.encoding))

    def range(self, span: Span) -> types.Range:
        """The range of a span."""
        return types.Range(self.position(span.start), self.position(span.end))

    def span(self, range_: types.Range) -> Span:
        """The span of a range; one that ends before it begins is empty."""
        start = self.offset(range_.start)
        return Span(start, max(start, self.offset(range_.end)))

    def _end(self, line: int) -> int:
        """The offset at which a line ends, before its line break."""
        if line + 1 >= len(self.starts):
            return len(self.text)
        end = self.starts[line + 1]
        while end > self.starts[line] and self.text[end - 1] in "\r\n":
            end -= 1
        return end


@lru_cache(maxsize=64)
def lines_of(text: str, encoding: Encoding = Encoding.Utf16) -> Lines:
    """The lines of a text; those of the last few texts are kept."""
    return Lines(text, encoding)


def _units(text: str, encoding: Encoding) -> int:
    """The length of a text as the protocol counts it."""
    if encoding is Encoding.Utf32:
        return len(text)
    if encoding is Encoding.Utf8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _characters(line: str, units: int, encoding: Encoding) -> int:
    """How many characters begin before a column; a column inside of a character means its end."""
    seen = 0
    for count, character in enumerate(line):
        if seen >= units:
            return count
        seen += _units(character, encoding)
    return len(line)
