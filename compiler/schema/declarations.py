"""The base classes of declarations: which words the language has, what they take and what they mean.

A declaration is a class that holds data only. Its fields are the settings, parameters or clauses that may be
written; their annotations say what each takes (see `schema.types`); its docstring is its documentation. The checker,
completion, `mlopsc explain`, the reference pages and the runtime all read the same class, and the runtime gets an
instance of it that pydantic has validated. Declaring imports no pydantic: a check would cost twice as much.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NoReturn, Self, get_args, get_type_hints

from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.parameters import Parameter

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

Task = Literal["regression", "binary", "multiclass"]
"""What a model predicts: a number, one of two classes, one of several."""

Measure = Literal["ratio", "target", "number", "count", "duration", "truth"]
"""What a subject of a rule measures: a share of 0..1, something in the target's unit, a plain number, a count, a
length of time, or no more than whether it holds (then nothing is compared)."""

Better = Literal["lower", "higher", "zero", ""]
"""Which values of a measure are good."""


def setting(doc: str, default: Any = None, *, runs: bool = True, **constraints: Any) -> Any:
    """A field of a declaration: what it means, its default (`...` means that it must be written), and constraints.

    `runs=False` marks what the runtime does not do yet: it is checked like all else, and a target that would have
    to run it refuses it with a message. Constraints are pydantic's (`ge`, `le`, `gt`, `lt`, `min_length`, …).
    """
    return Parameter("", None, doc, default, runs, constraints)


class Declaration:
    """Anything that the language declares; an instance holds what was written, and the defaults of the rest."""

    word: ClassVar[str] = ""
    """The name by which it is written; empty for what is only a base."""
    since: ClassVar[int] = 1
    """The version of the language that brought it."""
    deprecated: ClassVar[str] = ""
    """Why it should not be written any more, and what to write instead."""
    renamed_to: ClassVar[str] = ""
    """Its new name, if it was renamed."""
    runs: ClassVar[bool] = True
    """Whether the runtime does it already; if not, a target that would have to run it refuses it."""

    _accepts: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})

    def __init_subclass__(cls, word: str = "", **attributes: Any) -> None:
        """`class Csv(Source, word="csv", runs=True)`: keywords set the class attributes of those names."""
        super().__init_subclass__()
        cls.word = word
        for name, value in attributes.items():
            if not hasattr(cls, name):
                raise TypeError(f"{cls.__name__}: declarations have no attribute {name!r}")
            setattr(cls, name, value)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Parameter)}
        for name in own:
            delattr(cls, name)
        hints = _annotations(cls) if own else {}
        typed = (replace(parameter, name=name, annotation=hints[name]) for name, parameter in own.items())
        cls._accepts = MappingProxyType({**cls._accepts, **{one.word: one for one in typed}})

    def __init__(self, **values: Any) -> None:
        """Values by field name, taken as they are; `model_validate` is for values from outside."""
        for parameter in self._accepts.values():
            vars(self)[parameter.name] = values.pop(parameter.name, parameter.default)
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *map(repr, vars(self).values())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    @classmethod
    def accepts(cls) -> Mapping[str, Parameter]:
        """What may be written, by the word that is written (`from`, not `from_`); that of its bases first."""
        return cls._accepts

    @classmethod
    def model_validate(cls, value: Any) -> Self:
        """An instance from JSON in the encoding of the IR; raises pydantic's ValidationError."""
        from mlopsc.compiler.schema.validation import validate

        valid: Self = validate(cls, value)
        return valid

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """Lets pydantic read a declaration wherever it stands in another."""
        from mlopsc.compiler.schema.validation import schema_of

        return schema_of(cls)

    @classmethod
    def summary(cls) -> str:
        """The first paragraph of the documentation, on one line."""
        return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())


def _annotations(cls: type) -> Mapping[str, Any]:
    """The annotations that stand in a class; where its module postpones them, evaluated."""
    own = cls.__annotations__
    return get_type_hints(cls, include_extras=True) if any(isinstance(one, str) for one in own.values()) else own


class Function(Declaration):
    """Something that is called: a source, a metric, an estimator, a platform.

    A direct subclass of `Function` is a *family*, the type that parameters ask for; the functions are its
    subclasses that have a word. Parameters may be given by position in the order of the fields, or by name.
    """

    family: ClassVar[str] = ""
    """In words, what the family is ("source of rows"), for messages."""
    data_needs: ClassVar[tuple[str, ...]] = ()
    """The settings that its data stage must have (`time` for what looks back in time)."""
    makes_splits: ClassVar[bool] = False
    """Whether its parameters of type share are the splits of the data; they add up to 100%."""
    gated: ClassVar[str] = ""
    """The parameter that names a stage whose output a gate must judge before it is used."""

    @classmethod
    def members(cls) -> Iterator[type[Self]]:
        """The functions of this family: every subclass that has a word."""
        for subclass in cls.__subclasses__():
            if subclass.word:
                yield subclass
            yield from subclass.members()

    @classmethod
    def named(cls, word: str) -> type[Self]:
        """The function of that name in this family, which may come from an installed package.

        Raises ValueError when there is none.
        """
        found = cls._member(word)
        if found is None and "." in word:
            from mlopsc.compiler.schema.installed import declarations_of

            declarations_of(word.partition(".")[0])
            found = cls._member(word)
        if found is None:
            raise ValueError(f"there is no {cls.family or cls.__name__} `{word}`")
        return found

    @classmethod
    def _member(cls, word: str) -> type[Self] | None:
        return next((member for member in (cls, *cls.members()) if member.word == word), None)


