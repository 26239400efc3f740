"""Parses a file: one tree whatever is wrong with the text, and one problem for each mistake."""

from __future__ import annotations

from lark import Token, UnexpectedToken

from mlopsc.compiler.syntax import messages
from mlopsc.compiler.syntax.ast import Chunk, File, Item, SyntaxProblem
from mlopsc.compiler.syntax.builder import span_of
from mlopsc.compiler.syntax.chunks import split
from mlopsc.compiler.syntax.lexer import lex
from mlopsc.compiler.syntax.tables import load_tables
from mlopsc.compiler.syntax.vocabulary import Vocabulary
from mlopsc.compiler.text import SourceFile


def parse(source: SourceFile, vocabulary: Vocabulary, previous: File | None = None) -> File:
    """The tree of a file. Never fails: what is wrong is in the chunks' `problems`.

    `previous` is an earlier tree, of the same vocabulary: what has not changed since is taken from it.
    """
    known = {chunk.text: chunk for chunk in previous.chunks} if previous else {}
    texts = split(source.text, vocabulary).texts
    return File(source, tuple(known.get(text) or parse_chunk(text, vocabulary) for text in texts))


def parse_chunk(text: str, vocabulary: Vocabulary) -> Chunk:
    """The tree of one chunk."""
    lexed = lex(text)
    tokens = []
    depth = 0
    for i, k in enumerate(lexed.tokens):
        if k.type in ("LPAR", "LSQB"):
            depth += 1
        if k.type in ("RPAR", "RSQB"):
            depth -= 1
        if k.type == "_NL" and (depth or (i and lexed.tokens[i - 1].type == "COMMA")):
            continue
        if k.type == "RBRACE":
            tokens.append(Token("_NL", "", k.start_pos, end_pos=k.start_pos))
        tokens.append(k)
    problems: list[SyntaxProblem] = []
    items: tuple[Item, ...] = ()
    parser = load_tables().parser.parse_interactive()
    try:
        for token in tokens:
            parser.feed_token(token)
        items = parser.feed_token(Token("$END", ""))
    except UnexpectedToken as error:
        at = error.token
        if at.type == "$END":
            at = tokens[-1] if tokens else Token("_NL", "", 0, end_pos=0)
        problems.append(SyntaxProblem(messages.unexpected.code.id, span_of(at), (("expected", "something else"),)))
    return Chunk(text, items, lexed.comments, tuple(problems))
