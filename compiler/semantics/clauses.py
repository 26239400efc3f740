"""The clauses after a rule or a column: `at 95%`, `over 7d`, `role leak`, `missing <= 1%`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Declaration, Verb
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.schema.types import ListOf, compared_with, type_of
from mlopsc.compiler.semantics import messages_clauses as messages
from mlopsc.compiler.semantics import values
from mlopsc.compiler.semantics.bodies import clause_symbol
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.names import leaves
from mlopsc.compiler.semantics.slots import Slot
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location, Span

if TYPE_CHECKING:
    from pydantic import JsonValue

Measure = Callable[[ast.Expr], float]
"""Reads a value in what the subject of the rule measures."""


def evaluate_clauses(
    clauses: tuple[ast.Clause, ...],
    declaration: type[Declaration],
    context: Context,
    measure: Measure | None = None,
) -> tuple[dict[str, JsonValue], dict[str, Location], bool]:
    """The values of clauses by word, where each stands, and whether all of them are right; mistakes are reported."""
    found: dict[str, JsonValue] = {}
    places: dict[str, Location] = {}
    written: dict[str, ast.Clause] = {}
    is_right = True
    for clause in _said(clauses, declaration, context):
        word, at = clause.name.text, context.at(clause)
        more = _more_of(clause, written, declaration, context)
        if more:
            context.report(more)
            is_right = False
            continue
        first = places.setdefault(word, at)
        if first is not at:
            context.report(messages.duplicate_clause(at, word, first))
            continue
        written[word] = clause
        try:
            found[word] = _evaluated(clause, declaration, context, measure)
        except Refused:
            is_right = False
    return found, places, is_right


def _more_of(
    clause: ast.Clause, written: Mapping[str, ast.Clause], declaration: type[Declaration], context: Context
) -> Diagnostic | None:
    """What is said of a value that belongs into the list of an earlier clause: `do first(…), second(…)`."""
    word, takes = clause.name.text, declaration.accepts()
    owner = word if word in takes else _clause_taking(word, declaration, context)
    first = written.get(owner)
    if first is None or first.value is None or clause.value is None or not isinstance(type_of(takes[owner]), ListOf):
        return None
    value = context.at(clause.value if owner == word else clause)
    return messages.clause_of_a_list(
        context.at(clause), owner, context.at(first.value), value, is_list=isinstance(first.value, ast.ListOf)
    )


def _said(clauses: tuple[ast.Clause, ...], declaration: type[Declaration], context: Context) -> Iterator[ast.Clause]:
    """The clauses; of unknown ones that no comma parts only the first, since they are words of one phrase."""
    lost: ast.Clause | None = None
    for clause in clauses:
        is_unknown = clause.name.text not in declaration.accepts()
        if not (is_unknown and lost and "," not in context.at(Span(lost.span.end, clause.span.start)).text):
            yield clause
        lost = clause if is_unknown else None


def _evaluated(
    clause: ast.Clause, declaration: type[Declaration], context: Context, measure: Measure | None
) -> JsonValue:
    word, at = clause.name.text, context.at(clause.name)
    parameter = declaration.accepts().get(word)
    if parameter is None:
        raise _unknown(clause, declaration, context)
    context.use(clause.name, clause_symbol(declaration, word))
    if clause.value is None:
        expected = _example(parameter)
        raise context.refused(messages.clause_without_value(at, word, expected))
    _hold_operator(clause, parameter, context)
    slot, type_ = Slot(f"`{word}`", parameter), type_of(parameter)
    if isinstance(type_, types.Measured):
        # What is wrong with what the rule measures has been told; nothing more is known of this value.
        return measure(clause.value) if measure is not None else None
    return values.evaluate(clause.value, type_, slot, context)


def _unknown(clause: ast.Clause, declaration: type[Declaration], context: Context) -> Refused:
    word = clause.name.text
    instead = declaration.instead.get(word) if issubclass(declaration, Verb) else None
    if instead is not None:
        at = context.at(clause)
        return context.refused(messages.clause_instead(at, word, declaration.word, instead))
    function = _clause_taking(word, declaration, context)
    if function and clause.value is not None:
        at = context.at(clause)
        return context.refused(messages.clause_forgotten(at, word, declaration.word, function))
    known = list(declaration.accepts())
    elsewhere = sorted(
        {
            verb.word
            for verb in context.program.registry.verbs
            if word in verb.accepts() and verb.word != declaration.word
        }
    )
    owner = f"`{declaration.word}`" if issubclass(declaration, Verb) else "a column"
    return context.refused(messages.unknown_clause(context.at(clause.name), word, owner, known, elsewhere))


def _clause_taking(word: str, declaration: type[Declaration], context: Context) -> str:
    """The clause that takes a call of this name, where the word of the clause itself has been left out."""
    for clause, parameter in declaration.accepts().items():
        for leaf in leaves(type_of(parameter)):
            if isinstance(leaf, types.FunctionOf) and context.program.registry.function(word, (leaf.family,)):
                return clause
    return ""


def _hold_operator(clause: ast.Clause, parameter: Parameter, context: Context) -> None:
    """A clause is written with the operator that its declaration says, or with none."""
    wanted = compared_with(parameter)
    word = clause.name.text
    if clause.operator is None and wanted is not None:
        raise context.refused(messages.clause_needs_operator(context.at(clause.name), word, wanted))
    if clause.operator is not None and clause.operator.text != wanted:
        at = context.at(clause.operator)
        raise context.refused(messages.clause_operator(at, word, clause.operator.text, wanted or ""))


def _example(parameter: Parameter) -> str:
    examples = {"share": "95%", "duration": "7d", "rate": "1 / 90d", "number": "1", "text": '"…"'}
    type_ = type_of(parameter)
    value = examples.get(type_.dimension, "…") if isinstance(type_, types.Plain) else "…"
    operator = compared_with(parameter)
    return f"{operator} {value}" if operator else value
