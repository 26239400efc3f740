"""Matches brackets: inside them lines do not end, and one that is not closed ends with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlopsc.compiler.syntax import messages_structure as say
from mlopsc.compiler.syntax.chunks import DEEPEST
from mlopsc.compiler.syntax.messages_lines import positional_after_named
from mlopsc.compiler.syntax.messages_text import unterminated
from mlopsc.compiler.syntax.problems import Problems
from mlopsc.compiler.syntax.tokens import (
    BRACKETS,
    CLOSERS,
    NAMES,
    OPENERS,
    Token,
    end_of,
    kind_at,
    made,
    span_of,
    start_of,
)
from mlopsc.compiler.text import Span

OPERATORS = frozenset({"SIGN", "SCALE", "NOT", "CMP", "EQUAL"})
SEPARATORS = frozenset({"COMMA", "_NL", "LBRACE", "RBRACE"})


@dataclass
class Level:
    """An open bracket while its arguments pass by."""

    opener: Token
    is_matched: bool
    is_call: bool = False
    argument: int = 0
    """Where the argument at hand begins among the tokens done."""
    has_name: bool = False
    seen_name: bool = False


@dataclass
class Levels:
    """The brackets that are open at a token, and what has been done so far."""

    problems: Problems
    matched: frozenset[int]
    open: list[Level] = field(default_factory=list)
    done: list[Token] = field(default_factory=list)


def find_too_deep(tokens: Sequence[Token]) -> Token | None:
    """The token at which brackets and operators nest deeper than a tree may be."""
    levels = [0]
    depth = 0
    for token in tokens:
        kind = token.type
        if kind in OPENERS:
            levels.append(1)
            depth += 1
        elif kind in CLOSERS and len(levels) > 1:
            depth -= levels.pop()
        elif kind in OPERATORS:
            levels[-1] += 1
            depth += 1
        elif kind in SEPARATORS:
            least = int(len(levels) > 1)
            depth -= levels[-1] - least
            levels[-1] = least
        if depth > DEEPEST:
            return token
    return None


def match_brackets(tokens: list[Token], problems: Problems) -> list[Token]:
    """The tokens without the line ends inside brackets; brackets that are missing put in, stray ones left out."""
    levels = Levels(problems, _matched(tokens))
    for index, token in enumerate(tokens):
        kind = token.type
        if kind in OPENERS:
            _open(levels, token, is_matched=index in levels.matched)
        elif kind in CLOSERS:
            _close(levels, token, is_matched=index in levels.matched)
        elif levels.open:
            _pass(levels, token)
        else:
            levels.done.append(token)
    _end_line(levels)
    return levels.done


def _matched(tokens: Sequence[Token]) -> frozenset[int]:
    """The indices of brackets that have a partner; a brace ends all that are open."""
    stack: list[int] = []
    matched: set[int] = set()
    for index, token in enumerate(tokens):
        if token.type in OPENERS:
            stack.append(index)
        elif token.type in ("LBRACE", "RBRACE"):
            stack.clear()
        elif token.type in CLOSERS:
            opener = CLOSERS[token.type]
            at = next((at for at in range(1, min(len(stack), DEEPEST) + 1) if tokens[stack[-at]].type == opener), 0)
            if at:
                matched |= {stack[-at], index}
                del stack[-at:]
    return frozenset(matched)


def _open(levels: Levels, token: Token, *, is_matched: bool) -> None:
    is_call = token.type == "LPAR" and kind_at(levels.done, len(levels.done) - 1) in NAMES
    levels.done.append(token)
    levels.open.append(Level(token, is_matched, is_call, len(levels.done)))


def _close(levels: Levels, token: Token, *, is_matched: bool) -> None:
    if not is_matched:
        levels.problems.add(say.stray_bracket, span_of(token))
        return
    while not levels.open[-1].is_matched:
        _insert_closer(levels)
    _end_argument(levels)
    levels.open.pop()
    levels.done.append(token)


def _pass(levels: Levels, token: Token) -> None:
    """Any other token inside a bracket."""
    level = levels.open[-1]
    match token.type:
        case "_NL" if any(level.is_matched for level in levels.open):
            return
        case "_NL" | "LBRACE" | "RBRACE":
            _end_line(levels)
        case "COMMA":
            _end_argument(levels)
            level.argument = len(levels.done) + 1
        case "EQUAL":
            level.has_name = True
    levels.done.append(token)


def _end_line(levels: Levels) -> None:
    """Close what is open: its line, or the block that it stands in, ends here."""
    while levels.open:
        _insert_closer(levels)


def _insert_closer(levels: Levels) -> None:
    opener = levels.open.pop().opener
    kind = OPENERS[opener.type]
    end = end_of(levels.done[-1])
    at = Span(end, end)
    # a string without end may have swallowed the bracket
    if not levels.problems.any_within(start_of(opener), end, unterminated):
        levels.problems.add(say.unclosed_bracket, at, opener=span_of(opener), closer=BRACKETS[kind])
    levels.done.append(made(kind, BRACKETS[kind], at, levels.done[-1]))


def _end_argument(levels: Levels) -> None:
    level = levels.open[-1]
    argument = levels.done[level.argument :]
    if level.is_call and level.seen_name and argument and not level.has_name:
        levels.problems.add(positional_after_named, Span(span_of(argument[0]).start, end_of(argument[-1])))
    level.seen_name |= level.has_name
    level.has_name = False
