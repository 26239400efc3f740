"""Splits text into tokens; comments go apart, and mistakes are tokens like any other."""

from __future__ import annotations

from typing import NamedTuple

from mlopsc.compiler.syntax.ast import Comment
from mlopsc.compiler.syntax.tables import load_tables
from mlopsc.compiler.syntax.tokens import Token
from mlopsc.compiler.text import Span


class Lexed(NamedTuple):
    """The tokens and the comments of a text, each in its order."""

    tokens: list[Token]
    comments: tuple[Comment, ...]


def lex(text: str) -> Lexed:
    """The tokens of a text. Never fails: a character that begins no token is a token of its own."""
    tables = load_tables()
    tokens: list[Token] = []
    comments: list[Comment] = []
    line_start = 0
    for match in tables.pattern.finditer(text):
        kind, value, (start, end) = match.lastgroup or "", match[0], match.span()
        if kind in tables.ignored:
            continue
        if kind == "COMMENT":
            comments.append(Comment(Span(start, end), value.rstrip()))
            continue
        if kind == "NAME":
            kind = tables.words.get(value, kind)
        tokens.append(Token(kind, value, start, end, start - line_start + 1))
        if "\n" in value:
            line_start = start + value.rindex("\n") + 1
    return Lexed(tokens, tuple(comments))
