"""The intermediate representation: `pipeline.json`, a public and versioned contract.

One `Pipeline` is one spec in one environment, merged and checked, with names resolved. Settings, subjects and
clauses are plain JSON which the declaration of the same name reads (`Data.model_validate(stage.settings)`): a call
is an object with the key `function`, a duration, size, amount of money or rate is text with its unit, a share is a
number of 0..1, a range is `{"low": 1, "high": 8}`. Only what the spec says is written; defaults are those of the
declarations.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

IR_VERSION: Final = 1
"""Raised whenever a reader of an older version could misunderstand the file."""

Settings = dict[str, JsonValue]


class Frozen(BaseModel):
    """Base of the parts: immutable, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)


class Column(Frozen):
    """A column of a data stage, as declared.

    Bounds of a timestamp or date are seconds since 1970-01-01 00:00 on the clock of the data's `zone`.
    """

    name: str
    type: Annotated[Settings, Field(description='A call of a column type, such as `{"function": "int"}`.')]
    low: float | None = Field(None, description="The smallest value that is allowed.")
    high: float | None = Field(None, description="The largest value that is allowed.")
    values: tuple[JsonValue, ...] | None = Field(None, description="The only values that are allowed.")
    role: str | None = Field(None, description="What the column is for, beyond being a feature.")
    missing: float = Field(0.0, ge=0, le=1, description="The largest share of missing values that is allowed.")


class Limit(Frozen):
    """The right side of a comparison, `factor * baseline + offset`; without a baseline it is the offset alone.

    Shares are numbers of 0..1, durations are seconds. `champion + 5%` is factor 1.05; `champion - 1pp` of a ratio is
    offset -0.01; `naive(168h) * 90%` has the baseline `{"function": "naive", "lag": "7d"}`.
    """

    baseline: Literal["champion"] | Settings | None = None
    factor: float = 1.0
    offset: float = 0.0
    values: tuple[JsonValue, ...] | None = Field(None, description="For the operators `in` and `not in`.")


class Comparison(Frozen):
    """An operator and what stands on its right; the subject of the rule stands on its left."""

    operator: Literal["<", "<=", ">", ">=", "==", "!=", "in", "not in"]
    limit: Limit


class Rule(Frozen):
    """One rule. `id` is its identity across edits of thresholds; `text` is how it was written."""

    id: str
    verb: str
    text: str
    subject: Annotated[
        Settings | None, Field(description="A call of a subject; null where the rule is about events.")
    ] = None
    events: tuple[str, ...] = Field((), description="The events that set it off, by category or by rule id.")
    comparisons: tuple[Comparison, ...] = ()
    clauses: Settings = Field(default_factory=dict)


class Waiver(Frozen):
    """A rule that this environment leaves out, and why."""

    rule: str
    reason: str


class Stage(Frozen):
    """One stage with its rules; `inputs` are the stages whose outputs it reads."""

    name: str
    kind: str
    settings: Settings = Field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    rules: tuple[Rule, ...] = ()
    inputs: tuple[str, ...] = ()
    files: tuple[str, ...] = Field((), description="The project's files that it names, relative to the spec.")
    waived: tuple[Waiver, ...] = ()


class Environment(Frozen):
    """Where this pipeline lives; `rank` counts from 0 in `follows` order."""

    name: str
    rank: int = 0
    serves: bool = Field(
        True,
        description="Whether a release reads this environment: its gates judge the test split and each look is "
        "counted. False where a release exists but this environment only comes before others (rank 0 of several): "
        "there gates judge the validation split and count nothing.",
    )
    settings: Settings = Field(default_factory=dict)


class Pipeline(Frozen):
    """One spec in one environment. Stages stand in an order in which each comes after its inputs."""

    ir: Literal[1] = IR_VERSION
    name: str
    language: int = 1
    settings: Settings = Field(default_factory=dict)
    environment: Environment
    stages: tuple[Stage, ...]
    metrics: tuple[Settings, ...] = Field((), description="The metrics that the spec declares itself.")

    def stage(self, name: str) -> Stage:
        """The stage of that name; raises KeyError when there is none."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)
