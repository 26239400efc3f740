"""The words of the language as highlighters need them: by what they are, whatever block they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mlopsc.compiler.render.forms import FORMS
from mlopsc.compiler.schema.declarations import ColumnType, Function
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.schema.types import ListOf, OneOf, Symbol, Type, type_of
from mlopsc.compiler.semantics.bodies import LANGUAGE_SETTINGS
from mlopsc.compiler.semantics.quantities import units


class Words(NamedTuple):
    """Each group sorted, without repetition; `operators` and `literals` are all that the grammar reserves."""

    kinds: tuple[str, ...]
    verbs: tuple[str, ...]
    clauses: tuple[str, ...]
    settings: tuple[str, ...]
    types: tuple[str, ...]
    roles: tuple[str, ...]
    functions: tuple[str, ...]
    events: tuple[str, ...]
    symbols: tuple[str, ...]
    units: tuple[str, ...]
    operators: tuple[str, ...] = ("and", "in", "not", "or")
    literals: tuple[str, ...] = ("false", "none", "true")


def words_of(registry: Registry) -> Words:
    """The words of these declarations."""
    roles = set(_symbols(type_of(registry.schema_field.accepts()["role"])))
    named = {word for block in registry.blocks.values() for word in block.accepts()}
    return Words(
        kinds=_sorted(registry.block_words),
        verbs=_sorted(registry.verb_words),
        clauses=_sorted(registry.clause_words),
        settings=_sorted(named | set(LANGUAGE_SETTINGS)),
        types=_sorted(registry.column_types),
        roles=_sorted(roles),
        functions=_sorted(one.word for one in registry.functions if not issubclass(one, ColumnType)),
        events=_sorted({*registry.events, *_categories(registry.functions)}),
        symbols=_sorted({*_all_symbols(registry), *_names_of_the_language(registry)} - roles),
        units=_sorted(units()),
    )


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


def _categories(functions: Iterable[type[Function]]) -> Iterator[str]:
    """The categories of what is watched: each is an event too."""
    for one in functions:
        category = getattr(one, "category", "")
        if category:
            yield category


def _all_symbols(registry: Registry) -> Iterator[str]:
    for declaration in registry.all():
        for parameter in declaration.accepts().values():
            yield from _symbols(type_of(parameter))


def _symbols(kind: Type) -> Iterator[str]:
    """The words that a type takes besides names."""
    match kind:
        case Symbol(words=words):
            yield from words
        case ListOf(item=item):
            yield from _symbols(item)
        case OneOf(options=options):
            for option in options:
                yield from _symbols(option)


def _names_of_the_language(registry: Registry) -> set[str]:
    """What the reference tells of that no declaration has: `champion`, `feedback`."""
    return set(FORMS) - registry.verb_words - registry.block_words - set(LANGUAGE_SETTINGS)
