"""Arguments that a function collects: columns, parameters of an estimator or of a class, values for a search to try."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from mlopsc.compiler.records import Record
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.schema.types import Rest, type_of
from mlopsc.compiler.semantics import messages_code as messages
from mlopsc.compiler.semantics import values
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.project import PythonSignature
from mlopsc.compiler.semantics.slots import Slot
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location

if TYPE_CHECKING:
    from pydantic import JsonValue

ANY = types.Plain("any")
PLAIN_ANNOTATIONS: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "None": (type(None),),
}


class Accepted(Record):
    """What an estimator or a class takes by name: `types` in words; with `is_open`, anything else too."""

    owner: str
    types: Mapping[str, str]
    is_open: bool
    estimator: str = ""


def evaluate_rest(
    rest: Rest,
    arguments: tuple[ast.Argument, ...],
    parameter: Parameter,
    found: Mapping[str, JsonValue],
    slot: Slot,
    context: Context,
) -> JsonValue:
    """The collected arguments of a call, of which `found` are the others; raises Refused after all messages."""
    if rest.of == "positional":
        return _positional(arguments, type_of(parameter), slot, context)
    accepted = _accepted(rest, found, context)
    collected: dict[str, JsonValue] = {}
    for argument in arguments:
        assert argument.name is not None
        try:
            collected[argument.name.text] = _one(rest, argument.name, argument.value, accepted, context)
        except Refused:
            continue
    if len(collected) < len(arguments):
        raise Refused
    return collected


def _positional(
    arguments: tuple[ast.Argument, ...], type_: types.Type, slot: Slot, context: Context
) -> list[JsonValue]:
    item = type_.item if isinstance(type_, types.ListOf) else type_
    found: list[JsonValue] = []
    for argument in arguments:
        try:
            found.append(values.evaluate(argument.value, item, slot, context))
        except Refused:
            continue
    if len(found) < len(arguments):
        raise Refused
    return found


def _one(rest: Rest, name: ast.Name, node: ast.Expr, accepted: Accepted | None, context: Context) -> JsonValue:
    """One parameter by name: is there such a one, and does it take the value?"""
    if accepted is not None:
        _hold_name(name, accepted, is_tried=rest.of == "grid", context=context)
    slot = Slot(f"`{name.text}`")
    if rest.of == "grid":
        return _tried(rest, name, node, accepted, slot, context)
    value = values.evaluate(node, ANY, slot, context)
    if accepted is not None:
        hold_value(name.text, value, node, accepted, context)
    return value


def _hold_name(name: ast.Name, accepted: Accepted, *, is_tried: bool, context: Context) -> None:
    word = name.text
    documentation = accepted.types.get(word)
    if documentation is not None:
        context.use(name, Symbol(Namespace.PARAMETER, word, accepted.owner, None, None, documentation))
    elif not accepted.is_open and word.split("__")[0] not in accepted.types:
        raise context.refused(
            messages.unknown_estimator_parameter(context.at(name), word, accepted.owner, accepted.types, is_tried)
        )


def hold_value(word: str, value: JsonValue, node: ast.Expr, accepted: Accepted, context: Context) -> None:
    """Raises Refused after a message when a parameter does not take a value."""
    if accepted.estimator:
        fits = context.program.project.accepts(accepted.estimator, word, value)
    else:
        fits = fits_annotation(value, accepted.types.get(word, "").strip("`"))
    if not fits:
        at, expected = context.at(node), accepted.types[word]
        raise context.refused(messages.unfit_parameter(at, word, accepted.owner, expected, _closest(value, expected)))


def _closest(value: JsonValue, expected: str) -> str:
    """The quoted word in a description that a text is closest to."""
    words = expected.split('"')[1::2]
    close = get_close_matches(value, words, n=1) if isinstance(value, str) else []
    return f'"{close[0]}"' if close else ""


def _tried(
    rest: Rest, name: ast.Name, node: ast.Expr, accepted: Accepted | None, slot: Slot, context: Context
) -> JsonValue:
    """The values that a search tries: a list, or a range where it draws at random."""
    if rest.ranges and isinstance(node, ast.Range):
        return _drawn(node, slot, context)
    if not isinstance(node, ast.ListOf | ast.Ref):
        values.evaluate(node, ANY, slot, context)
        raise context.refused(messages.not_listed(context.at(node), name.text, rest.ranges))
    value = values.evaluate(node, ANY, slot, context)
    if not isinstance(value, list) or not value:
        raise context.refused(messages.not_listed(context.at(node), name.text, rest.ranges))
    nodes: Iterable[ast.Expr] = node.items if isinstance(node, ast.ListOf) else [node] * len(value)
    for one, item in zip(nodes, value, strict=True):
        if accepted is not None:
            hold_value(name.text, item, one, accepted, context)
    return value


def _drawn(node: ast.Range, slot: Slot, context: Context) -> JsonValue:
    if node.low is None or node.high is None:
        raise context.refused(messages.open_range(context.at(node), slot.name))
    number = types.Plain("number")
    low = values.evaluate(node.low, number, slot, context)
    high = values.evaluate(node.high, number, slot, context)
    if isinstance(low, int | float) and isinstance(high, int | float) and low >= high:
        raise context.refused(messages.empty_range(context.at(node), slot.name))
    return {"low": low, "high": high}


def _accepted(rest: Rest, found: Mapping[str, JsonValue], context: Context) -> Accepted | None:
    """What may be named, as far as that is known: by the call itself, or by the setting whose values are searched."""
    if rest.of != "grid":
        return _accepted_by(found, is_estimator=rest.of == "estimator", context=context)
    view = context.view
    setting = view.settings.get(rest.setting) if view else None
    call = setting.value if setting else view.mistaken.get(rest.setting) if view else None
    if not isinstance(call, dict):
        return None
    return _accepted_by(call, is_estimator=".py:" not in str(call.get("name", "")), context=context)


def _accepted_by(found: Mapping[str, JsonValue], *, is_estimator: bool, context: Context) -> Accepted | None:
    name = str(found.get("name", ""))
    if is_estimator:
        info = context.program.project.estimator(name)
        if info is None:
            return None
        described = {word: one.type for word, one in info.parameters.items()}
        return Accepted(name.rpartition(".")[2], described, is_open=False, estimator=name)
    signature = context.program.project.signature(name) if name else None
    return of_signature(signature) if isinstance(signature, PythonSignature) else None


def of_signature(signature: PythonSignature) -> Accepted:
    """What a class or function of the project takes by name."""
    named = [one for one in signature.parameters if one.kind in ("positional", "keyword")]
    return Accepted(
        signature.name,
        {one.name: f"`{one.annotation}`" if one.annotation else "" for one in named},
        is_open=any(one.kind == "keywords" for one in signature.parameters),
    )


def hold_required(call: Mapping[str, JsonValue], rest: str, at: Location, context: Context) -> None:
    """Raises Refused after a message when a class is not given what its constructor needs.

    What a search of the same stage may supply is not asked for.
    """
    view = context.view
    kind = view.kind if view else None
    if view is not None and kind is not None and getattr(kind, "objective_for", "") in view.written:
        return
    name, given = str(call.get("name", "")), call.get(rest)
    signature = context.program.project.signature(name) if name else None
    if not isinstance(signature, PythonSignature):
        return
    named = [one for one in signature.parameters if one.kind in ("positional", "keyword") and one.default is None]
    missing = [one.name for one in named if not isinstance(given, dict) or one.name not in given]
    if missing:
        raise context.refused(messages.missing_parameters(at, signature.name, missing, signature.path, signature.line))


def fits_annotation(value: JsonValue, annotation: str) -> bool:
    """Whether a value is what a plain annotation such as `int | None` says; other annotations take anything."""
    names = [part.strip() for part in annotation.removeprefix("Optional[").removesuffix("]").split("|")]
    if annotation.startswith("Optional["):
        names.append("None")
    if not annotation or any(name not in PLAIN_ANNOTATIONS for name in names):
        return True
    if isinstance(value, bool):
        return "bool" in names
    return any(isinstance(value, PLAIN_ANNOTATIONS[name]) for name in names)
