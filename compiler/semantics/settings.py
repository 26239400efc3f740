"""The settings of a block: whether each is what its declaration takes, and whether those that are needed are there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Block, Function
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.schema.types import Written, is_marked, rest_of, type_of
from mlopsc.compiler.semantics import messages_stages as messages
from mlopsc.compiler.semantics import values
from mlopsc.compiler.semantics.bodies import LANGUAGE_SETTINGS, setting_symbol, verb_symbol
from mlopsc.compiler.semantics.context import Context
from mlopsc.compiler.semantics.describing import describe
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.index import Symbol
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.model import SettingModel
from mlopsc.compiler.semantics.names import candidates
from mlopsc.compiler.semantics.scopes import Placed
from mlopsc.compiler.semantics.slots import Slot
from mlopsc.compiler.syntax import ast


def evaluate_settings(merged: Merged, context: Context) -> dict[str, SettingModel]:
    """The settings that are written and right; they are known to the context's view as soon as they are checked."""
    assert context.view is not None
    kind = context.view.kind
    found = context.view.settings
    later = {word for word, parameter in kind.accepts().items() if _is_about_another(parameter.annotation)}
    ordered = sorted(merged.settings.items(), key=lambda item: item[0] in later)
    for name, placed in ordered:
        parameter = kind.accepts().get(name)
        if parameter is not None:
            model = _setting(name, parameter, placed, context.moved(placed.home))
            if model is not None:
                found[name] = model
    return {name: found[name] for name in merged.settings if name in found}


@cache
def _is_about_another(annotation: Any) -> bool:
    """Whether a setting holds values for another setting's parameters, which must be checked before it."""
    type_ = types.from_annotation(annotation)
    if not isinstance(type_, types.FunctionOf):
        return False
    members: Iterator[type[Function]] = type_.family.members()
    return any((rest := rest_of(one.accepts().items())) and rest[1].setting for one in members)


def _setting(name: str, parameter: Parameter, placed: Placed[ast.Setting], context: Context) -> SettingModel | None:
    setting = placed.node
    if is_marked(parameter, Written):
        context = context.changed(is_output=True)
    try:
        value = values.evaluate(setting.value, type_of(parameter), Slot(f"`{name}`", parameter), context)
    except Refused:
        _remember_name(name, setting.value, context)
        return None
    return SettingModel(name, value, context.at(setting), context.at(setting.value))


def _remember_name(setting: str, node: ast.Expr, context: Context) -> None:
    """Which estimator or class a call with mistakes names, so that a search of its parameters can be checked."""
    match node:
        case ast.Call(callee=callee, arguments=(ast.Argument(name=None, value=ast.Text(plain=str() as name)), *_)):
            if context.view is not None:
                context.view.mistaken[setting] = {"function": callee.text, "name": name}


def require_settings(merged: Merged, context: Context) -> None:
    """Report, in one message, the settings that must be written and are not."""
    if merged.is_damaged or merged.is_abstract:
        return
    definition = merged.definition
    needed = [word for word, one in definition.kind.accepts().items() if one.is_required]
    missing = [(word, *_offer(word, definition.kind, context)) for word in needed if word not in merged.written]
    if missing:
        place = definition.home.at(definition.block)
        context.report(messages.missing_settings(merged.header_at, place, definition.kind.word, merged.name, missing))


def _offer(word: str, kind: type[Block], context: Context) -> tuple[str, str]:
    """What a setting takes in words, and the one name that it could be, if there is only one."""
    type_ = type_of(kind.accepts()[word])
    names: list[str] = []
    if isinstance(type_, types.StageRef | types.EnvironmentRef):
        names = [symbol.name for symbol in candidates(type_, context)]
    return describe(type_, context.program.registry), names[0] if len(names) == 1 else ""


def item_symbols(kind: type[Block], context: Context) -> Iterator[Symbol]:
    """What may be written in a block, for editors: settings and rules."""
    for word in (*kind.accepts(), *LANGUAGE_SETTINGS):
        yield setting_symbol(kind, word)
    for verb in context.program.registry.verbs_of(kind.word).values():
        yield verb_symbol(verb, kind.word)
