"""The rows of a finished data stage, as later stages use them: `load_table(context, stage_name)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.data import Data
from mlopsc.stdlib.runtime.data import snapshot
from mlopsc.stdlib.runtime.data.declared import DataStage, declared, unit_label
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.statistics.units import Units


@dataclass(frozen=True)
class Table:
    """Rows of a data stage with all that is known of each; the arrays are aligned with the rows of `frame`.

    `frame` has the declared columns in the order of the schema; its index is the row's position in the snapshot,
    also after `split`. Types are int64, float64 and bool (float64 with NaN where the schema lets values be missing),
    category for `category` (levels: the declared values, else those of all rows, sorted), str for `text`,
    datetime64[us, zone] for `timestamp`, datetime64[us] for `date`, and lists of float for `vector`.
    `parts` names the split of each row (`gap` and "" belong to none), `hashes` identify a row by its content,
    `units` say which rows belong to one independent unit.
    """

    stage: DataStage
    frame: pd.DataFrame
    parts: NDArray[np.object_]
    hashes: NDArray[np.uint64]
    units: Units

    @property
    def settings(self) -> Data:
        """The settings of the data stage."""
        return self.stage.settings

    @property
    def columns(self) -> tuple[Column, ...]:
        """The declared columns that the snapshot keeps (all but those of role `ignore`)."""
        return self.stage.kept

    @property
    def target(self) -> str | None:
        """The column to predict."""
        return self.settings.target

    @property
    def time(self) -> str | None:
        """The column that says when each row happened."""
        return self.settings.time

    @property
    def weight(self) -> str | None:
        """The column of role `weight`, if there is one."""
        return next((column.name for column in self.columns if column.role == "weight"), None)

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits that the stage makes, in the order train, validation, test."""
        return self.stage.splits

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that the `features` step is given (see `DataStage.inputs`)."""
        return self.stage.inputs

    @property
    def features(self) -> tuple[str, ...]:
        """The inputs that an estimator may take as they are, where there is no `features` step."""
        return self.stage.features

    @property
    def y(self) -> pd.Series:
        """The target's values; raises StageFailure when the stage has no target."""
        if self.target is None:
            raise StageFailure(
                f"`{self.stage.name}` has no target", "say which column to predict: `target = …`", setting="target"
            )
        return self.frame[self.target]

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """How much each row counts, or None when all count the same."""
        return None if self.weight is None else self.frame[self.weight].to_numpy(dtype=np.float64)

    def split(self, *names: str) -> Table:
        """The rows of one or several splits, in the order of the snapshot; raises StageFailure on another name."""
        for name in names:
            if name not in self.splits:
                raise self._no_split(name)
        return self.take(np.isin(self.parts, names))

    def take(self, rows: NDArray[np.bool_]) -> Table:
        """The rows for which the mask is true."""
        return replace(
            self,
            frame=self.frame[rows],
            parts=self.parts[rows],
            hashes=self.hashes[rows],
            units=self.units.select(rows),
        )

    def column(self, name: str) -> Column:
        """The declaration of a column; raises StageFailure on another name."""
        for column in self.columns:
            if column.name == name:
                return column
        close = did_you_mean(name, (column.name for column in self.columns))
        hint = f"did you mean `{close}`?" if close else f"it has {_listed([c.name for c in self.columns])}"
        raise StageFailure(f"`{self.stage.name}` has no column `{name}`", hint)

    def __len__(self) -> int:
        return len(self.frame)

    def _no_split(self, name: str) -> StageFailure:
        hint = f"it has {_listed(self.splits)}" if self.splits else "say how rows are divided: `split = random(…)`"
        return StageFailure(f"`{self.stage.name}` has no split `{name}`", hint, setting="split")


def load_table(context: StageContext, stage_name: str) -> Table:
    """All rows of a data stage that `context` has among its inputs; raises StoreError when they cannot be read."""
    stage = declared(context.pipeline, stage_name)
    frame = snapshot.read_rows(context.open_input(stage_name, "rows"), stage)
    marks = snapshot.read_splits(context.open_input(stage_name, "splits"))
    return Table(stage, frame, marks.parts, marks.hashes, Units(marks.units, unit_label(stage.settings)))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
