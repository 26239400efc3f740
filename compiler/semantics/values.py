"""Whether an expression is what its place takes, and what it is in the IR."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlopsc.compiler.schema import types
from mlopsc.compiler.semantics import calls, messages_columns, messages_names, messages_types, python_code
from mlopsc.compiler.semantics.context import Context, DataView
from mlopsc.compiler.semantics.describing import describe
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.literals import value_of
from mlopsc.compiler.semantics.model import ColumnModel, names_in
from mlopsc.compiler.semantics.names import PERCENTILE, candidates, columns_named, is_constant, meanings, resolve
from mlopsc.compiler.semantics.slots import Slot, coerced, wrong_type
from mlopsc.compiler.semantics.spelling import ungrouped
from mlopsc.compiler.syntax import ast

if TYPE_CHECKING:
    from pydantic import JsonValue

_REFERENCE = re.compile(r".*\.py:.*", re.DOTALL)


def evaluate(node: ast.Expr, type_: types.Type, slot: Slot, context: Context) -> JsonValue:
    """What an expression is, in the encoding of the IR; raises Refused after a message when it does not fit.

    `slot` is what the value is for: it is named in messages, and its constraints are held.
    """
    context.expect(node, type_, candidates, type_, context)
    node = ungrouped(node)
    if isinstance(node, ast.Missing):
        raise Refused
    match type_:
        case types.OneOf(options=options):
            return evaluate(node, _chosen(node, options, slot, context), slot, context)
        case types.ListOf(item=item):
            return _list(node, item, slot, context)
        case types.FunctionOf() | types.ConstantOf():
            return calls.evaluate_call(node, (type_.family,), slot, context)
        case types.Plain() | types.LanguageVersion():
            return _plain(node, type_, slot, context)
        case types.PythonName() | types.FilePath() | types.EstimatorName() | types.SecretName():
            return python_code.evaluate_text(node, type_, slot, context)
    return _name(node, type_, slot, context)


def _plain(node: ast.Expr, type_: types.Type, slot: Slot, context: Context) -> JsonValue:
    is_text = isinstance(type_, types.Plain) and type_.dimension in ("text", "any")
    if isinstance(node, ast.Ref) and not is_text and not is_constant(node, context):
        expected = f"{slot.name} takes {describe(type_, context.program.registry)}"
        constants = context.home.scope.constants
        raise context.refused(messages_names.unknown_constant(context.at(node), node.text, constants, expected))
    value: JsonValue = coerced(value_of(node, context), node, type_, slot, context)
    return value


def _list(node: ast.Expr, item: types.Type, slot: Slot, context: Context) -> JsonValue:
    """A list, or a single value in its place."""
    if not isinstance(node, ast.ListOf):
        constant = _listed_constant(node, item, slot, context)
        found = constant if constant is not None else [evaluate(node, item, slot, context)]
        slot.hold_length(found, node, context)
        return found
    values: list[JsonValue] = []
    for one in node.items:
        try:
            values.append(evaluate(one, item, slot, context))
        except Refused:
            continue
    if len(values) < len(node.items):
        raise Refused
    slot.hold_length(values, node, context)
    return values


def _listed_constant(node: ast.Expr, item: types.Type, slot: Slot, context: Context) -> list[JsonValue] | None:
    """The items of a constant that is a list."""
    if not isinstance(node, ast.Ref) or not isinstance(item, types.Plain):
        return None
    value = value_of(node, context)
    if value.dimension != "list":
        return None
    return [coerced(one, node, item, slot, context) for one in value.content]


def _name(node: ast.Expr, type_: types.Type, slot: Slot, context: Context) -> JsonValue:
    if not isinstance(node, ast.Ref):
        raise _no_name(node, type_, slot, context)
    match type_:
        case types.NewName():
            return _new_name(node, slot, context)
        case types.ColumnRef():
            return _column(node, type_, slot, context)
    word = resolve(node, type_, context, slot.name).word
    if isinstance(type_, types.StageRef):
        context.trace.stages.append(word)
    return word


def _new_name(node: ast.Ref, slot: Slot, context: Context) -> JsonValue:
    if len(node.parts) > 1:
        raise context.refused(messages_types.no_new_name(context.at(node), slot.name, node.text))
    return node.text


def _no_name(node: ast.Expr, type_: types.Type, slot: Slot, context: Context) -> Refused:
    """Something else than a name; text that would be one is told to lose its quotes."""
    meant = ""
    if isinstance(node, ast.Quantity) and isinstance(type_, types.Percentile):
        number = node.text.removesuffix("%")
        meant = f"p{number}" if PERCENTILE.fullmatch(f"p{number}") else ""
    if isinstance(node, ast.Text) and node.plain:
        name = ast.Ref(node.span, tuple(ast.Name(node.span, part) for part in node.plain.split(".")))
        meant = node.plain if any(True for _ in meanings(name, type_, context)) else ""
    return wrong_type(node, type_, slot, context, meant=meant)


def _column(node: ast.Ref, type_: types.ColumnRef, slot: Slot, context: Context) -> JsonValue:
    """A column, of one of the types and none of the roles that are refused."""
    view = context.view
    if view is not None and view.data is None:
        raise Refused
    word = resolve(node, type_, context).word
    data, column = next((data, one) for data, one in columns_named(_unprefixed(node), context) if one.name == word)
    _hold_column(node, data, column, type_, slot, context)
    return word


def _unprefixed(node: ast.Ref) -> str:
    return node.text.removeprefix("column.")


def _hold_column(
    node: ast.Ref, data: DataView, column: ColumnModel, type_: types.ColumnRef, slot: Slot, context: Context
) -> None:
    word = str(column.type["function"])
    if word and type_.types and word not in type_.types:
        fitting = [name for name, one in data.columns.items() if one.type["function"] in type_.types]
        found = messages_columns.wrong_column_type(
            context.at(node), slot.name, column.name, word, type_.types, fitting, column.at
        )
        raise context.refused(found)
    for setting in type_.unnamed_by:
        if setting in data.settings and column.name in names_in(data.settings[setting]):
            at = context.at(node)
            raise context.refused(messages_columns.named_by_setting(at, slot.name, column.name, setting, column.at))
    if column.role in type_.without:
        found = messages_columns.wrong_role(context.at(node), slot.name, column.name, column.role or "", column.at)
        raise context.refused(found)


def _chosen(node: ast.Expr, options: tuple[types.Type, ...], slot: Slot, context: Context) -> types.Type:
    """Which of several types an expression is meant as, by its form; raises Refused if it can be none of them."""
    if isinstance(node, ast.Ref):
        return _chosen_for_name(node, options, context)
    fitting = [option for option in options if _fits_form(node, option, context)]
    if not fitting:
        raise wrong_type(node, types.OneOf(options), slot, context)
    return fitting[0]


def _chosen_for_name(node: ast.Ref, options: tuple[types.Type, ...], context: Context) -> types.Type:
    possible = [option for option in options if any(True for _ in meanings(node, option, context))]
    plain = [option for option in options if isinstance(option, types.Plain)]
    if len(possible) == 1 or (plain and not possible):
        return (possible or plain)[0]
    resolve(node, types.OneOf(options), context)  # raises where the name means nothing, or more than one thing
    return possible[0]


def _fits_form(node: ast.Expr, option: types.Type, context: Context) -> bool:
    """Whether an expression that is no name has the form of a type."""
    match option:
        case types.ListOf(item=item):
            return isinstance(node, ast.ListOf) or _fits_form(node, item, context)
        case types.FunctionOf() | types.ConstantOf():
            return isinstance(node, ast.Call)
        case types.PythonName():
            return isinstance(node, ast.Text) and bool(_REFERENCE.fullmatch(node.plain or ""))
        case types.FilePath() | types.EstimatorName():
            return isinstance(node, ast.Text)
        case types.Plain(dimension=dimension):
            return dimension == "any" or value_of(node, context).dimension == dimension
    return False
