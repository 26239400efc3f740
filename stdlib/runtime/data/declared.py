"""A data stage as `pipeline.json` declares it, read into its declarations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlopsc.compiler.ir.model import Column, Rule, Stage
from mlopsc.compiler.schema.declarations import ColumnType
from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.columns import ColumnClauses
from mlopsc.stdlib.data import BlockUnit, Data, RowUnit, Unit

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = frozenset({"int", "float", "bool"})


@dataclass(frozen=True)
class DataStage:
    """The settings, columns and rules of one data stage."""

    name: str
    settings: Data
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]

    @property
    def kept(self) -> tuple[Column, ...]:
        """The columns of the snapshot: those of role `ignore` are checked and then dropped."""
        return tuple(column for column in self.columns if column.role != "ignore")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that a `features` step is given.

        Not among them: the target, columns whose role says that they are no features, and a column that is the key
        by itself, since it only names the row.
        """
        held_back = {self.settings.target, *(self.settings.key if len(self.settings.key) == 1 else ())}
        return tuple(c.name for c in self.kept if c.name not in held_back and c.role not in ColumnClauses.not_features)

    @property
    def features(self) -> tuple[str, ...]:
        """The inputs that an estimator may take as they are, where there is no `features` step.

        Texts, timestamps and dates are left out, and personal data (`pii`) too unless they are numbers: the levels
        of a category would be written into the model.
        """
        inputs = set(self.inputs)
        return tuple(column.name for column in self.kept if column.name in inputs and _is_direct(column))

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits with a share above zero."""
        rule = self.settings.split
        if rule is None:
            return ()
        shares = {"train": rule.train, "validation": rule.validation, "test": rule.test}
        return tuple(name for name, share in shares.items() if share > 0)


def read_stage(stage: Mapping[str, Any]) -> DataStage:
    """The data stage that a part of `pipeline.json` declares."""
    parsed = Stage.model_validate(stage)
    return DataStage(parsed.name, Data.model_validate(parsed.settings), parsed.columns, parsed.rules)


def declared(pipeline: Mapping[str, Any], name: str) -> DataStage:
    """The data stage of that name in the pipeline; raises KeyError when there is none."""
    for stage in pipeline["stages"]:
        if stage["name"] == name:
            return read_stage(stage)
    raise KeyError(name)


def _is_direct(column: Column) -> bool:
    word = str(column.type["function"])
    return word in _NUMBERS if column.role == "pii" else ColumnType.named(word).direct


def unit_of(settings: Data) -> Unit | str:
    """The independent unit: as it is set, else blocks of a week where `time` is set, else rows."""
    if settings.unit is not None:
        return settings.unit
    return BlockUnit(length=Duration.parse("7d")) if settings.time else RowUnit()


def unit_label(settings: Data) -> str:
    """The independent unit as a spec says it: `row`, a column, or `block(7d)`."""
    match unit_of(settings):
        case BlockUnit(length=length):
            return f"block({length})"
        case str() as column:
            return column
        case _:
            return "row"


def moment(time: datetime, zone: str) -> pd.Timestamp:
    """A point in time; without an offset it is on the clock of the zone."""
    import pandas as pd

    stamp = pd.Timestamp(time)
    if stamp.tzinfo is not None:
        return stamp.tz_convert(zone)
    return stamp.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
