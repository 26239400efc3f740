"""Parses a file: one tree whatever is wrong with the text, and one problem for each mistake."""

from __future__ import annotations

from mlopsc.compiler.syntax import messages_text as say
from mlopsc.compiler.syntax.ast import Chunk, File, SyntaxProblem
from mlopsc.compiler.syntax.braces import balance_braces
from mlopsc.compiler.syntax.brackets import find_too_deep, match_brackets
from mlopsc.compiler.syntax.chunks import DEEPEST, split
from mlopsc.compiler.syntax.driver import drive
from mlopsc.compiler.syntax.habits import mend
from mlopsc.compiler.syntax.lexer import lex
from mlopsc.compiler.syntax.problems import Problems
from mlopsc.compiler.syntax.rules import part_rules
from mlopsc.compiler.syntax.statements import arrange_statements
from mlopsc.compiler.syntax.tokens import span_of
from mlopsc.compiler.syntax.vocabulary import Vocabulary
from mlopsc.compiler.text import SourceFile, Span

LARGEST = 4_000_000


def parse(source: SourceFile, vocabulary: Vocabulary, previous: File | None = None) -> File:
    """The tree of a file. Never fails: what is wrong is in the `problems` of the chunks.

    `previous` is an earlier tree, of the same vocabulary: chunks whose text has not changed are taken from it.
    """
    problems = Problems()
    _refuse(source.text, problems)
    if problems.found:
        return File(source, (_unread(source.text, problems),))
    pieces = split(source.text, vocabulary)
    if pieces.too_deep is not None:
        problems.add(say.too_deep, Span(pieces.too_deep, pieces.too_deep + 1), deepest=str(DEEPEST))
        return File(source, (_unread(source.text, problems),))
    known = {chunk.text: chunk for chunk in previous.chunks} if previous else {}
    chunks = (known.get(text) or parse_chunk(text, vocabulary) for text in pieces.texts)
    return File(source, tuple(chunks))


def parse_chunk(text: str, vocabulary: Vocabulary) -> Chunk:
    """The tree of one chunk: a function of its text and the vocabulary alone."""
    problems = Problems()
    tokens, comments = lex(text)
    too_deep = find_too_deep(tokens)
    if too_deep is not None:
        problems.add(say.too_deep, span_of(too_deep), deepest=str(DEEPEST))
        return _unread(text, problems)
    tokens = mend(text, tokens, vocabulary, problems)
    tokens = match_brackets(tokens, problems)
    tokens = balance_braces(tokens, vocabulary, problems)
    tokens = arrange_statements(tokens, vocabulary, problems)
    items = part_rules(drive(text, tokens, vocabulary, problems), text, problems)
    return Chunk(text, items, comments, _in_order(problems, text))


def _in_order(problems: Problems, text: str) -> tuple[SyntaxProblem, ...]:
    """The problems by place; on a line whose quotes do not match, what stands inside or outside them is unknown."""
    found = sorted(problems.found, key=lambda problem: problem.span)
    ends = {_line(text, one): one.span.start for one in found if one.code == say.unterminated.code.id}
    return tuple(one for one in found if one.span.start >= ends.get(_line(text, one), 0))


def _line(text: str, problem: SyntaxProblem) -> int:
    """The offset at which the line of a problem begins."""
    return text.rfind("\n", 0, problem.span.start) + 1


def _refuse(text: str, problems: Problems) -> None:
    """What is no spec at all is not read."""
    for sign, what in (("\0", "it holds NUL bytes"), ("\N{REPLACEMENT CHARACTER}", "not all of it can be decoded")):
        at = text.find(sign)
        if at >= 0:
            problems.add(say.not_text, Span(at, at + 1), what=what)
            return
    if len(text) > LARGEST:
        problems.add(say.too_large, Span(0, 1), size=f"{len(text):_}", limit=f"{LARGEST:_}")


def _unread(text: str, problems: Problems) -> Chunk:
    return Chunk(text, (), (), tuple(problems.found))
