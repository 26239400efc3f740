"""What expressions of literals, constants and arithmetic come to, whoever asks."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Label
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.schema.types import SecretName, type_of
from mlopsc.compiler.semantics import messages_graph, messages_units
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.describing import written
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.names import constant_named
from mlopsc.compiler.semantics.quantities import (
    UnitError,
    UnknownUnit,
    Value,
    computed,
    negated,
    quantity,
    units,
)
from mlopsc.compiler.semantics.scopes import ConstantDefinition
from mlopsc.compiler.syntax import ast


def value_of(node: ast.Expr, context: Context) -> Value:
    """The value of an expression; a call is a value of the dimension `call`, logic one of `logic`.

    Raises Refused where a mistake has been reported.
    """
    match node:
        case ast.Group(inner=inner):
            return value_of(inner, context)
        case ast.Quantity():
            return _quantity(node, context)
        case ast.Ref():
            return constant_value(node, context)
        case ast.Text():
            return _text(node, context)
        case ast.Boolean(value=value):
            return Value("bool", value)
        case ast.Nothing():
            return Value("none", None)
        case ast.Date(text=text):
            return Value("timestamp" if "T" in text else "date", text)
        case ast.Time(text=text):
            return Value("time", text)
        case ast.Missing():
            raise Refused
    return _compound(node, context)


def _compound(node: ast.Expr, context: Context) -> Value:
    match node:
        case ast.Signed(sign=sign, operand=operand):
            return _signed(node, sign, operand, context)
        case ast.Arithmetic():
            return _arithmetic(node, context)
        case ast.ListOf(items=items):
            return Value("list", values_of(items, context))
        case ast.Range(low=low, high=high):
            ends = values_of([end for end in (low, high) if end is not None], context)
            return Value("range", (ends[0] if low else None, ends[-1] if high else None))
        case ast.Call(callee=callee):
            return Value("call", (node, context.home), is_secret_call(callee, context.program.registry))
    return Value("logic", written(node))


def values_of(nodes: list[ast.Expr] | tuple[ast.Expr, ...], context: Context) -> tuple[Value, ...]:
    """The values of several expressions; every mistake in them is reported before Refused is raised."""
    found: list[Value] = []
    for node in nodes:
        try:
            found.append(value_of(node, context))
        except Refused:
            continue
    if len(found) < len(nodes):
        raise Refused
    return tuple(found)


def is_secret_call(callee: ast.Ref, registry: Registry) -> bool:
    """Whether a call of that name stands for a secret."""
    return callee.text in secret_words(registry)


def secret_words(registry: Registry) -> set[str]:
    """The functions that stand for a secret: those that take its name."""
    return {
        one.word
        for one in registry.functions
        if any(isinstance(type_of(parameter), SecretName) for parameter in one.accepts().values())
    }


def _quantity(node: ast.Quantity, context: Context) -> Value:
    try:
        return quantity(node.value, node.unit)
    except UnknownUnit:
        raise context.refused(messages_units.unknown_unit(context.at(node), node.text, node.unit, units())) from None
    except UnitError as error:
        raise context.refused(messages_units.unit_mismatch(context.at(node), error.fact, error.hint)) from None


def _signed(node: ast.Signed, sign: str, operand: ast.Expr, context: Context) -> Value:
    value = value_of(operand, context)
    try:
        return value if sign == "+" else negated(value)
    except UnitError as error:
        raise context.refused(messages_units.unit_mismatch(context.at(node), error.fact, error.hint)) from None


def _arithmetic(node: ast.Arithmetic, context: Context) -> Value:
    left, right = values_of((node.left, node.right), context)
    return arithmetic(node, left, right, context)


def arithmetic(node: ast.Arithmetic, left: Value, right: Value, context: Context) -> Value:
    """`left operator right` for values that are known; raises Refused where the units do not go together."""
    try:
        return computed(node.operator, left, right)
    except UnitError as error:
        at = context.at(node.operator_span)
        sides = [(node.left, left), (node.right, right)] if left.dimension != right.dimension else []
        related = tuple(Label(context.at(side), value.noun) for side, value in sides)
        raise context.refused(messages_units.unit_mismatch(at, error.fact, error.hint, related)) from None


def _text(node: ast.Text, context: Context) -> Value:
    pieces: list[str] = []
    is_secret = False
    for part in node.parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        value = constant_value(part.ref, context)
        if value.dimension in ("list", "range", "call", "logic", "none") and not value.is_secret:
            raise context.refused(messages_units.not_in_text(context.at(part), part.ref.text, value.noun))
        is_secret = is_secret or value.is_secret
        pieces.append(value.content if value.dimension == "text" else str(value))
    return Value("text", "".join(pieces), is_secret)


def constant_value(ref: ast.Ref, context: Context) -> Value:
    """The value of the constant that a name means; raises Refused where there is none."""
    return value_of_constant(constant_named(ref, context), context)


def value_of_constant(constant: ConstantDefinition, context: Context) -> Value:
    """The value of a constant, which is found once; raises Refused where it has none."""
    program = context.program
    known = program.values.get(constant)
    if known is not None:
        return known
    if constant in program.failed:
        raise Refused
    if constant in program.pending:
        _report_circle(program.pending[program.pending.index(constant) :], context)
        raise Refused
    program.pending.append(constant)
    try:
        value = value_of(constant.setting.value, context.changed(home=constant.home, view=None))
    except Refused:
        program.failed.add(constant)
        raise
    finally:
        program.pending.pop()
    program.values[constant] = value
    return value


def _report_circle(circle: list[ConstantDefinition], context: Context) -> None:
    after = [*circle[1:], circle[0]]
    steps = [Label(one.name_at, f"`{one.name}` needs `{two.name}`") for one, two in zip(circle, after, strict=True)]
    context.report(messages_graph.constant_circle(steps))
