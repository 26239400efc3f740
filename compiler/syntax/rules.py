"""Parts rules that state more than one thing, such as `require a and b`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.syntax.ast import Block, Call, Comparison, Expr, Item, Logical, Membership, Negation, Rule
from mlopsc.compiler.syntax.messages_items import two_rules
from mlopsc.compiler.syntax.problems import Problems
from mlopsc.compiler.text import Span

CLAIMS = (Comparison, Membership, Call, Negation)


def part_rules(items: tuple[Item, ...], text: str, problems: Problems) -> tuple[Item, ...]:
    """The items, with a rule for each part of one that joins claims with `and`."""
    return tuple(part for item in items for part in _parted(item, text, problems))


def _parted(item: Item, text: str, problems: Problems) -> Iterator[Item]:
    match item:
        case Block():
            inner = part_rules(item.items, text, problems)
            yield item if inner == item.items else item.changed(items=inner)
        case Rule(subject=Logical(operator="and", operands=operands)) if all(isinstance(x, CLAIMS) for x in operands):
            _report(item, operands, text, problems)
            yield from (item.changed(subject=operand) for operand in operands)
        case _:
            yield item


def _report(rule: Rule, operands: tuple[Expr, ...], text: str, problems: Problems) -> None:
    tail = text[rule.subject.span.end : rule.span.end]
    rules = [f"{rule.verb.text} {text[operand.span.start : operand.span.end]}{tail}" for operand in operands]
    between = text[operands[0].span.end : operands[1].span.start]
    start = operands[0].span.end + between.find("and")
    problems.add(two_rules, Span(start, start + len("and")), rule=rule.span, rules="\n".join(rules))
