"""The base classes of declarations: which words the language has, what they take and what they mean.

A declaration is a pydantic class that holds data only. Its fields are the settings, parameters or clauses that may
be written; their annotations say what each takes (see `schema.types`); its docstring is its documentation. The
checker, completion, `mlopsc explain`, the reference pages and the runtime all read the same class, and the runtime
gets a validated instance of it.
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ModelWrapValidatorHandler,
    model_validator,
)
from pydantic.fields import FieldInfo

from mlopsc.compiler.schema import types

Task = Literal["regression", "binary", "multiclass"]
"""What a model predicts: a number, one of two classes, one of several."""

Measure = Literal["ratio", "target", "number", "count", "duration", "truth"]
"""What a subject of a rule measures: a share of 0..1, something in the target's unit, a plain number, a count, a
length of time, or no more than whether it holds (then nothing is compared)."""


def setting(doc: str, default: Any = None, *, runs: bool = True, **constraints: Any) -> Any:
    """A field of a declaration: what it means, its default (`...` means that it must be written), and constraints.

    `runs=False` marks what the runtime does not do yet: it is checked like all else, and a target that would have
    to run it refuses it with a message. Constraints are pydantic's (`ge`, `le`, `gt`, `lt`, `min_length`, …).
    """
    extra: dict[str, JsonValue] | None = None if runs else {"runs": False}
    return Field(default, description=doc, json_schema_extra=extra, **constraints)


def _word_of(field_name: str) -> str:
    return field_name.rstrip("_")


class Declaration(BaseModel):
    """Anything that the language declares."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        populate_by_name=True,
        alias_generator=_word_of,
        protected_namespaces=(),
    )

    word: ClassVar[str] = ""
    """The name by which it is written; empty for what is only a base."""
    since: ClassVar[int] = 1
    """The version of the language that brought it."""
    deprecated: ClassVar[str] = ""
    """Why it should not be written any more, and what to write instead."""
    renamed_to: ClassVar[str] = ""
    """Its new name, to which `mlopsc fmt --upgrade` changes it."""
    runs: ClassVar[bool] = True
    """Whether the runtime does it already; if not, a target that would have to run it refuses it."""

    @classmethod
    def __init_subclass__(cls, word: str = "", **attributes: Any) -> None:
        """`class Csv(Source, word="csv", runs=True)`: keywords set the class attributes of those names."""
        super().__init_subclass__()
        cls.word = word
        for name, value in attributes.items():
            if not hasattr(cls, name):
                raise TypeError(f"{cls.__name__}: declarations have no attribute {name!r}")
            setattr(cls, name, value)

    @classmethod
    def accepts(cls) -> dict[str, FieldInfo]:
        """What may be written, by the word that is written (`from`, not `from_`)."""
        return {_word_of(name): info for name, info in cls.model_fields.items()}

    @classmethod
    def summary(cls) -> str:
        """The first paragraph of the documentation, on one line."""
        return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())


class Function(Declaration):
    """Something that is called: a source, a metric, an estimator, a platform.

    A direct subclass of `Function` is a *family*, the type that parameters ask for; the functions are its
    subclasses that have a word. Parameters may be given by position in the order of the fields, or by name.
    """

    family: ClassVar[str] = ""
    """In words, what the family is ("a source of rows"), for messages."""

    @classmethod
    def members(cls) -> Iterator[type[Self]]:
        """The functions of this family: every subclass that has a word."""
        for subclass in cls.__subclasses__():
            if subclass.word:
                yield subclass
            yield from subclass.members()

    @classmethod
    def named(cls, word: str) -> type[Self]:
        """The function of that name in this family; raises ValueError when there is none."""
        if cls.word == word:
            return cls
        for member in cls.members():
            if member.word == word:
                return member
        raise ValueError(f"there is no {cls.family or cls.__name__} `{word}`")

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, dict) or "function" not in value:
            return handler(value)
        member = cls.named(value["function"])
        rest = {key: part for key, part in value.items() if key != "function"}
        return handler(rest) if member is cls else member.model_validate(rest)


class Subject(Function, family="something that a rule can be about"):
    """What can stand on the left of a rule: it measures something."""

    measure: ClassVar[Measure] = "truth"
    category: ClassVar[str] = ""
    """For what `watch` takes: the category of its events."""


class Compute(Function, family="a place to run a stage"):
    """Where a stage runs."""


class Block(Declaration):
    """A block of the language: `pipeline`, `environment`, `metric` and the stage kinds."""


class StageKind(Block):
    """A kind of stage: its settings are its fields.

    `runtime` is `module:function` of what runs it, `verbs` are the rules it may hold, and `data_through` is the
    path of settings that leads to its data stage (`("model", "data")`), whose columns and splits its names mean.
    """

    runtime: ClassVar[str] = ""
    data_through: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Paths of settings to the stages whose outputs it reads, besides those that its settings name directly."""

    timeout: types.Positive | None = setting("How long the stage may take before it is stopped and fails.")
    retries: int = setting("How often the stage is tried again after it failed for a passing reason.", 0, ge=0, le=10)
    compute: Compute | None = setting("Where the stage runs; by default, here.", runs=False)


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

    as_: Annotated[str, types.NewName()] | None = setting("The name of the rule, in place of one made from its text.")


class Role(Declaration):
    """What a column is for, beyond being a feature."""


class ColumnType(Function, family="a column type"):
    """The type of a column.

    `task` is what a model whose target has this type predicts; `ordered` says whether a range may follow.
    """

    task: ClassVar[Task | None] = None
    ordered: ClassVar[bool] = False


class SchemaField(Declaration):
    """What may be said of a column after its type: its fields are the clauses."""


def literal_words(annotation: Any) -> tuple[str, ...]:
    """The words of a `Literal` annotation."""
    return tuple(str(word) for word in get_args(annotation))
