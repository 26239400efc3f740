"""What a setting, parameter or clause takes: the types of the language, read from annotations of declarations.

A type also fixes where a name is looked up: `StageRef` in the stages, `ColumnRef` in the columns of the data stage
that the block leads to, `Symbol` in the words of the parameter, and so on. There is no silent precedence.
"""

import types as python_types
from collections.abc import Iterable
from datetime import date, datetime, time
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mlopsc.compiler.records import Record
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.schema.values import Bytes, Duration, Money, Rate


class Type(Record):
    """Base of the types."""


class Plain(Type):
    """A literal of one dimension. `share` is 70% (0.7 in the IR); `any` takes any literal or list of them."""

    dimension: Literal[
        "text",
        "int",
        "number",
        "bool",
        "share",
        "duration",
        "bytes",
        "money",
        "rate",
        "date",
        "timestamp",
        "time",
        "any",
    ]


class Symbol(Type):
    """One of a few words that only this parameter knows."""

    words: tuple[str, ...]


class FunctionOf(Type):
    """A call of a function of a family (or a name alone, when all its parameters have defaults)."""

    family: type[Any]


class ListOf(Type):
    """A list; a single value stands for a list of one."""

    item: Type


class OneOf(Type):
    """Any of several types."""

    options: tuple[Type, ...]


class StageRef(Type):
    """The name of a stage of one of these kinds."""

    kinds: tuple[str, ...]


class ColumnRef(Type):
    """The name of a column of the data stage that the block leads to; `types` narrows it (empty: any).

    Columns of the roles in `without` are refused, and those that the settings `unnamed_by` of the data name. With
    `of_role`, the column may be left out where exactly one has that role.
    """

    types: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    unnamed_by: tuple[str, ...] = ()
    of_role: str = ""


class SplitRef(Type):
    """The name of a split of the data; in release and monitor, `feedback`."""


class EnvironmentRef(Type):
    """The name of an environment."""


class ConstantOf(Type):
    """The name of a top-level constant that holds a value of a family (`analysts = group(…)`), or such a call."""

    family: type[Any]


class PythonName(Type):
    """`"file.py:name"`: a function or class of the user's project, read from its syntax tree, never imported.

    `takes` is the number of positional arguments it is called with (with `one_per`, one for each item of that
    setting, if it is written), `kind` what it must be, `methods` what a class must have.
    """

    kind: Literal["function", "class", "either"] = "function"
    takes: int | None = None
    one_per: str = ""
    methods: tuple[str, ...] = ()


class FilePath(Type):
    """A path relative to the spec; `must_exist` files are missed at compile time (URLs and globs are not looked up)."""

    must_exist: bool = True


class EstimatorName(Type):
    """The dotted name of a scikit-learn estimator below `sklearn.`, whose parameters the call then takes."""


class Percentile(Type):
    """`p50`, `p95`, `p99`, `p999`: a symbol that says a percentile."""


class NewName(Type):
    """A name that is given here for the first time."""


class Measured(Type):
    """A value in what the subject of the rule measures; in the IR a number, as in `Limit.offset`."""


class LanguageVersion(Type):
    """A version of the language, of which `latest` is the newest that is understood."""

    latest: int


class SecretName(Type):
    """The name of a secret: it reaches code through an environment variable and nothing else."""


class Rest(Record):
    """Marks the field that collects all other arguments: a dict of the named ones, or a tuple of `positional` ones.

    The named ones are parameters `of` the estimator or the class that the call names, or values to try (a list
    each, or a `ranges`) for those of the stage's setting `setting`.
    """

    of: Literal["estimator", "class", "grid", "positional"]
    setting: str = ""
    ranges: bool = False


class Compared(Record):
    """Marks a clause that is written with this operator: `missing <= 1%`."""

    operator: str


class AtLeast(Record):
    """Marks a value that must be above zero."""


class Rising(Record):
    """Marks a list of shares that must rise to 100%."""


class Written(Record):
    """Marks a setting that says where something is written: files that it names need not exist."""


Column = Annotated[str, ColumnRef()]
Columns = tuple[Column, ...]
SplitName = Annotated[str, SplitRef()]
Share = Annotated[float, Plain("share")]
Seconds = Duration
Positive = Annotated[Duration, AtLeast()]
Path = Annotated[str, FilePath()]
AnyValue = Annotated[Any, Plain("any")]

_PLAIN: dict[Any, Type] = {
    str: Plain("text"),
    int: Plain("int"),
    float: Plain("number"),
    bool: Plain("bool"),
    Duration: Plain("duration"),
    Bytes: Plain("bytes"),
    Money: Plain("money"),
    Rate: Plain("rate"),
    date: Plain("date"),
    datetime: Plain("timestamp"),
    time: Plain("time"),
    Any: Plain("any"),
}


@cache
def type_of(parameter: Parameter) -> Type:
    """The type of a declaration's field; `None` in its annotation only says that it may be left out or unset."""
    return from_annotation(parameter.annotation)


def compared_with(parameter: Parameter) -> str | None:
    """The operator that a clause is written with, if any."""
    return next((mark.operator for mark in _marks(parameter) if isinstance(mark, Compared)), None)


def rest_of(fields: Iterable[tuple[str, Parameter]]) -> tuple[str, Rest] | None:
    """The field that collects other arguments, if a function has one."""
    for name, parameter in fields:
        for mark in _marks(parameter):
            if isinstance(mark, Rest):
                return name, mark
    return None


@cache
def is_marked(parameter: Parameter, mark: type[Any]) -> bool:
    """Whether the annotation of a declaration's field has a mark such as `AtLeast` or `Written`."""
    return any(isinstance(one, mark) for one in _marks(parameter))


@cache
def _marks(parameter: Parameter) -> tuple[Any, ...]:
    annotation = parameter.annotation
    annotated = (option for option in (annotation, *get_args(annotation)) if get_origin(option) is Annotated)
    return tuple(mark for option in annotated for mark in option.__metadata__)


def _described(annotation: Any, marks: tuple[Type, ...]) -> Type:
    return marks[0] if marks else from_annotation(annotation)


@cache
def from_annotation(annotation: Any) -> Type:
    """The type that an annotation stands for."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _described(arguments[0], tuple(mark for mark in arguments[1:] if isinstance(mark, Type)))
    if origin is Literal:
        return Symbol(tuple(str(word) for word in arguments))
    if origin is dict:  # the field that collects named arguments: the type of each
        return from_annotation(arguments[1])
    if origin is tuple:
        return ListOf(from_annotation(arguments[0]))
    if origin in (Union, python_types.UnionType):
        options = tuple(from_annotation(option) for option in arguments if option is not type(None))
        return options[0] if len(options) == 1 else OneOf(options)
    if isinstance(annotation, type) and hasattr(annotation, "members"):
        return FunctionOf(annotation)
    raise TypeError(f"no type of the language is known for the annotation {annotation!r}")
