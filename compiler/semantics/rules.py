"""Rules: what each is about, what it is compared with, and its clauses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from mlopsc.compiler.records import Entity
from mlopsc.compiler.schema.declarations import Verb
from mlopsc.compiler.semantics import messages_rules as messages
from mlopsc.compiler.semantics.bodies import RulePart, clause_symbol
from mlopsc.compiler.semantics.clauses import evaluate_clauses
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.events import evaluate_events
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.index import Symbol
from mlopsc.compiler.semantics.judging import judge_rule
from mlopsc.compiler.semantics.limits import LimitReader
from mlopsc.compiler.semantics.model import ComparisonModel, Operator, RuleModel, Settings
from mlopsc.compiler.semantics.spelling import operands, rule_text, subject_of, ungrouped
from mlopsc.compiler.semantics.subjects import Measured, evaluate_subject, is_subject
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location

FLIPPED: dict[str, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class RuleChecker(Entity):
    """Checks the rules of one stage. `rules` are all of them, for those that are about events of others."""

    context: Context
    rules: Mapping[str, RulePart]

    def check(self, part: RulePart) -> RuleModel | None:
        """A rule whose names are resolved; None after a message when it is wrong."""
        context = self.context.moved(part.placed.home)
        context.expect(part.placed.node, None, _clause_symbols, part.verb)
        try:
            return self._events(part, context) if part.verb.events else self._measuring(part, context)
        except Refused:
            return None

    def _events(self, part: RulePart, context: Context) -> RuleModel:
        rule = part.placed.node
        names, is_known = evaluate_events(rule.subject, self.rules, context)
        clauses, places, is_right = evaluate_clauses(rule.clauses, part.verb, context)
        if is_right:
            self._require_clauses(part, places, context)
        if not (is_known and is_right):
            raise Refused
        return _model(part, context, None, names, (), clauses, places)

    def _measuring(self, part: RulePart, context: Context) -> RuleModel:
        rule, verb = part.placed.node, part.verb
        subject, comparisons = self._statement(rule, verb, context)
        measure = LimitReader(subject, verb, context).number if subject else None
        clauses, places, is_right = evaluate_clauses(rule.clauses, verb, context, measure)
        if is_right:
            self._require_clauses(part, places, context)
        if subject is None or comparisons is None or not is_right:
            raise Refused
        found = _model(part, context, subject.call, (), comparisons, clauses, places)
        judge_rule(found, subject, rule, context)
        return found

    def _require_clauses(self, part: RulePart, places: Mapping[str, object], context: Context) -> None:
        for word, parameter in part.verb.accepts().items():
            if parameter.is_required and word not in places and not part.placed.home.is_damaged:
                at, verb = context.at(part.placed.node), part.verb.word
                raise context.refused(messages.missing_clause(at, verb, word, parameter.description))

    def _statement(
        self, rule: ast.Rule, verb: type[Verb], context: Context
    ) -> tuple[Measured | None, tuple[ComparisonModel, ...] | None]:
        """What a rule says before its clauses; None for a part that is wrong."""
        node = ungrouped(rule.subject)
        if isinstance(node, ast.Logical | ast.Negation):
            word = "not" if isinstance(node, ast.Negation) else node.operator
            context.report(messages.rule_with_logic(context.at(rule.subject), rule.verb.text, word))
            return None, None
        number = subject_of(node, partial(is_subject, verb=verb, context=context))
        try:
            subject = evaluate_subject(operands(node)[number], verb, context)
            return subject, self._compared(node, number, subject, verb, context)
        except Refused:
            return None, None

    def _compared(
        self, node: ast.Expr, number: int, subject: Measured, verb: type[Verb], context: Context
    ) -> tuple[ComparisonModel, ...]:
        is_compared = isinstance(node, ast.Comparison | ast.Membership)
        needs = verb.compares and subject.measure != "truth"
        if is_compared and not needs:
            at, left = context.at(node), context.at(operands(node)[number])
            raise context.refused(messages.needless_comparison(at, left, verb.word, subject.word, verb.compares))
        if needs and not is_compared:
            found = messages.missing_comparison(context.at(node), subject.word, subject.measure, subject.better)
            raise context.refused(found)
        reader = LimitReader(subject, verb, context)
        match node:
            case ast.Membership():
                return _membership(node, number, reader)
            case ast.Comparison():
                return _comparisons(node, number, reader)
        return ()


def _clause_symbols(verb: type[Verb]) -> list[Symbol]:
    return [clause_symbol(verb, word) for word in verb.accepts()]


def _comparisons(node: ast.Comparison, number: int, reader: LimitReader) -> tuple[ComparisonModel, ...]:
    """Comparisons with the subject on the left: one, or two around it."""
    context = reader.context
    if number == 0 and len(node.rest) == 1:
        return (_one(*node.rest[0], reader),)
    if number == 1 and len(node.rest) <= 2:
        left = _turned(node, reader)
        return (left, *(_one(operator, right, reader) for operator, right in node.rest[1:]))
    raise context.refused(messages.tangled_comparison(context.at(node)))


def _one(operator: ast.Operator, right: ast.Expr, reader: LimitReader) -> ComparisonModel:
    return ComparisonModel(operator.text, reader.limit(right), reader.context.at(operator))


def _turned(node: ast.Comparison, reader: LimitReader) -> ComparisonModel:
    """`45 >= mae(test)` as `mae(test) <= 45`; another model stands on the right only."""
    operator, limit = node.rest[0][0], reader.limit(node.first)
    if limit.baseline is not None:
        context = reader.context
        left, right = context.at(node.first), context.at(node.rest[0][1])
        found = messages.baseline_on_the_left(left, right, context.at(operator), FLIPPED[operator.text])
        raise context.refused(found)
    return ComparisonModel(FLIPPED[operator.text], limit, reader.context.at(operator))


def _membership(node: ast.Membership, number: int, reader: LimitReader) -> tuple[ComparisonModel, ...]:
    context, container = reader.context, ungrouped(node.container)
    at = context.at(container)
    if number != 0:
        raise context.refused(messages.tangled_comparison(context.at(node)))
    if not isinstance(container, ast.Range):
        operator: Operator = "not in" if node.negated else "in"
        return (ComparisonModel(operator, reader.values(container), at),)
    if node.negated:
        raise context.refused(messages.outside_a_range(at))
    ends: list[tuple[Operator, ast.Expr | None]] = [(">=", container.low), ("<=", container.high)]
    return tuple(ComparisonModel(sign, reader.limit(end), at) for sign, end in ends if end is not None)


def _model(
    part: RulePart,
    context: Context,
    subject: Settings | None,
    events: tuple[str, ...],
    comparisons: tuple[ComparisonModel, ...],
    clauses: Settings,
    places: Mapping[str, Location],
) -> RuleModel:
    rule = part.placed.node
    at = context.at(rule)
    text = at.text if "\n" not in at.text else rule_text(rule)
    said = {word: value for word, value in clauses.items() if word != "as"}
    subject_at = context.at(rule.subject)
    return RuleModel(
        part.id, rule.verb.text, text, subject, events, comparisons, said, at, subject_at, places, part.verb
    )
