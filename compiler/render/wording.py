"""Declarations in words: what a parameter takes, its default and limits, how a function is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, Literal

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Block, Declaration, Event, Function, StageKind, Verb
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics.describing import describe, listed

_LIMITS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_OTHERS = {"estimator": "the estimator's own", "class": "those of the class", "grid": "the values to try"}


def takes(parameter: Parameter, registry: Registry) -> str:
    """What may be written for a parameter, with its limits."""
    rest = types.rest_of([(parameter.name, parameter)])
    if rest and rest[1].of != "positional":
        return f"any names: {_OTHERS[rest[1].of]}"
    kind = types.type_of(parameter)
    given = [(words, parameter.constraints[key]) for key, words in _LIMITS.items() if key in parameter.constraints]
    limits = [f"{words} {value_text(value, kind)}" for words, value in given]
    if types.is_marked(parameter, types.AtLeast):
        limits.append("above zero")
    return ", ".join(filter(None, [describe(kind, registry), " and ".join(limits)]))


def default_of(parameter: Parameter) -> str | None:
    """What holds when nothing is written, as it would be written; None where that is nothing."""
    if parameter.default in (None, (), {}, ...):
        return None
    return value_text(parameter.default, types.type_of(parameter))


def value_text(value: Any, type_: types.Type) -> str:
    """A value of a declaration as it is written in a spec."""
    if isinstance(value, Function):
        given = (one for one in value.accepts().values() if getattr(value, one.name) != one.default)
        arguments = ", ".join(
            f"{one.word} = {value_text(getattr(value, one.name), types.type_of(one))}" for one in given
        )
        return f"{value.word}({arguments})"
    match type_:
        case types.Plain(dimension="share"):
            return f"{round(value * 100, 6):g}%"
        case types.Plain(dimension="bool"):
            return "true" if value else "false"
        case types.Plain(dimension="text") | types.FilePath():
            return f'"{value}"'
        case types.Plain(dimension="number") | types.Measured():
            return f"{value:g}"
    return str(value)


def signature(function: type[Function]) -> str:
    """How a function is called: `canary(steps, every)`; what may be left out has its default, or `?`."""
    return f"{function.word}({', '.join(_in_signature(function))})"


def _in_signature(function: type[Function]) -> Iterator[str]:
    for parameter in function.accepts().values():
        rest = types.rest_of([(parameter.name, parameter)])
        if rest:
            yield f"{parameter.word}, …" if rest[1].of == "positional" else "…"
        elif parameter.is_required:
            yield parameter.word
        else:
            yield f"{parameter.word} = {default_of(parameter) or '?'}"


Role = Literal["setting", "parameter", "clause"]


@dataclass(frozen=True)
class Meaning:
    """One thing that a word means: a declaration, or what its `owners` call a setting, parameter or clause."""

    word: str
    owners: tuple[type[Declaration], ...]
    parameter: Parameter | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The word, and for a parameter also with each owner in front: `data.split`."""
        return (self.word, *(f"{owner.word}.{self.word}" for owner in self.owners if self.parameter))


def meanings(word: str, registry: Registry) -> list[Meaning]:
    """Everything that a word may mean, declarations first; `data.split` asks for one of them."""
    return [one for one in all_meanings(registry) if word in one.names]


def all_meanings(registry: Registry) -> list[Meaning]:
    """Everything that is declared; what several declarations inherit from one place stands here once."""
    owners: dict[tuple[str, int], list[type[Declaration]]] = {}
    parameters: dict[tuple[str, int], Parameter] = {}
    for declaration in registry.all():
        for word, parameter in declaration.accepts().items():
            owners.setdefault((word, id(parameter)), []).append(declaration)
            parameters[word, id(parameter)] = parameter
    found = [Meaning(declaration.word, (declaration,)) for declaration in registry.all()]
    return found + [Meaning(key[0], tuple(owners[key]), parameters[key]) for key in owners]


def choices(word: str, registry: Registry) -> list[Meaning]:
    """The parameters that take the word as one of a few (`leak`, `independent`)."""
    found = all_meanings(registry)
    return [one for one in found if one.parameter and word in _symbols(types.type_of(one.parameter))]


def _symbols(type_: types.Type) -> tuple[str, ...]:
    match type_:
        case types.Symbol(words=words):
            return words
        case types.OneOf(options=options):
            return tuple(word for option in options for word in _symbols(option))
        case types.ListOf(item=item):
            return _symbols(item)
    return ()


def members(parameter: Parameter, registry: Registry) -> list[str]:
    """The functions that a parameter takes, if it takes any."""
    return [word for family in _families(types.type_of(parameter)) for word in registry.functions_of(family)]


def _families(type_: types.Type) -> Iterator[type[Function]]:
    match type_:
        case types.FunctionOf(family=family) | types.ConstantOf(family=family):
            yield family
        case types.OneOf(options=options):
            for option in options:
                yield from _families(option)
        case types.ListOf(item=item):
            yield from _families(item)


def suggestion(word: str, registry: Registry, others: Iterable[str] = ()) -> str | None:
    """The declared word that was probably meant."""
    return did_you_mean(word, {*others, *(one.word for one in all_meanings(registry))})


def paragraphs(declaration: type[Declaration]) -> list[str]:
    """The documentation: paragraphs on one line each, items of a list (with `- `) apart."""
    found: list[str] = []
    for paragraph in cleandoc(declaration.__doc__ or "").split("\n\n"):
        items = paragraph.split("\n- ") if paragraph.startswith("- ") else [paragraph]
        found += [" ".join((item if i == 0 else f"- {item}").split()) for i, item in enumerate(items)]
    return found


def role_of(owner: type[Declaration]) -> Role:
    """What the parameters of a declaration are called."""
    if issubclass(owner, Function):
        return "parameter"
    return "setting" if issubclass(owner, Block) else "clause"


def kind_of(declaration: type[Declaration]) -> str:
    """What a declaration is, in a few words: "source of rows", "rule in `data`", "stage"."""
    if issubclass(declaration, StageKind):
        return "stage"
    if issubclass(declaration, Block):
        return "block"
    if issubclass(declaration, Verb):
        return f"rule in {listed(declaration.kinds, 'or')}"
    if issubclass(declaration, Function):
        return declaration.family
    return "event" if issubclass(declaration, Event) else "column"
