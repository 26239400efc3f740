"""Declarations in words: what a parameter takes, its default and limits, how a function is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Block, Declaration, Function, StageKind, Verb
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.schema.registry import Registry

_PLAIN = {
    "text": "text",
    "int": "a whole number",
    "number": "a number",
    "bool": "`true` or `false`",
    "share": "a share such as `70%`",
    "duration": "a duration such as `7d`",
    "bytes": "a size such as `10GB`",
    "money": "an amount of money such as `400USD`",
    "rate": "a rate such as `4 / 30d`",
    "date": "a date such as `2025-03-01`",
    "timestamp": "a point in time such as `2025-03-01T06:00Z`",
    "time": "a time of day such as `02:30`",
    "any": "any value",
}
_LIMITS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_OTHERS = {"estimator": "the estimator's own", "class": "those of the class", "grid": "the values to try"}


def type_in_words(type_: types.Type) -> str:
    """What a type takes, with an article: "a share such as `70%`"."""
    match type_:
        case types.Plain(dimension=dimension):
            return _PLAIN[dimension]
        case types.Symbol(words=words):
            return alternatives(f"`{word}`" for word in words)
        case types.FunctionOf(family=family):
            return a(family.family)
        case types.ConstantOf(family=family):
            return f"{a(family.family)}, or the name of one"
        case types.ListOf(item=item):
            return f"{type_in_words(item)}, or a list of such"
        case types.OneOf(options=options):
            return alternatives(map(type_in_words, options))
    return _name_in_words(type_)


def _name_in_words(type_: types.Type) -> str:
    match type_:
        case types.StageRef(kinds=kinds):
            return f"a {alternatives(f'`{kind}`' for kind in kinds)} stage"
        case types.ColumnRef(types=of):
            return f"a column of type {alternatives(f'`{one}`' for one in of)}" if of else "a column"
        case types.SplitRef():
            return "a split"
        case types.EnvironmentRef():
            return "an environment"
        case types.PythonName(kind=kind):
            return f'a {"class or function" if kind == "either" else kind}, as `"file.py:name"`'
        case types.FilePath():
            return "a path"
        case types.EstimatorName():
            return "a class of scikit-learn"
        case types.Percentile():
            return "a percentile such as `p95`"
        case types.NewName():
            return "a new name"
        case types.Measured():
            return "a value in what the rule measures"
        case types.SecretName():
            return "the name of a secret"
        case types.LanguageVersion(latest=latest):
            return f"a version, of which {latest} is the newest"
    raise TypeError(f"no words for {type_!r}")


def a(noun: str) -> str:
    """The noun with an article, unless it has one."""
    if noun.startswith(("a ", "an ", "the ", "something ")):
        return noun
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def alternatives(items: Iterable[str]) -> str:
    """ "a, b or c"."""
    *most, last = items
    return f"{', '.join(most)} or {last}" if most else last


def takes(parameter: Parameter) -> str:
    """What may be written for a parameter, with its limits."""
    rest = types.rest_of([(parameter.name, parameter)])
    if rest and rest[1].of != "positional":
        return f"any names: {_OTHERS[rest[1].of]}"
    kind = types.type_of(parameter)
    given = [(words, parameter.constraints[key]) for key, words in _LIMITS.items() if key in parameter.constraints]
    limits = [f"{words} {value_text(value, kind)}" for words, value in given]
    if types.is_marked(parameter, types.AtLeast):
        limits.append("above zero")
    return ", ".join(filter(None, [type_in_words(kind), " and ".join(limits)]))


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


def suggestion(word: str, registry: Registry, others: Iterable[str] = ()) -> str | None:
    """The declared word that was probably meant."""
    return did_you_mean(word, {*others, *(one.word for one in all_meanings(registry))})


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
        return f"rule in {alternatives(f'`{kind}`' for kind in declaration.kinds)}"
    if issubclass(declaration, Function):
        return declaration.family
    return "column"
