"""What a program means: the result of checking, which lowering, lint rules and editors read.

Values are plain JSON in the encoding of the IR (see `compiler.ir.model`). Everything is merged: `extends`, `override`,
`waive` and `= none` have been applied. Where there are errors, the model holds what could be understood; only a
model without errors may be lowered.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.records import Record
from mlopsc.compiler.schema.declarations import StageKind, Verb
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics.findings import Findings
from mlopsc.compiler.semantics.index import Expected, Index, Symbol, Use
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location

if TYPE_CHECKING:
    from pydantic import JsonValue

Settings: TypeAlias = "dict[str, JsonValue]"
Operator = Literal["<", "<=", ">", ">=", "==", "!=", "in", "not in"]


class SettingModel(Record):
    """A setting that is written (defaults are not here); `at` is the whole of it, `value_at` what follows the `=`."""

    name: str
    value: JsonValue
    at: Location
    value_at: Location


def names_in(setting: SettingModel | None) -> list[str]:
    """The names in the value of a setting that names stages."""
    value = setting.value if setting else None
    return [value] if isinstance(value, str) else [str(one) for one in value] if isinstance(value, list) else []


class ColumnModel(Record):
    """A column of a data stage, as `ir.Column`."""

    name: str
    type: Settings
    low: float | None
    high: float | None
    values: tuple[JsonValue, ...] | None
    role: str | None
    missing: float
    at: Location


class LimitModel(Record):
    """The right side of a comparison, `factor * baseline + offset`, as `ir.Limit`."""

    baseline: Literal["champion"] | Settings | None = None
    factor: float = 1.0
    offset: float = 0.0
    values: tuple[JsonValue, ...] | None = None


class ComparisonModel(Record):
    """An operator and its limit, with the subject on the left (`45 >= mae(test)` has been turned round)."""

    operator: Operator
    limit: LimitModel
    at: Location


class RuleModel(Record):
    """A rule, as `ir.Rule`; `clause_at` says where each clause stands, `declaration` what its verb means here."""

    id: str
    verb: str
    text: str
    subject: Settings | None
    events: tuple[str, ...]
    comparisons: tuple[ComparisonModel, ...]
    clauses: Settings
    at: Location
    subject_at: Location
    clause_at: Mapping[str, Location]
    declaration: type[Verb]


class WaiverModel(Record):
    """A rule that an environment leaves out, and why."""

    rule: str
    reason: str
    at: Location


class StageModel(Record):
    """A stage as it is in one environment.

    `inputs` are the stages that its settings name and those it reads through them, by name; `files` are what
    it reads from outside (files, folders, globs and URLs, the user's Python too); `at` is its header,
    `overridden` are the settings that this environment changes, and where.
    """

    name: str
    kind: type[StageKind]
    settings: Mapping[str, SettingModel]
    columns: tuple[ColumnModel, ...]
    rules: tuple[RuleModel, ...]
    inputs: tuple[str, ...]
    files: tuple[str, ...]
    waived: tuple[WaiverModel, ...]
    at: Location
    overridden: Mapping[str, Location] = MappingProxyType({})

    def value(self, setting: str) -> JsonValue:
        """The value of a setting that is written, else None."""
        found = self.settings.get(setting)
        return found.value if found else None

    def column(self, name: str) -> ColumnModel | None:
        """The column of that name, if the stage declares one."""
        return next((column for column in self.columns if column.name == name), None)


class EnvironmentModel(Record):
    """An environment and all stages as they are there, each after its inputs; `rank` counts from 0 along `follows`.

    A program without environments has one named `local` (`is_implied`), located at the start of its main file.
    """

    name: str
    rank: int
    settings: Mapping[str, SettingModel]
    stages: Mapping[str, StageModel]
    at: Location
    is_implied: bool = False


class PipelineModel(Record):
    """The `pipeline` block."""

    name: str
    settings: Mapping[str, SettingModel]
    at: Location


class MetricModel(Record):
    """A metric of the project's own (`metric NAME { … }`)."""

    name: str
    settings: Mapping[str, SettingModel]
    at: Location


class ConstantModel(Record):
    """A top-level setting; `value` is None for what could not be understood, `is_secret` for what may not be shown."""

    name: str
    value: JsonValue
    at: Location
    is_secret: bool = False


class SemanticModel(Record):
    """What was understood of a program, and what is wrong with it."""

    files: tuple[ast.File, ...]
    registry: Registry
    pipeline: PipelineModel | None
    constants: Mapping[str, ConstantModel]
    metrics: Mapping[str, MetricModel]
    environments: Mapping[str, EnvironmentModel]
    diagnostics: tuple[Diagnostic, ...]
    """Sorted by place, each mistake once."""
    findings: Findings | None = None

    @property
    def has_errors(self) -> bool:
        """Whether anything keeps the program from being lowered."""
        return any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def uses(self) -> tuple[Use, ...]:
        """Every place that names something."""
        return self.findings.uses if self.findings else ()

    @cached_property
    def _index(self) -> Index:
        return Index(self.uses, self.findings.expectations if self.findings else ())

    def symbol_at(self, path: str, offset: int) -> Symbol | None:
        """What the name at an offset of a file means."""
        return self._index.symbol_at(path, offset)

    def references(self, symbol: Symbol) -> tuple[Location, ...]:
        """Every place that names the symbol, its definition included, in the order of files and text."""
        return self._index.references(symbol)

    def definition(self, path: str, offset: int) -> Location | None:
        """Where the name at an offset was defined; None for words of the language."""
        symbol = self.symbol_at(path, offset)
        return symbol.definition if symbol else None

    def expected_at(self, path: str, offset: int) -> Expected | None:
        """What may be written at an offset of a file."""
        return self._index.expected_at(path, offset)