class Subject(Function, family="something that a rule can be about"):
    """What can stand on the left of a rule: it measures something."""

    measure: ClassVar[Measure] = "truth"
    category: ClassVar[str] = ""
    """For what `watch` takes: the category of its events."""
    better: ClassVar[Better] = ""
    """Which way is good; empty where that depends on who asks."""
    least: ClassVar[float | None] = None
    most: ClassVar[float | None] = None
    """The smallest and the largest value that it can have, if there are such."""
    tasks: ClassVar[tuple[Task, ...]] = ()
    """The tasks that it makes sense for; empty for what has nothing to do with predictions."""
    of_one_class: ClassVar[bool] = False
    """Whether it is about one class, so that with several classes `class` or `average` must be said."""


class Baseline(Function, family="baseline"):
    """What stands on the right of a comparison in place of a number: the same metric of something simpler."""


class Compute(Function, family="place to run a stage"):
    """Where a stage runs."""


class Block(Declaration):
    """A block of the language: `pipeline`, `environment`, `metric` and the stage kinds."""

    defines: ClassVar[type[Subject] | None] = None
    """The family to which each block of this kind adds a function of its name; the block says `better` and
    `measured_in`."""


class StageKind(Block):
    """A kind of stage: its settings are its fields.

    `runtime` is `module:function` of what runs it, and `data_through` is the
    path of settings that leads to its data stage (`("model", "data")`), whose columns and splits its names mean.
    """

    runtime: ClassVar[str] = ""
    data_through: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Paths of settings to the stages whose outputs it reads, besides those that its settings name directly."""
    has_schema: ClassVar[bool] = False
    """Whether it is a data stage: one with columns of its own, declared in a block `schema`."""
    columns_from: ClassVar[str] = ""
    """The setting that names the stages whose columns it has, where it declares none."""
    data_needs: ClassVar[tuple[str, ...]] = ()
    """The settings that its data stage must have."""
    one_of: ClassVar[tuple[str, ...]] = ()
    """Settings of which exactly one must be written."""
    splits: ClassVar[tuple[str, ...]] = ()
    """What metrics are computed on in its rules, if it is not the splits of its data."""
    feature_step: ClassVar[str] = ""
    """For a kind that learns from the columns of its data: the setting that says what is computed from them first."""
    held_out: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Settings that make up for a split without rows, by the name of the split."""
    objective_for: ClassVar[str] = ""
    """The setting that needs a rule which says what it aims for (a verb with a `direction`)."""
    must_hold: ClassVar[tuple[str, ...]] = ()
    """Verbs of which at least one rule must be there, or the stage could never fail."""
    predicts: ClassVar[str] = ""
    """For a kind that predicts: the setting that names whose model does; rules see the column `prediction` too."""
    judges: ClassVar[str] = ""
    """For a gate: the setting that names the stage which it judges."""
    same_stage: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Paths of settings that must all lead to the same stage."""
    identity: ClassVar[tuple[str, ...]] = ()
    """Settings which, changed in one environment, make its results impossible to compare with another's."""

    timeout: types.Positive | None = setting("How long the stage may take before it is stopped and fails.")
    retries: int = setting("How often the stage is tried again after it failed for a passing reason.", 0, ge=0, le=10)
    compute: Compute | None = setting("Where the stage runs; by default, here.")


class Verb(Declaration):
    """A kind of rule: `check`, `require`, …; its fields are the clauses that may follow.

    `subjects` are the families that may stand on its left, `kinds` the stage kinds that it may stand in. Where the
    same verb means different things in different kinds, there are two classes with one word.
    """

    kinds: ClassVar[tuple[str, ...]] = ()
    subjects: ClassVar[tuple[type[Function], ...]] = ()
    compares: ClassVar[bool] = True
    """Whether a comparison is written (unless the subject measures no more than whether it holds)."""
    events: ClassVar[bool] = False
    """Whether its subject is events (`on drift or rain`) instead of a function."""
    raises: ClassVar[bool] = False
    """Whether a rule that does not hold is an event, named after the rule and in a category."""
    direction: ClassVar[Better] = ""
    """For what a search aims for: the way it goes. A stage has one such rule at most."""
    barred: ClassVar[tuple[str, ...]] = ()
    """Splits that its metric must not be computed on, because that would spend them."""
    instead: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Clauses that people write by habit and that make no sense here, with what to write instead."""
    assigned_by: ClassVar[str] = ""
    """The setting that a comparison of a metric with `champion` needs, unless the data says `outcome = independent`."""

    as_: Annotated[str, types.NewName()] | None = setting("The name of the rule, in place of one made from its text.")


class Role(Declaration):
    """What a column is for, beyond being a feature."""


class ColumnType(Function, family="column type"):
    """The type of a column.

    `task` is what a model whose target has this type predicts; `ordered` says whether a range may follow.
    """

    task: ClassVar[Task | None] = None
    ordered: ClassVar[bool] = False
    is_whole: ClassVar[bool] = False
    """Whether its numbers have no fraction."""
    lists: ClassVar[tuple[str, ...]] = ()
    """The dimensions of the values that may be listed after `in`."""
    direct: ClassVar[bool] = True
    """Whether it reaches an estimator as it is; other columns only through a feature step."""


class SchemaField(Declaration):
    """What may be said of a column after its type: its fields are the clauses."""

    not_features: ClassVar[tuple[str, ...]] = ()
    """The roles whose columns an estimator never sees."""
    only_in_steps: ClassVar[tuple[str, ...]] = ()
    """The roles whose texts and times are left out, and are no mistake, where no feature step takes them."""
    role_types: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    """The types that columns of a role may have, where not any will do."""


class Event(Declaration):
    """Something that happens by itself and that `on` can name."""


def literal_words(annotation: Any) -> tuple[str, ...]:
    """The words of a `Literal` annotation."""
    return tuple(str(word) for word in get_args(annotation))
