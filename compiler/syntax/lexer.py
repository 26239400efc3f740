"""Splits text into tokens; comments go apart, and mistakes are tokens like any other."""

from __future__ import annotations

from typing import NamedTuple

from lark import Token
from lark.lexer import LexerThread

from mlopsc.compiler.syntax.ast import Comment
from mlopsc.compiler.syntax.builder import span_of
from mlopsc.compiler.syntax.tables import load_tables


class Lexed(NamedTuple):
    """The tokens and the comments of a text, each in its order."""

    tokens: list[Token]
    comments: tuple[Comment, ...]


def lex(text: str) -> Lexed:
    """The tokens of a text. Never fails: a character that begins no token is a token of its own."""
    tokens: list[Token] = []
    comments: list[Comment] = []
    for token in LexerThread.from_text(load_tables().lexer, text).lex(None):  # type: ignore[no-untyped-call]
        if token.type == "COMMENT":
            comments.append(Comment(span_of(token), token.value.rstrip()))
        else:
            tokens.append(token)
    return Lexed(tokens, tuple(comments))
