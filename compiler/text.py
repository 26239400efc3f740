"""Source text and places in it: spans, files, and the line and column of an offset."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

from mlopsc.compiler.records import Record


class Span(NamedTuple):
    """A half-open range of character offsets.

    Inside a syntax tree, offsets count from the start of the top-level chunk that holds the node, so that a
    chunk can be reused unchanged when text before it grows; a `Location` holds offsets of the whole file.
    """

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        """The same range, `by` characters further on."""
        return Span(self.start + by, self.end + by)

    def joined(self, other: Span) -> Span:
        """The smallest range that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


class Position(NamedTuple):
    """A place that a person can find: both numbers count from 1, columns in characters."""

    line: int
    column: int


class SourceFile(Record):
    """A file's path, relative to the project with `/` between its parts, and its text."""

    path: str
    text: str

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """The offset at which each line begins."""
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        return tuple(starts)

    def position(self, offset: int) -> Position:
        """The line and column of an offset; offsets outside the text are clamped to it."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.line_starts, offset) - 1
        return Position(line + 1, offset - self.line_starts[line] + 1)

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), without its line break."""
        if not 1 <= number <= len(self.line_starts):
            return ""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def utf16(self, offset: int) -> tuple[int, int]:
        """Line and column from 0, in UTF-16 units: the position that editors speak of."""
        position = self.position(offset)
        start = self.line_starts[position.line - 1]
        units = len(self.text[start : start + position.column - 1].encode("utf-16-le")) // 2
        return position.line - 1, units

    def offset(self, line: int, utf16_column: int) -> int:
        """The offset of an editor's position (both from 0); a column past the end means the end of the line."""
        text = self.line(line + 1)
        units = 0
        for column, char in enumerate(text):
            if units >= utf16_column:
                return self.line_starts[line] + column
            units += 2 if ord(char) > 0xFFFF else 1
        if line >= len(self.line_starts):
            return len(self.text)
        return self.line_starts[line] + len(text)


class Location(Record):
    """A range of one file, with offsets of the whole file."""

    file: SourceFile
    span: Span

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Location) and self.span == other.span and self.file == other.file

    def __hash__(self) -> int:
        return hash((self.file.path, self.span))

    def part(self, start: int, end: int) -> Location:
        """A range that counts from where this one begins."""
        return Location(self.file, Span(start, end).shifted(self.span.start))

    @property
    def position(self) -> Position:
        """Where the range begins."""
        return self.file.position(self.span.start)

    @property
    def end(self) -> Position:
        """Where the range ends (exclusive)."""
        return self.file.position(self.span.end)

    @property
    def text(self) -> str:
        """The characters in the range."""
        return self.file.text[self.span.start : self.span.end]

    def __str__(self) -> str:
        line, column = self.position
        return f"{self.file.path}:{line}:{column}"
