"""Tokens: those that were written, those that were not, and questions about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mlopsc.compiler.text import Span

OPENERS = {"LPAR": "RPAR", "LSQB": "RSQB"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}
BRACKETS = {"LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]"}
LITERALS = frozenset({"QUANTITY", "DATE", "TIME", "STRING", "RAW_STRING", "TEXT", "TRUE", "FALSE", "NONE", "HOLE"})
NAMES = frozenset({"NAME", "QUOTED_NAME"})
OPERAND_STARTS = LITERALS | NAMES | {"LPAR", "LSQB", "SIGN", "NOT", "UP_TO"}
OPERAND_ENDS = LITERALS | NAMES | {"RPAR", "RSQB", "OPEN_RANGE"}
INFIX = frozenset({"CMP", "SIGN", "SCALE", "AND", "OR", "IN", "UP_TO"})
LINE_ENDS = frozenset({"_NL", "LBRACE", "RBRACE"})


class Token(NamedTuple):
    """A piece of text of one kind, where it stands, and the column (from 1) at which it begins.

    A token that stands for others keeps the column of one of them.
    """

    type: str
    value: str
    start: int
    end: int
    column: int = 1


def start_of(token: Token) -> int:
    """The offset at which a token begins."""
    return token.start


def end_of(token: Token) -> int:
    """The offset at which a token ends."""
    return token.end


def span_of(token: Token) -> Span:
    """Where a token stands."""
    return Span(token.start, token.end)


def across(tokens: Sequence[Token]) -> Span:
    """From the first of some tokens to the last."""
    return Span(start_of(tokens[0]), end_of(tokens[-1]))


def made(kind: str, text: str, span: Span, like: Token | None = None) -> Token:
    """A token for the parser that stands for the characters of `span`, on the line of the token `like`."""
    return Token(kind, text, span.start, span.end, like.column if like else 1)


def recast(token: Token, kind: str, text: str | None = None) -> Token:
    """The same token as another kind, or with another text."""
    return made(kind, token.value if text is None else text, span_of(token), token)


def are_adjacent(left: Token, right: Token) -> bool:
    """Whether nothing stands between two tokens."""
    return left.end == right.start


def indent_of(token: Token) -> int:
    """How many characters stand before a token on its line."""
    return token.column - 1


def kind_at(tokens: Sequence[Token], index: int) -> str:
    """The kind of a token, or "" outside the list."""
    return tokens[index].type if 0 <= index < len(tokens) else ""


def line_start(tokens: Sequence[Token], end: int | None = None) -> int:
    """The index at which the line before the index `end` begins; by default the last one."""
    index = len(tokens) if end is None else end
    while index and tokens[index - 1].type not in LINE_ENDS:
        index -= 1
    return index


def past_lines(tokens: Sequence[Token], index: int, *, step: int = 1) -> int:
    """The index of the first token from `index` on (or back, with a step of -1) that is no line break."""
    while kind_at(tokens, index) == "_NL":
        index += step
    return index
