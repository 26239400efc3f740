"""Drives the parser over the tokens of a chunk and recovers from what it cannot take, one item at a time."""

from __future__ import annotations

from dataclasses import dataclass

from mlopsc.compiler.syntax import messages_lines as say
from mlopsc.compiler.syntax.ast import Item
from mlopsc.compiler.syntax.builder import BUILDERS
from mlopsc.compiler.syntax.insertions import find_insertion
from mlopsc.compiler.syntax.lalr import END, Parser, UnexpectedTokenError
from mlopsc.compiler.syntax.messages_structure import malformed_header, unclosed_bracket
from mlopsc.compiler.syntax.messages_text import unterminated
from mlopsc.compiler.syntax.problems import Problems
from mlopsc.compiler.syntax.tables import load_tables
from mlopsc.compiler.syntax.tokens import LINE_ENDS, NAMES, Token, across, end_of, kind_at, made, span_of
from mlopsc.compiler.syntax.vocabulary import Vocabulary
from mlopsc.compiler.text import Span

EXPECTED = (
    ("COMMA", "`,`"),
    ("RPAR", "`)`"),
    ("RSQB", "`]`"),
    ("LBRACE", "`{`"),
    ("COLON", "`:`"),
    ("_NL", "the end of the line"),
)


@dataclass
class Drive:
    """How far the parser has come: the item at hand began at token `start`, on top of `floor` values."""

    parser: Parser
    text: str
    tokens: list[Token]
    verbs: frozenset[str]
    problems: Problems
    index: int = 0
    start: int = 0
    floor: int = 0

    @property
    def token(self) -> Token:
        """The token at hand."""
        return self.tokens[self.index]

    @property
    def bounds(self) -> tuple[int, int]:
        """Where the item at hand begins, and where its last line ends."""
        end = self.text.find("\n", end_of(self.tokens[max(self.index, 1) - 1]))
        start = end_of(self.tokens[self.start - 1]) + 1 if self.start else 0
        return start, end if end >= 0 else len(self.text)


def drive(text: str, tokens: list[Token], vocabulary: Vocabulary, problems: Problems) -> tuple[Item, ...]:
    """The items that the tokens make; an item that cannot be parsed keeps what it is about, if that is known."""
    at = Drive(Parser(load_tables().parse, BUILDERS), text, tokens, vocabulary.verbs, problems)
    values = at.parser.values
    while at.index < len(tokens):
        begins = at.index == 0 or tokens[at.index - 1].type in LINE_ENDS
        if begins:
            at.start = at.index
        try:
            at.parser.feed(at.token)
        except UnexpectedTokenError:
            if begins:
                at.floor = len(values)
            _recover(at)
            continue
        if begins:
            at.floor = len(values) - 1
        at.index += 1
    items: tuple[Item, ...] = at.parser.feed(Token(END, "", 0, 0))
    return items


def _recover(at: Drive) -> None:
    """Note what is wrong with the token at hand, and bring the parser to where it can go on."""
    accepted = at.parser.accepts()
    if at.token.type == "_NL" and "HOLE" in accepted and at.index > at.start:
        _report_missing(at, accepted)
        at.parser.feed(made("HOLE", "", _end_before(at), at.token))
        return
    insertion = find_insertion(at.tokens, at.start, at.index, accepted)
    if insertion is None:
        _give_up(at, accepted)
        return
    if not any(at.problems.any_within(*at.bounds, doubt) for doubt in (unclosed_bracket, unterminated)):
        at.problems.add(insertion.message, insertion.span, **insertion.details)
    for token in insertion.tokens:
        at.parser.feed(token)
    at.index += 1


def _give_up(at: Drive, accepted: set[str]) -> None:
    """Leave the item at hand, but keep its name; the block that it may open is parsed."""
    end = at.index
    while end < len(at.tokens) - 1 and at.tokens[end].type not in LINE_ENDS:
        end += 1
    statement = at.tokens[at.start : end]
    is_header = at.tokens[end].type == "LBRACE"
    if at.token.type == "_NL" and statement:
        _report_missing(at, accepted)
    elif not at.problems.any_within(*at.bounds):
        if is_header:
            at.problems.add(malformed_header, across(statement or [at.token]))
        else:
            expected = _expected(at, accepted)
            at.problems.add(say.unexpected, span_of(at.token), expected=expected)
    del at.parser.values[at.floor :]
    del at.parser.states[at.floor + 1 :]
    for token in _remains(at, statement, is_header):
        at.parser.feed(token)
    if is_header and not (statement and statement[0].type in NAMES):
        end = _past_block(at.tokens, end)
    elif not statement:
        end += 1
    at.index = end
    at.start = end


def _report_missing(at: Drive, accepted: set[str]) -> None:
    """Note that a line ends before its item does."""
    if not at.problems.any_within(*at.bounds):
        last = at.tokens[at.index - 1]
        at.problems.add(say.missing_value, _end_before(at), what=_expected(at, accepted), after=last.value)


def _end_before(at: Drive) -> Span:
    end = end_of(at.tokens[at.index - 1])
    return Span(end, end)


def _remains(at: Drive, statement: list[Token], is_header: bool) -> list[Token]:
    """What is known of an item that cannot be parsed: its name, and a hole for the rest."""
    if not statement or statement[0].type not in NAMES:
        return []
    first = statement[0]
    if is_header:
        has_label = kind_at(statement, 1) in NAMES and kind_at(statement, 2) != "DOT"
        return statement[: 1 + has_label]
    hole = made("HOLE", "", Span(end_of(first), end_of(statement[-1])), first)
    if kind_at(statement, 1) in ("EQUAL", "COLON"):
        return [first, statement[1], hole]
    return [first, hole] if first.value in at.verbs else []


def _past_block(tokens: list[Token], index: int) -> int:
    """The index after the brace that closes the one at `index`."""
    depth = 0
    for at in range(index, len(tokens)):
        depth += {"LBRACE": 1, "RBRACE": -1}.get(tokens[at].type, 0)
        if depth == 0:
            return at + 1
    return len(tokens)


def _expected(at: Drive, accepted: set[str]) -> str:
    """What could stand where the token at hand does, in words."""
    if at.index == at.start:
        return "a setting, a block or a rule"
    if at.tokens[at.index - 1].type == "COLON":
        return "a type"
    if "QUANTITY" in accepted:
        return "a value"
    words = [word for kind, word in EXPECTED if kind in accepted]
    if "NAME" in accepted:
        words.append("a clause" if words else "a name")
    return " or ".join(words) or "something else"
