"""The events that `on` names: categories, rules by name or by what they watch, and those that happen by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlopsc.compiler.schema.declarations import Subject
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics import messages_names
from mlopsc.compiler.semantics import messages_rules as messages
from mlopsc.compiler.semantics.bodies import RulePart
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.names import split_prefix
from mlopsc.compiler.semantics.spelling import head, operands, subject_of, text_of, ungrouped
from mlopsc.compiler.syntax import ast


def categories(registry: Registry) -> tuple[str, ...]:
    """The categories that events have."""
    found = (one.category for one in registry.functions if issubclass(one, Subject) and one.category)
    return tuple(dict.fromkeys(found))


def evaluate_events(node: ast.Expr, rules: Mapping[str, RulePart], context: Context) -> tuple[tuple[str, ...], bool]:
    """The events that `on` names, by category, by id of a rule, or by word; and whether all of them are known."""
    node = ungrouped(node)
    parts = node.operands if isinstance(node, ast.Logical) else (node,)
    if isinstance(node, ast.Negation) or (isinstance(node, ast.Logical) and node.operator != "or"):
        context.report(messages.events_without_or(context.at(node)))
        return (), False
    found: list[str] = []
    for part in parts:
        try:
            found.append(_event(ungrouped(part), rules, context))
        except Refused:
            continue
    return tuple(dict.fromkeys(found)), len(found) == len(parts)


def _event(node: ast.Expr, rules: Mapping[str, RulePart], context: Context) -> str:
    if isinstance(node, ast.Missing):
        raise Refused
    watches = {name: part for name, part in rules.items() if part.verb.raises}
    symbols = list(_meanings(node, watches, context))
    at = context.at(node)
    if len(symbols) > 1:
        raise context.refused(messages_names.ambiguous_event(at, text_of(node), [symbol.name for symbol in symbols]))
    if not symbols:
        lefts = [part.left for part in watches.values()]
        known = [*categories(context.program.registry), *context.program.registry.events, *watches, *lefts]
        raise context.refused(messages.unknown_event(at, text_of(node), known))
    context.use(node, symbols[0])
    _hold_raised(node, symbols[0], watches, context)
    return symbols[0].name


def _meanings(node: ast.Expr, watches: Mapping[str, RulePart], context: Context) -> Iterator[Symbol]:
    registry = context.program.registry
    text = split_prefix(node)[1] if isinstance(node, ast.Ref) else text_of(node)
    if text in categories(registry):
        yield Symbol(Namespace.EVENT, text, "", None, None, "category of events")
    if text in registry.events:
        event = registry.events[text]
        yield Symbol(Namespace.EVENT, text, "", None, event, "event")
    for name, part in watches.items():
        # A watch in a category of its own name adds nothing to naming the category.
        if text in (name, part.left) and _category(part, registry) != text:
            yield Symbol(Namespace.EVENT, name, "", part.placed.at, None, part.placed.at.text)


def _hold_raised(node: ast.Expr, symbol: Symbol, watches: Mapping[str, RulePart], context: Context) -> None:
    """A category of which there is no watch: nothing will ever happen."""
    registry = context.program.registry
    if symbol.detail != "category of events" or context.home.is_damaged:
        return
    if symbol.name not in {_category(part, registry) for part in watches.values()}:
        context.report(messages.event_never_raised(context.at(node), symbol.name))


def _category(part: RulePart, registry: Registry) -> str:
    """The category of the events of a rule; a metric that the spec defines has that of metrics."""
    subject = part.placed.node.subject
    number = subject_of(subject, lambda name: registry.function(name.text, part.verb.subjects) is not None)
    name = head(operands(subject)[number])
    function = registry.function(name.text, part.verb.subjects) if name else None
    if function is not None and issubclass(function, Subject):
        return function.category
    defined = (block.defines for block in registry.blocks.values() if block.defines)
    return next((family.category for family in defined), "")
