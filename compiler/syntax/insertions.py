"""What is missing before a token that the parser cannot take, or what the token was meant to be."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlopsc.compiler.diagnostics import Message
from mlopsc.compiler.syntax import messages_items as say
from mlopsc.compiler.syntax.messages_structure import missing_comma
from mlopsc.compiler.syntax.messages_words import equals_in_comparison
from mlopsc.compiler.syntax.tokens import LITERALS, NAMES, Token, end_of, kind_at, made, recast, span_of
from mlopsc.compiler.text import Span

ELEMENT_STARTS = LITERALS | NAMES | {"LPAR", "LSQB"}
BOUNDS = frozenset({"QUANTITY", "DATE", "TIME", "LSQB", "UP_TO"})


@dataclass(frozen=True)
class Insertion:
    """A mistake, and the tokens that the parser takes instead of the one at hand."""

    tokens: tuple[Token, ...]
    message: Message[...]
    span: Span
    details: dict[str, str | Span] = field(default_factory=dict)


def find_insertion(tokens: list[Token], start: int, index: int, accepted: set[str]) -> Insertion | None:
    """What mends the token at `index` of a statement that begins at `start`, if one small thing does."""
    token = tokens[index]
    if token.type == "EQUAL" and "CMP" in accepted:
        return Insertion((recast(token, "CMP", "=="),), equals_in_comparison, span_of(token))
    if token.value == "==" and "EQUAL" in accepted:
        return Insertion((recast(token, "EQUAL", "="),), say.double_equals, span_of(token))
    if index == start:
        return None
    previous = tokens[index - 1]
    gap = Span(end_of(previous), end_of(previous))
    if "EQUAL" in accepted and previous.type in NAMES and token.type in LITERALS | {"LSQB"}:
        inserted = (made("EQUAL", "=", gap, previous), token)
        return Insertion(inserted, say.missing_equals, span_of(previous), {"after": gap})
    if "COMMA" in accepted and accepted & {"RPAR", "RSQB"} and token.type in ELEMENT_STARTS:
        return Insertion((made("COMMA", ",", gap, previous), token), missing_comma, span_of(token), {"after": gap})
    if "IN" in accepted and kind_at(tokens, start + 1) == "COLON" and token.type in BOUNDS:
        return Insertion((made("IN", "in", gap, previous), token), say.range_without_in, span_of(token))
    if "IN" in accepted and token.value in (">=", "<=") and kind_at(tokens, index + 1) == "QUANTITY":
        bound: dict[str, str | Span] = {"bound": span_of(tokens[index + 1])}
        return Insertion((recast(token, "IN", "in"),), say.compared_column, span_of(token), bound)
    if _is_bare_call(tokens, start, index):
        called = (made("LPAR", "(", gap, previous), token, made("RPAR", ")", span_of(token), token))
        return Insertion(called, say.bare_call, span_of(token), {"name": span_of(previous)})
    return None


def _is_bare_call(tokens: list[Token], start: int, index: int) -> bool:
    """`source = csv "rides.csv"`, and nothing more."""
    kinds = [token.type for token in tokens[start : index + 2]]
    return len(kinds) == 5 and kinds[1:3] == ["EQUAL", "NAME"] and kinds[3] in LITERALS and kinds[4] == "_NL"
