"""Makes the nodes of the syntax tree; the parser calls the function named after a rule or a terminal of the grammar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, Literal, cast

from mlopsc.compiler.syntax import literals
from mlopsc.compiler.syntax.ast import (
    Argument,
    Arithmetic,
    Block,
    Boolean,
    Call,
    Clause,
    Comparison,
    Date,
    Expr,
    Field,
    Group,
    Item,
    ListOf,
    Logical,
    Membership,
    Missing,
    Name,
    Negation,
    Node,
    Nothing,
    Operator,
    Range,
    Ref,
    Rule,
    Setting,
    Signed,
    Text,
    Time,
)
from mlopsc.compiler.syntax.tokens import Token
from mlopsc.compiler.text import Span

Parts = Sequence[Any]


def span_of(part: Node | Token) -> Span:
    """Where a node or a token stands."""
    return part.span if isinstance(part, Node) else Span(part.start, part.end)


def _across(parts: Parts) -> Span:
    return Span(span_of(parts[0]).start, span_of(parts[-1]).end)


def _file(parts: Parts) -> tuple[Item, ...]:
    return tuple(parts)


def _setting(parts: Parts) -> Setting:
    name, value = parts
    return Setting(_across(parts), name, value)


def _block(parts: Parts) -> Block:
    kind, label = parts[0], parts[1] if isinstance(parts[1], Ref) else None
    first = 3 if label else 2
    header = kind.span.joined(label.span) if label else kind.span
    return Block(_across(parts), kind, label, tuple(parts[first:-1]), header)


def _field(parts: Parts) -> Field:
    name, type_, *rest = parts
    within = rest.pop(0) if rest and not isinstance(rest[0], Clause) else None
    return Field(_across(parts), name, type_, within, tuple(rest))


def _rule(parts: Parts) -> Rule:
    verb, subject, *clauses = parts
    return Rule(_across(parts), verb, subject, tuple(clauses))


def _clause(parts: Parts) -> Clause:
    operator = _operator(parts[1]) if len(parts) == 3 else None
    return Clause(_across(parts), parts[0], operator, parts[-1])


def _flag(parts: Parts) -> Clause:
    return Clause(parts[0].span, parts[0], None, None)


def _operator(token: Token) -> Operator:
    return Operator(span_of(token), cast(Any, token.value))


def _disjunction(parts: Parts) -> Logical:
    return Logical(_across(parts), "or", tuple(parts))


def _conjunction(parts: Parts) -> Logical:
    return Logical(_across(parts), "and", tuple(parts))


def _negated(parts: Parts) -> Negation:
    return Negation(_across(parts), parts[1])


def _comparison(parts: Parts) -> Comparison:
    rest = tuple((_operator(operator), right) for operator, right in zip(parts[1::2], parts[2::2], strict=True))
    return Comparison(_across(parts), parts[0], rest)


def _membership(parts: Parts) -> Membership:
    return Membership(_across(parts), parts[0], parts[-1], len(parts) == 3)


def _between(parts: Parts) -> Range:
    return Range(_across(parts), parts[0], parts[1])


def _at_least(parts: Parts) -> Range:
    return Range(_across(parts), parts[0], None)


def _at_most(parts: Parts) -> Range:
    return Range(_across(parts), None, parts[1])


def _arithmetic(parts: Parts) -> Expr:
    def joined(left: Expr, pair: tuple[Token, Expr]) -> Expr:
        operator, right = pair
        sign = cast(Literal["+", "-", "*", "/"], operator.value)
        return Arithmetic(left.span.joined(right.span), sign, left, right, span_of(operator))

    first: Expr = parts[0]
    return reduce(joined, zip(parts[1::2], parts[2::2], strict=True), first)


def _signed(parts: Parts) -> Signed:
    return Signed(_across(parts), cast(Literal["+", "-"], parts[0].value), parts[1])


def _call(parts: Parts) -> Call:
    return Call(_across(parts), parts[0], tuple(parts[2:-1]))


def _named(parts: Parts) -> Argument:
    return Argument(_across(parts), parts[0], parts[1])


def _positional(parts: Parts) -> Argument:
    return Argument(parts[0].span, None, parts[0])


def _list(parts: Parts) -> ListOf:
    return ListOf(_across(parts), tuple(parts[1:-1]))


def _group(parts: Parts) -> Group:
    return Group(_across(parts), parts[1])


def _ref(parts: Parts) -> Ref:
    return Ref(_across(parts), tuple(parts))


def _missing(parts: Parts) -> Missing:
    return Missing(span_of(parts[0]))


def _name(token: Token) -> Name:
    return Name(span_of(token), token.value)


def _quoted_name(token: Token) -> Name:
    return Name(span_of(token), token.value[1:-1], quoted=True)


def _boolean(token: Token) -> Boolean:
    return Boolean(span_of(token), token.type == "TRUE")


def _nothing(token: Token) -> Nothing:
    return Nothing(span_of(token))


def _string(token: Token) -> Text:
    return literals.read_string(token.value, span_of(token))


def _raw_string(token: Token) -> Text:
    return literals.read_raw(token.value, span_of(token))


def _text(token: Token) -> Text:
    return literals.read_block(token.value, span_of(token))


def _quantity(token: Token) -> Node:
    return literals.read_quantity(token.value, span_of(token))


def _date(token: Token) -> Node:
    return Date(span_of(token), token.value)


def _time(token: Token) -> Node:
    return Time(span_of(token), token.value)


BUILDERS: Mapping[str, Callable[[Any], Any]] = {
    "file": _file,
    "setting": _setting,
    "block": _block,
    "field": _field,
    "rule": _rule,
    "clause": _clause,
    "flag": _flag,
    "disjunction": _disjunction,
    "conjunction": _conjunction,
    "negated": _negated,
    "comparison": _comparison,
    "membership": _membership,
    "between": _between,
    "at_least": _at_least,
    "at_most": _at_most,
    "sum": _arithmetic,
    "product": _arithmetic,
    "signed": _signed,
    "call": _call,
    "named": _named,
    "positional": _positional,
    "list": _list,
    "group": _group,
    "ref": _ref,
    "missing": _missing,
    "NAME": _name,
    "QUOTED_NAME": _quoted_name,
    "TRUE": _boolean,
    "FALSE": _boolean,
    "NONE": _nothing,
    "STRING": _string,
    "RAW_STRING": _raw_string,
    "TEXT": _text,
    "QUANTITY": _quantity,
    "DATE": _date,
    "TIME": _time,
}
