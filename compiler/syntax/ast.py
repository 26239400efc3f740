"""The syntax tree: what was written, with the place of every part.

Nodes are frozen and hold spans relative to their `Chunk` (one top-level item with the comments and blank lines
before it), so that an edit in one block leaves every other chunk as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from mlopsc.compiler.records import Record
from mlopsc.compiler.text import Location, SourceFile, Span


class Node(Record):
    """Anything that stands in the text."""

    span: Span


class Name(Node):
    """A name; `text` is without the backticks that `quoted` names are written in."""

    text: str
    quoted: bool = False


class Ref(Node):
    """A dotted name: `rides`, `rides.day`, `stage.quality`."""

    parts: tuple[Name, ...]

    @property
    def text(self) -> str:
        """The parts with dots between them."""
        return ".".join(part.text for part in self.parts)


class Quantity(Node):
    """A number with the unit that was written after it: `5_000`, `70%`, `7d`, `400USD`; no unit is `""`."""

    value: float | int
    unit: str
    text: str


class Date(Node):
    """A date or a timestamp, as written in ISO 8601."""

    text: str


class Time(Node):
    """A time of day, as written."""

    text: str


class Interpolation(Node):
    """`${dotted.name}` inside a string."""

    ref: Ref


class Text(Node):
    """A string: pieces of text (escapes resolved, blocks dedented) and the interpolations between them."""

    parts: tuple[str | Interpolation, ...]
    style: Literal["string", "raw", "block"]

    @property
    def plain(self) -> str | None:
        """The text, if nothing is interpolated."""
        if any(isinstance(part, Interpolation) for part in self.parts):
            return None
        return "".join(part for part in self.parts if isinstance(part, str))


class Boolean(Node):
    """`true` or `false`."""

    value: bool


class Nothing(Node):
    """`none`."""


class Argument(Node):
    """One argument of a call, by position or by name."""

    name: Name | None
    value: Expr


class Call(Node):
    """`csv("rides.csv", separator = ";")`."""

    callee: Ref
    arguments: tuple[Argument, ...]


class ListOf(Node):
    """`[4, 6, 8]`."""

    items: tuple[Expr, ...]


class Group(Node):
    """An expression in parentheses, kept for the formatter."""

    inner: Expr


class Range(Node):
    """`a..b`, `a..` or `..b`; both ends belong to it."""

    low: Expr | None
    high: Expr | None


class Signed(Node):
    """`-x` or `+x`."""

    sign: Literal["+", "-"]
    operand: Expr


class Arithmetic(Node):
    """Two operands and one of `+ - * /`."""

    operator: Literal["+", "-", "*", "/"]
    left: Expr
    right: Expr
    operator_span: Span


class Comparison(Node):
    """`first` followed by one or more comparisons: `0.2 <= mean(temp) <= 0.8`."""

    first: Expr
    rest: tuple[tuple[Operator, Expr], ...]


class Operator(Node):
    """A comparison operator."""

    text: Literal["<", "<=", ">", ">=", "==", "!="]


class Membership(Node):
    """`x in 0..5`, `x not in [1, 2]`."""

    value: Expr
    container: Expr
    negated: bool


class Logical(Node):
    """Operands joined by `and` or by `or`."""

    operator: Literal["and", "or"]
    operands: tuple[Expr, ...]


class Negation(Node):
    """`not x`."""

    operand: Expr


class Missing(Node):
    """Where an expression had to stand and did not; a message has been given."""


Expr = (
    Ref
    | Quantity
    | Date
    | Time
    | Text
    | Boolean
    | Nothing
    | Call
    | ListOf
    | Group
    | Range
    | Signed
    | Arithmetic
    | Comparison
    | Membership
    | Logical
    | Negation
    | Missing
)


class Clause(Node):
    """A word and what it says about a rule or a field: `at 95%`, `missing <= 1%`; a flag has no value."""

    name: Name
    operator: Operator | None
    value: Expr | None


class Setting(Node):
    """`name = value`."""

    name: Name
    value: Expr


class Field(Node):
    """`name: type in range, clauses` in a schema."""

    name: Name
    type: Ref | Call | Missing
    within: Expr | None
    clauses: tuple[Clause, ...]


class Rule(Node):
    """`verb subject clauses`, such as `require mae(test) <= 45 at 95%`."""

    verb: Name
    subject: Expr
    clauses: tuple[Clause, ...]


class Block(Node):
    """`kind name { … }`; the span of `header` is the kind and the name."""

    kind: Name
    label: Ref | None
    items: tuple[Item, ...]
    header: Span


Item = Setting | Block | Field | Rule


class Comment(Node):
    """`# …` to the end of the line; `text` begins with the `#`."""

    text: str


@dataclass(frozen=True)
class SyntaxProblem:
    """A mistake in a chunk, before it is known where in the file the chunk stands.

    The message of `code` is called with the location that `span` has in the file, and with `details`, in which
    spans have become locations too.
    """

    code: str
    span: Span
    details: tuple[tuple[str, str | Span], ...] = ()


@dataclass(frozen=True)
class Chunk:
    """One top-level item with the comments and blank lines before it; the last chunk has those after it too.

    A file without items is one chunk, and where a block is broken its chunk may hold several items. Spans inside
    count from the chunk's first character. Equal text gives an equal chunk.
    """

    text: str
    items: tuple[Item, ...]
    comments: tuple[Comment, ...]
    problems: tuple[SyntaxProblem, ...]


@dataclass(frozen=True)
class File:
    """A parsed file: its chunks, and the offset at which each begins."""

    source: SourceFile
    chunks: tuple[Chunk, ...]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The offset of each chunk."""
        starts, at = [], 0
        for chunk in self.chunks:
            starts.append(at)
            at += len(chunk.text)
        return tuple(starts)

    def placed(self) -> Iterator[tuple[Item, Origin]]:
        """Every top-level item with what turns its spans into locations."""
        for chunk, start in zip(self.chunks, self.starts, strict=True):
            for item in chunk.items:
                yield item, Origin(self.source, start)

    def origins(self) -> tuple[Origin, ...]:
        """What turns the spans of each chunk into locations."""
        return tuple(Origin(self.source, start) for start in self.starts)


