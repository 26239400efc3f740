"""What a name means: the type that is expected says where it is looked up, and a prefix (`stage.quality`) says more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlopsc.compiler.records import Record
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.semantics import messages_columns, messages_names, messages_types
from mlopsc.compiler.semantics.context import Context, DataView, column_symbol
from mlopsc.compiler.semantics.describing import article, describe
from mlopsc.compiler.semantics.findings import Refused
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.model import ColumnModel
from mlopsc.compiler.semantics.scopes import ConstantDefinition
from mlopsc.compiler.syntax import ast

PREFIXES = frozenset(list(Namespace)[:9])
"""The namespaces that can be written before a name."""

NOUNS = {Namespace.CONSTANT: "constant", Namespace.SYMBOL: "word"}

PERCENTILE = re.compile(r"p([1-9]\d?|9\d{2,})")
"""`p1` to `p99`; more digits are decimals: `p999` is 99.9%. Those begin with 9, as `p100` would be taken for all."""


class Meaning(Record):
    """One thing that a name could mean: what it is, and what it is in the IR."""

    symbol: Symbol
    word: str


def split_prefix(ref: ast.Ref) -> tuple[Namespace | None, str]:
    """The namespace that a name says itself, and the rest of the name."""
    first = ref.parts[0]
    if len(ref.parts) > 1 and not first.quoted and first.text in PREFIXES:
        return Namespace(first.text), ".".join(part.text for part in ref.parts[1:])
    return None, ref.text


def constant_named(ref: ast.Ref, context: Context) -> ConstantDefinition:
    """The constant that a name means; raises Refused where there is none."""
    prefix, name = split_prefix(ref)
    found = context.home.scope.constants.get(name) if prefix in (None, Namespace.CONSTANT) else None
    if found is None:
        known = context.home.scope.constants
        raise context.refused(messages_names.unknown_constant(context.at(ref), name, known, ""))
    context.use(ref, found.symbol)
    return found


def is_constant(ref: ast.Ref, context: Context) -> bool:
    """Whether a name is that of a constant."""
    prefix, name = split_prefix(ref)
    return prefix in (None, Namespace.CONSTANT) and name in context.home.scope.constants


def meanings(ref: ast.Ref, type_: types.Type, context: Context) -> Iterator[Meaning]:
    """What a name could mean where a type is expected."""
    prefix, name = split_prefix(ref)
    match type_:
        case types.OneOf(options=options):
            for option in options:
                yield from meanings(ref, option, context)
        case types.ListOf(item=item):
            yield from meanings(ref, item, context)
        case _ if prefix not in (None, namespace_of(type_)):
            return
        case types.StageRef(kinds=kinds):
            block = context.home.scope.find(Namespace.STAGE, name)
            if block is not None and block.kind.word in kinds:
                yield Meaning(block.symbol, block.name)
        case types.EnvironmentRef():
            block = context.home.scope.find(Namespace.ENVIRONMENT, name)
            if block is not None:
                yield Meaning(block.symbol, block.name)
        case types.ColumnRef():
            yield from (Meaning(column_symbol(data.stage, one), one.name) for data, one in columns_named(name, context))
        case types.SplitRef():
            yield from (Meaning(symbol, symbol.name) for symbol in splits(context) if symbol.name == name)
        case types.Symbol(words=words):
            if name in words:
                yield Meaning(Symbol(Namespace.SYMBOL, name), name)
        case types.Percentile():
            if PERCENTILE.fullmatch(name):
                yield Meaning(Symbol(Namespace.SYMBOL, name), name)
        case types.FunctionOf(family=family) | types.ConstantOf(family=family):
            yield from _callable(name, family, prefix, context)


def _callable(name: str, family: type[Function], prefix: Namespace | None, context: Context) -> Iterator[Meaning]:
    function = context.program.registry.function(name, (family,))
    if function is not None and prefix is not Namespace.CONSTANT:
        yield Meaning(function_symbol(function), name)
    constant = context.home.scope.constants.get(name)
    if constant is not None and prefix is not Namespace.FUNCTION:
        yield Meaning(constant.symbol, name)


def function_symbol(function: type[Function]) -> Symbol:
    """A function of the language, for editors."""
    return Symbol(Namespace.FUNCTION, function.word, "", None, function, function.family)


def namespace_of(type_: types.Type) -> Namespace | None:
    """Where names of a type are looked up."""
    match type_:
        case types.StageRef():
            return Namespace.STAGE
        case types.EnvironmentRef():
            return Namespace.ENVIRONMENT
        case types.ColumnRef():
            return Namespace.COLUMN
        case types.SplitRef():
            return Namespace.SPLIT
        case types.Symbol() | types.Percentile():
            return Namespace.SYMBOL
        case types.FunctionOf():
            return Namespace.FUNCTION
    return Namespace.CONSTANT


def columns_named(name: str, context: Context) -> list[tuple[DataView, ColumnModel]]:
    """The columns of that name in the data stages that the block leads to; `rides.day` is that of one of them."""
    found = []
    for data in (context.view.data if context.view else None) or ():
        column = data.columns.get(name.removeprefix(f"{data.stage}."))
        if column is not None:
            found.append((data, column))
    return found


def splits(context: Context) -> list[Symbol]:
    """The splits that a metric of the block can be computed on."""
    view = context.view
    own = getattr(view.kind, "splits", ()) if view else ()
    if own:
        return [Symbol(Namespace.SPLIT, name, "", None, None, "rows with labels, in production") for name in own]
    data = view.only_data if view else None
    if data is None or data.splits is None:
        return []
    return [Symbol(Namespace.SPLIT, name, data.stage, None, None, f"split of {data.stage}") for name in data.splits]


def resolve(ref: ast.Ref, type_: types.Type, context: Context, place: str = "") -> Meaning:
    """The one thing that a name means; raises Refused after a message when there is none, or more than one.

    `place` is what it is for, as messages call it.
    """
    found = list({one.symbol: one for one in meanings(ref, type_, context)}.values())
    if len(found) == 1:
        context.use(ref, found[0].symbol)
        return found[0]
    if len(found) > 1:
        raise context.refused(messages_names.ambiguous_name(context.at(ref), ref.text, [one.symbol for one in found]))
    raise _unknown(ref, type_, context, place)


def _unknown(ref: ast.Ref, type_: types.Type, context: Context, place: str) -> Refused:
    """There is nothing of that name: what is said depends on what was expected."""
    prefix, name = split_prefix(ref)
    at = context.at(ref)
    if prefix is not None and prefix not in {namespace_of(one) for one in leaves(type_)}:
        expected, noun = describe(type_, context.program.registry), f"the name of {article(NOUNS.get(prefix, prefix))}"
        return context.refused(messages_types.wrong_type(at, place or "this", expected, noun, "", "", safe=False))
    match _leaf(type_):
        case types.StageRef(kinds=kinds):
            return _unknown_stage(name, ref, kinds, context)
        case types.EnvironmentRef():
            known = list(context.home.scope.blocks[Namespace.ENVIRONMENT])
            return context.refused(messages_names.unknown_environment(at, name, known))
        case types.ColumnRef():
            return unknown_column(ref, context)
        case types.SplitRef():
            return _unknown_split(name, ref, context)
        case types.Symbol(words=words):
            return context.refused(messages_names.unknown_symbol(at, name, words, place or "this"))
        case types.Percentile():
            return context.refused(messages_names.unknown_percentile(at, name))
    if any(isinstance(one, types.ColumnRef) for one in leaves(type_)) and columns_are_hidden(context):
        return Refused()
    known = list(dict.fromkeys(symbol.name for symbol in candidates(type_, context)))
    nouns = dict.fromkeys(_noun(one) for one in leaves(type_))
    return context.refused(messages_names.unknown_name(at, name, list(nouns), known))


def _noun(type_: types.Type) -> str:
    """What a name of a type is the name of."""
    match type_:
        case types.FunctionOf(family=family) | types.ConstantOf(family=family):
            return str(family.family)
        case types.ColumnRef():
            return "column"
        case types.StageRef():
            return "stage"
        case types.Symbol():
            return "word"
    return "constant"


def _leaf(type_: types.Type) -> types.Type:
    return _leaf(type_.item) if isinstance(type_, types.ListOf) else type_


def leaves(type_: types.Type) -> Iterator[types.Type]:
    """The types that a value of a type is made of."""
    match type_:
        case types.OneOf(options=options):
            for option in options:
                yield from leaves(option)
        case types.ListOf(item=item):
            yield from leaves(item)
        case other:
            yield other


def columns_are_hidden(context: Context) -> bool:
    """Whether mistakes elsewhere keep it from being known which columns there are."""
    view = context.view
    return view is not None and (view.data is None or not all(data.is_complete for data in view.data))


def _unknown_stage(name: str, ref: ast.Ref, kinds: tuple[str, ...], context: Context) -> Refused:
    scope, at = context.home.scope, context.at(ref)
    if name in scope.poisoned:
        return Refused()
    stages = scope.blocks[Namespace.STAGE]
    known = [word for word, one in stages.items() if one.kind.word in kinds]
    other = stages.get(name)
    if other is not None:
        context.use(ref, other.symbol)
        return context.refused(messages_names.wrong_kind(at, name, other.kind.word, kinds, known, other.name_at))
    return context.refused(messages_names.unknown_stage(at, name, kinds, known))


def unknown_column(ref: ast.Ref, context: Context) -> Refused:
    """There is no such column; says nothing where mistakes have hidden what columns there are."""
    view, at, (_, name) = context.view, context.at(ref), split_prefix(ref)
    if view is None:
        return context.refused(messages_columns.no_columns(at, name, "constant"))
    if view.data is None or columns_are_hidden(context):
        return Refused()
    if not view.data:
        return context.refused(messages_columns.no_columns(at, name, view.kind.word))
    known = [column for data in view.data for column in data.columns]
    stages = [(data.stage, data.at) for data in view.data]
    return context.refused(messages_columns.unknown_column(at, name, known, stages))


def _unknown_split(name: str, ref: ast.Ref, context: Context) -> Refused:
    view, at = context.view, context.at(ref)
    if view is None:
        return context.refused(messages_names.split_elsewhere(at, name, (), "constant"))
    own = getattr(view.kind, "splits", ())
    if own:
        return context.refused(messages_names.split_elsewhere(at, name, own, view.kind.word))
    data = view.only_data
    if data is None or data.splits is None:
        return Refused()
    found = messages_names.unknown_split(at, name, list(data.splits), data.stage)
    if not data.splits:
        context.findings.report_once(f"{data.stage} lacks split", found)
        return Refused()
    return context.refused(found)


def candidates(type_: types.Type, context: Context) -> Iterator[Symbol]:
    """Everything that could be written where a type is expected, for editors and for did-you-mean."""
    scope, registry = context.home.scope, context.program.registry
    match type_:
        case types.OneOf(options=options):
            for option in options:
                yield from candidates(option, context)
        case types.ListOf(item=item):
            yield from candidates(item, context)
        case types.StageRef(kinds=kinds):
            yield from (one.symbol for one in scope.blocks[Namespace.STAGE].values() if one.kind.word in kinds)
        case types.EnvironmentRef():
            yield from (one.symbol for one in scope.blocks[Namespace.ENVIRONMENT].values())
        case types.ColumnRef(types=wanted):
            for data in (context.view.data if context.view else None) or ():
                fitting = (one for one in data.columns.values() if not wanted or one.type["function"] in wanted)
                yield from (column_symbol(data.stage, one) for one in fitting)
        case types.SplitRef():
            yield from splits(context)
        case types.Symbol(words=words):
            yield from (Symbol(Namespace.SYMBOL, word) for word in words)
        case types.Percentile():
            yield from (Symbol(Namespace.SYMBOL, word) for word in ("p50", "p90", "p95", "p99"))
        case types.FunctionOf(family=family) | types.ConstantOf(family=family):
            yield from (function_symbol(one) for one in registry.functions_of(family).values())
            yield from (one.symbol for one in scope.constants.values() if isinstance(one.setting.value, ast.Call))
        case types.EstimatorName():
            yield from (Symbol(Namespace.PYTHON, name, "sklearn") for name in context.program.project.estimators())
        case types.Plain():
            yield from (one.symbol for one in scope.constants.values() if not isinstance(one.setting.value, ast.Call))
