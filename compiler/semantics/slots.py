"""What a value is for: its name in messages, and the constraints of its declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mlopsc.compiler.records import Record
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.schema.types import AtLeast, Rising, is_marked
from mlopsc.compiler.schema.values import Bytes, Duration, Money, Rate
from mlopsc.compiler.semantics import messages_ranges, messages_types
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.describing import describe, written
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.literals import value_of
from mlopsc.compiler.semantics.quantities import Value
from mlopsc.compiler.syntax import ast

_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_WORDS = {">=": "at least", ">": "above", "<=": "at most", "<": "below"}


class Slot(Record):
    """A place for a value; `name` is how messages call it (`` `model` ``, `` `lag` of `naive` ``)."""

    name: str
    parameter: Parameter | None = None

    @property
    def constraints(self) -> Mapping[str, Any]:
        """What must hold of the value, in pydantic's words."""
        return self.parameter.constraints if self.parameter else {}

    def hold(self, value: Value, node: ast.Expr, context: Context) -> None:
        """Raises Refused after a message if the value breaks a constraint."""
        match value.dimension:
            case "number" | "share":
                self._hold_range(value, node, context)
            case "text":
                self._hold_text(value.content, node, context)
            case "duration":
                is_positive = value.content > Duration()
                if self.parameter and is_marked(self.parameter, AtLeast) and not is_positive:
                    at = context.at(node)
                    raise context.refused(messages_ranges.not_positive(at, self.name, at.text))

    def hold_length(self, values: Sequence[object], node: ast.Expr, context: Context) -> None:
        """The same for the number of items of a list, and for their order."""
        fewest = self.constraints.get("min_length", 0)
        if len(values) < fewest:
            raise context.refused(messages_ranges.too_few(context.at(node), self.name, len(values), fewest))
        if self.parameter and is_marked(self.parameter, Rising):
            shares = [share for share in values if isinstance(share, int | float)]
            if shares != sorted(set(shares)) or shares[-1:] != [1]:
                raise context.refused(messages_ranges.not_rising(context.at(node), self.name))

    def _hold_range(self, value: Value, node: ast.Expr, context: Context) -> None:
        limits = {sign: self.constraints[key] for key, sign in _SIGNS.items() if key in self.constraints}
        broken = [sign for sign, limit in limits.items() if not _holds(value.content, sign, limit)]
        if broken:
            shown = [f"{_WORDS[sign]} {Value(value.dimension, limit)}" for sign, limit in limits.items()]
            at = context.at(node)
            raise context.refused(messages_ranges.out_of_range(at, self.name, str(value), " and ".join(shown)))

    def _hold_text(self, text: str, node: ast.Expr, context: Context) -> None:
        at, limits = context.at(node), self.constraints
        if len(text) < limits.get("min_length", 0) or len(text) > limits.get("max_length", len(text)):
            raise context.refused(messages_ranges.text_length(at, self.name, limits.get("max_length")))
        pattern = limits.get("pattern")
        if pattern and not re.search(pattern, text):
            description = self.parameter.description if self.parameter else ""
            raise context.refused(messages_ranges.malformed_text(at, self.name, text, description))


def _holds(number: float, sign: str, limit: float) -> bool:
    match sign:
        case ">=":
            return number >= limit
        case ">":
            return number > limit
        case "<=":
            return number <= limit
    return number < limit


def wrong_type(
    node: ast.Expr,
    type_: types.Type,
    slot: Slot,
    context: Context,
    *,
    meant: str = "",
    hint: str = "",
    safe: bool = True,
) -> Refused:
    """The message that a place takes something else; `meant` is what could be written instead."""
    expected, noun = describe(type_, context.program.registry), _noun(node, context)
    return context.refused(messages_types.wrong_type(context.at(node), slot.name, expected, noun, meant, hint, safe))


def _noun(node: ast.Expr, context: Context) -> str:
    if isinstance(node, ast.Quantity | ast.Signed | ast.Arithmetic | ast.Date | ast.Time):
        return value_of(node, context).noun
    return written(node)


_ACCEPTED = {
    "text": ("text",),
    "int": ("number",),
    "number": ("number",),
    "bool": ("bool",),
    "share": ("share",),
    "duration": ("duration",),
    "bytes": ("bytes",),
    "money": ("money",),
    "rate": ("rate",),
    "date": ("date",),
    "timestamp": ("timestamp", "date"),
    "time": ("time",),
    "any": ("text", "number", "bool", "share", "duration", "bytes", "money", "rate", "date", "timestamp", "time"),
}


def coerced(value: Value, node: ast.Expr, type_: types.Type, slot: Slot, context: Context) -> Any:
    """A value as a type takes it, in the encoding of the IR; raises Refused after a message when it does not fit."""
    dimension = type_.dimension if isinstance(type_, types.Plain) else "int"
    if value.is_secret:
        raise context.refused(messages_types.exposed_secret(context.at(node), slot.name, value.dimension == "call"))
    if dimension == "any" and value.dimension in ("list", "none"):
        items = value.content if value.dimension == "list" else ()
        return [coerced(item, node, type_, slot, context) for item in items] if items != () else value.json()
    if value.dimension not in _ACCEPTED[dimension]:
        raise _mismatch(value, node, type_, slot, context)
    if dimension == "int" and not float(value.content).is_integer():
        raise wrong_type(node, type_, slot, context)
    if isinstance(type_, types.LanguageVersion) and value.content > type_.latest:
        raise context.refused(messages_types.newer_language(context.at(node), value.content, type_.latest))
    slot.hold(value, node, context)
    return int(value.content) if dimension == "int" else value.json()


def _mismatch(value: Value, node: ast.Expr, type_: types.Type, slot: Slot, context: Context) -> Refused:
    if isinstance(node, ast.Ref):
        expected, at = describe(type_, context.program.registry), context.at(node)
        return context.refused(
            messages_types.wrong_constant(at, slot.name, expected, value.noun, str(value), _definition(node, context))
        )
    dimension = type_.dimension if isinstance(type_, types.Plain) else "int"
    text = context.at(node).text
    meant, hint = _meant(value, dimension, text), ""
    if value.dimension == "number" and dimension == "duration":
        hint = f"give the number its unit: `{text}s`, `{text}min`, `{text}h` or `{text}d`"
    is_safe = dimension != "rate" and value.content != 1
    return wrong_type(node, type_, slot, context, meant=meant, hint=hint, safe=is_safe)


def _definition(node: ast.Ref, context: Context) -> Any:
    return context.home.scope.constants[node.text.removeprefix("const.")].name_at


def _meant(value: Value, dimension: str, text: str) -> str:
    """What somebody probably wanted to write where a value of another dimension stands; empty if that is unclear."""
    match value.dimension, dimension:
        case "number", "share" if 0 < value.content <= 100:
            return str(Value("share", value.content if value.content < 1 else value.content / 100))
        case "share", "number":
            return str(Value("number", value.content))
        case "money", "rate":
            return f"{text} / 1mo"
        case "number" | "date" | "timestamp" | "time", "text":
            return f'"{text}"'
        case "text", _:
            return _unquoted(value.content, dimension)
    return ""


def _unquoted(text: str, dimension: str) -> str:
    if dimension == "bool":
        return text if text in ("true", "false") else ""
    readers = {"duration": Duration, "bytes": Bytes, "money": Money, "rate": Rate, "int": int, "number": float}
    reader: Any = readers.get(dimension)
    try:
        getattr(reader, "parse", reader)(text)
    except (ValueError, TypeError):
        return ""
    return text