class Origin:
    """The file and offset of a chunk: turns a node of the chunk into a location.

    It can be moved to where the same chunk stands after an edit, and all locations that it gave move with it.
    """

    __slots__ = ("file", "start")

    def __init__(self, file: SourceFile, start: int) -> None:
        self.file = file
        self.start = start

    def move(self, file: SourceFile, start: int) -> None:
        """From now on the chunk stands elsewhere."""
        self.file = file
        self.start = start

    def at(self, node: Node | Span) -> Location:
        """Where a node (or a span) of this chunk stands in its file."""
        return _Anchored(self, node.span if isinstance(node, Node) else node)


class _Anchored(Location):
    """A location that moves with its chunk."""

    def __init__(self, origin: Origin, span: Span) -> None:
        content = self.__dict__
        content["origin"], content["within"] = origin, span

    @property  # type: ignore[misc]
    def file(self) -> SourceFile:
        """The file as it is now."""
        origin: Origin = self.__dict__["origin"]
        return origin.file

    @property  # type: ignore[misc]
    def span(self) -> Span:
        """The offsets as they are now."""
        content = self.__dict__
        start, (low, high) = content["origin"].start, content["within"]
        return Span(low + start, high + start)

    def part(self, start: int, end: int) -> Location:
        """A range that counts from where this one begins."""
        content = self.__dict__
        return _Anchored(content["origin"], Span(start, end).shifted(content["within"].start))


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside a node, in the order of the text."""
    for name in node.fields:
        yield from _nodes(getattr(node, name))


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple) and not isinstance(value, Span):
        for part in value:
            yield from _nodes(part)
