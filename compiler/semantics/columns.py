"""The columns of a schema: types, ranges, roles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from mlopsc.compiler.schema.declarations import ColumnType
from mlopsc.compiler.semantics import messages_columns as messages
from mlopsc.compiler.semantics.calls import evaluate_function
from mlopsc.compiler.semantics.clauses import evaluate_clauses
from mlopsc.compiler.semantics.context import Context, column_symbol
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.literals import value_of
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.model import ColumnModel, Settings
from mlopsc.compiler.semantics.names import function_symbol
from mlopsc.compiler.semantics.quantities import Value
from mlopsc.compiler.semantics.scopes import Placed
from mlopsc.compiler.syntax import ast

if TYPE_CHECKING:
    from pydantic import JsonValue

UNKNOWN: Settings = {"function": ""}
"""The type of a column whose type is a mistake: nothing more is said of it."""


def evaluate_columns(merged: Merged, context: Context) -> dict[str, ColumnModel]:
    """The columns that a data stage declares; those with mistakes too, with as much as is right."""
    return {name: _column(field, context.moved(field.home)) for name, field in merged.columns.items()}


def _column(placed: Placed[ast.Field], context: Context) -> ColumnModel:
    field = placed.node
    name, at = field.name.text, context.at(field)
    registry = context.program.registry
    type_ = _type(field, context)
    declared = registry.column_types.get(str(type_["function"]))
    low, high, values = _limits(field, declared, context) if declared else (None, None, None)
    clauses, _, _ = evaluate_clauses(field.clauses, registry.schema_field, context)
    role, missing = clauses.get("role"), clauses.get("missing", 0.0)
    _hold_role(field, role, type_, context)
    share = float(cast(float, missing))
    column = ColumnModel(name, type_, low, high, values, str(role) if role else None, share, at)
    context.use(field.name, column_symbol(context.view.name if context.view else "", column))
    return column


def _hold_role(field: ast.Field, role: JsonValue, type_: Settings, context: Context) -> None:
    """A weight is a number, the time of a label a time."""
    wanted = context.program.registry.schema_field.role_types.get(str(role))
    word = str(type_["function"])
    if wanted and word and word not in wanted:
        at = context.at(field.type)
        context.report(messages.role_of_another_type(at, field.name.text, str(role), word, wanted))


def _type(field: ast.Field, context: Context) -> Settings:
    node = field.type
    if isinstance(node, ast.Missing):
        return UNKNOWN
    callee, arguments = (node.callee, node.arguments) if isinstance(node, ast.Call) else (node, ())
    known = context.program.registry.column_types
    declared = known.get(callee.text)
    if declared is None:
        context.report(messages.unknown_type(context.at(callee), callee.text, known))
        return UNKNOWN
    context.use(callee, function_symbol(declared))
    try:
        return evaluate_function(node, arguments, declared, context)
    except Refused:
        return UNKNOWN


Limits = tuple[float | None, float | None, tuple["JsonValue", ...] | None]


def _limits(field: ast.Field, declared: type[ColumnType], context: Context) -> Limits:
    """The range or the values after `in`."""
    if field.within is None:
        return None, None, None
    try:
        value = value_of(field.within, context)
        match value.dimension:
            case "range":
                low, high = _range(field, value, declared, context)
                return low, high, None
            case "list":
                return None, None, _listed(field, value, declared, context)
        raise context.refused(messages.no_range(context.at(field.within), field.name.text))
    except Refused:
        return None, None, None


def _range(
    field: ast.Field, value: Value, declared: type[ColumnType], context: Context
) -> tuple[float | None, float | None]:
    assert field.within is not None
    at, name = context.at(field.within), field.name.text
    if not declared.ordered:
        raise context.refused(messages.range_of_unordered(at, name, declared.word))
    low, high = (_bound(end, declared, field, context) for end in value.content)
    if low is not None and high is not None and low > high:
        raise context.refused(messages.reversed_range(at, name, str(value.content[0]), str(value.content[1])))
    return low, high


def _bound(end: Value | None, declared: type[ColumnType], field: ast.Field, context: Context) -> float | None:
    """One end of a range, as a number; those of times are seconds on the clock of the data."""
    if end is None:
        return None
    is_number = end.dimension in ("number", "share")
    is_whole = is_number and float(end.content).is_integer()
    is_date = end.dimension == "date" or (end.dimension == "timestamp" and not _has_zone(end.content))
    match declared.task:
        case None if is_date:
            return datetime.fromisoformat(end.content).replace(tzinfo=UTC).timestamp()
        case "regression" if is_number and (is_whole or not declared.is_whole):
            number: float = end.content
            return number
    assert field.within is not None
    noun = "a fraction" if is_number and declared.is_whole else end.noun
    raise context.refused(messages.unfit_bound(context.at(field.within), field.name.text, declared.word, noun))


def _has_zone(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def _listed(field: ast.Field, value: Value, declared: type[ColumnType], context: Context) -> tuple[JsonValue, ...]:
    assert field.within is not None
    at, name = context.at(field.within), field.name.text
    if not declared.lists:
        raise context.refused(messages.no_list(at, name, declared.word))
    fitting = [item for item in value.content if item.dimension in declared.lists and not item.is_secret]
    if len(fitting) < len(value.content):
        raise context.refused(messages.unfit_values(at, name, declared.word))
    texts = [str(item) for item in fitting]
    twice = next((text for text in texts if texts.count(text) > 1), None)
    if twice is not None or not texts:
        raise context.refused(messages.repeated_value(at, name, twice or ""))
    return tuple(item.json() for item in fitting)
