"""Turns statements and expressions into pieces for the layout."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import assert_never

from mlopsc.compiler.syntax.ast import (
    Argument,
    Arithmetic,
    Boolean,
    Call,
    Clause,
    Comment,
    Comparison,
    Date,
    Expr,
    Field,
    Group,
    ListOf,
    Logical,
    Membership,
    Missing,
    Name,
    Negation,
    Node,
    Nothing,
    Quantity,
    Range,
    Ref,
    Rule,
    Setting,
    Signed,
    Text,
    Time,
)
from mlopsc.compiler.syntax.pieces import BLOCK_BREAK, Bracket, Element, Piece, Soft
from mlopsc.compiler.text import Span

Statement = Setting | Field | Rule
DATE_LIKE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


class Writer:
    """Writes the statements of one chunk; `unplaced` are the comments that no statement has taken yet."""

    def __init__(self, text: str, comments: Sequence[Comment]) -> None:
        self.text = text
        self.comments = comments
        self._starts = [comment.span.start for comment in comments]
        self.unplaced = {comment.span.start for comment in comments}

    def statement(self, item: Statement, width: int) -> list[Piece]:
        """A setting, field or rule; `width` is that of the widest name (with its sign) in its group."""
        match item:
            case Setting():
                return [f"{self.name(item.name).ljust(width)} = ", *self.expression(item.value)]
            case Rule():
                return [f"{self.name(item.verb)} ", *self.expression(item.subject), *self._clauses(item, item.subject)]
            case Field():
                within = [" in ", *self.expression(item.within)] if item.within else []
                head = f"{self.name(item.name)}:".ljust(width)
                last = item.within or item.type
                return [f"{head} ", *self.expression(item.type), *within, *self._clauses(item, last)]

    def name(self, name: Name) -> str:
        """A name as it is written."""
        return f"`{name.text}`" if name.quoted else name.text

    def dotted(self, ref: Ref) -> str:
        """A dotted name as it is written."""
        return ".".join(self.name(part) for part in ref.parts)

    def expression(self, node: Expr, *, tight: bool = False) -> list[Piece]:
        """The pieces of an expression; `tight` ones have no spaces around `+ - * /`."""
        match node:
            case Text():
                return [self._slice(node).replace("\r\n", "\n").replace("\n", BLOCK_BREAK)]
            case Quantity() | Date() | Time() | Boolean() | Nothing() | Missing():
                return [self._slice(node)]
            case Ref():
                return [self.dotted(node)]
            case Call(callee=callee, arguments=arguments):
                return [self.dotted(callee), self._bracket("(", ")", node, arguments)]
            case ListOf(items=items):
                return [self._bracket("[", "]", node, items)]
            case Group(inner=inner):
                return [self._group(node, inner)]
            case Signed(sign=sign, operand=operand):
                return [sign, *self.expression(operand, tight=tight)]
            case Negation(operand=operand):
                return ["not ", *self.expression(operand)]
            case Range():
                return self._range(node)
            case Arithmetic(operator=operator, left=left, right=right):
                between = operator if tight else f" {operator} "
                return [*self.expression(left, tight=tight), between, *self.expression(right, tight=tight)]
            case Comparison(first=first, rest=rest):
                compared = [[f" {operator.text} ", *self.expression(value)] for operator, value in rest]
                return [*self.expression(first), *(piece for pieces in compared for piece in pieces)]
            case Membership(value=value, container=container, negated=negated):
                word = " not in " if negated else " in "
                return [*self.expression(value), word, *self.expression(container)]
            case Logical(operator=operator, operands=operands):
                return self._logical(operator, operands)
        assert_never(node)

    def _slice(self, node: Node | Span) -> str:
        span = node.span if isinstance(node, Node) else node
        return self.text[span.start : span.end]

    def _range(self, node: Range) -> list[Piece]:
        """Both ends without spaces around their signs, unless they would read as a date then."""
        is_tight = not DATE_LIKE.search(re.sub(r"\s", "", self._slice(node)))
        low = self.expression(node.low, tight=is_tight) if node.low else []
        high = self.expression(node.high, tight=is_tight) if node.high else []
        return [*low, "..", *high]

    def _logical(self, operator: str, operands: Sequence[Expr]) -> list[Piece]:
        pieces = self.expression(operands[0])
        for operand in operands[1:]:
            pieces += [Soft("", f"{operator} "), *self.expression(operand)]
        return pieces

    def _clauses(self, item: Rule | Field, before: Node) -> list[Piece]:
        """The clauses of a rule or field, with the commas between them as they were written."""
        pieces: list[Piece] = []
        for left, clause in pairwise([before, *item.clauses]):
            assert isinstance(clause, Clause)
            has_comma = "," in self._between(left.span.end, clause.span.start)
            pieces += [Soft(",") if has_comma else " ", self.name(clause.name)]
            if clause.operator:
                pieces.append(f" {clause.operator.text}")
            if clause.value:
                pieces += [" ", *self.expression(clause.value)]
        return pieces

    def _between(self, start: int, end: int) -> str:
        """The characters of a range that stand in no comment."""
        text = self.text[start:end]
        for comment in reversed(self.comments_in(Span(start, end))):
            text = text[: comment.span.start - start] + text[comment.span.end - start :]
        return text

    def comments_in(self, span: Span) -> list[Comment]:
        """The comments that begin inside a range."""
        return list(self.comments[bisect_left(self._starts, span.start) : bisect_left(self._starts, span.end)])

    def _bracket(self, opener: str, closer: str, node: Call | ListOf, nodes: Sequence[Argument | Expr]) -> Bracket:
        """Arguments or elements; a comma after the last one asks for a line for each."""
        start = node.callee.span.end if isinstance(node, Call) else node.span.start
        elements, below, has_comments = self._elements(Span(start, node.span.end), nodes)
        has_last_comma = bool(nodes) and "," in self._between(nodes[-1].span.end, node.span.end)
        return Bracket(opener, closer, elements, below, is_open=has_comments or has_last_comma)

    def _group(self, node: Group, inner: Expr) -> Bracket:
        elements, below, has_comments = self._elements(node.span, [inner])
        return Bracket("(", ")", elements, below, separator="", is_open=has_comments)

    def _elements(
        self, span: Span, nodes: Sequence[Argument | Expr]
    ) -> tuple[tuple[Element, ...], tuple[str, ...], bool]:
        """The elements between two brackets with their comments, the comments after them, and whether there are any."""
        elements = []
        at = span.start
        above: list[Comment] = []
        placed: list[Comment] = []
        for index, node in enumerate(nodes):
            end = nodes[index + 1].span.start if index + 1 < len(nodes) else span.end
            above += self.comments_in(Span(at, node.span.start))
            after = self.comments_in(Span(node.span.end, end))
            has_behind = bool(after) and "\n" not in self.text[node.span.end : after[0].span.start]
            behind = after[:has_behind]
            text = "".join(comment.text for comment in behind)
            elements.append(Element(tuple(self._element(node)), tuple(comment.text for comment in above), text))
            placed += [*above, *behind]
            above, at = after[has_behind:], end
        below = [*above, *self.comments_in(Span(at, span.end))]
        self.unplaced -= {comment.span.start for comment in [*placed, *below]}
        return tuple(elements), tuple(comment.text for comment in below), bool(placed or below)

    def _element(self, node: Argument | Expr) -> Iterator[Piece]:
        if isinstance(node, Argument):
            if node.name:
                yield f"{self.name(node.name)} = "
            node = node.value
        yield from self.expression(node)
