"""Finds the calls of functions inside a value of the IR, with the declarations that they are calls of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Declaration, Function
from mlopsc.compiler.schema.registry import Registry

Call = tuple[type[Function], Mapping[str, Any]]
"""What is called, and the call: `{"function": "csv", "path": …}`."""


def calls_of(value: object, type_: types.Type, registry: Registry) -> Iterator[Call]:
    """Every call in a value of that type, outer ones first."""
    match type_, value:
        case ((types.FunctionOf(family=family) | types.ConstantOf(family=family)), {"function": str(word)}):
            yield from call_of(value, word, (family,), registry)
        case types.ListOf(item=item), list() | tuple():
            for one in value:
                yield from calls_of(one, item, registry)
        case types.ListOf(item=item), dict():
            yield from calls_of(value, item, registry)
        case types.OneOf(options=options), _:
            yield from next((found for option in options if (found := [*calls_of(value, option, registry)])), ())


def call_of(value: Any, word: str, families: Iterable[type[Function]], registry: Registry) -> Iterator[Call]:
    """The call itself, and those in its arguments; nothing when no family has a function of that name."""
    declaration = registry.function(word, families)
    if declaration is not None:
        yield declaration, value
        for _, call in argument_calls(declaration, value, registry):
            yield call


def argument_calls(
    declaration: type[Declaration], values: Mapping[str, Any], registry: Registry
) -> Iterator[tuple[str, Call]]:
    """Every call in settings, arguments or clauses, with the word of the one it stands in."""
    for word, parameter in declaration.accepts().items():
        if word in values:
            for call in calls_of(values[word], types.type_of(parameter), registry):
                yield word, call
