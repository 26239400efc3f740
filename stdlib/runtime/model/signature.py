"""What a model takes and gives: the contract between training, tests and service."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from pydantic import JsonValue

from mlopsc.compiler.ir.model import Column, Frozen
from mlopsc.compiler.schema.declarations import Task
from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.model.faults import ModelError

_NUMBERS = {"int": "int64", "bool": "bool"}


class InputColumn(Frozen):
    """A column that the model is given, as declared, with what the training rows showed of it.

    `levels` are those of a category. `low` and `high` are the extremes of numbers in the training rows; personal
    data has none.
    """

    name: str
    type: str
    optional: bool
    levels: tuple[str, ...] | None = None
    low: float | None = None
    high: float | None = None


class Signature(Frozen):
    """The columns that a model is given, and what it predicts; `classes` are the values of a class in order."""

    inputs: tuple[InputColumn, ...]
    target: str
    task: Task
    zone: str = "UTC"
    classes: tuple[JsonValue, ...] | None = None

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The columns of the signature with the types of the data stage (see `Table`) and a new index.

        Other columns are dropped. A level that no row had is missing. Raises ModelError when a column is absent, a
        value is missing that may not be, or is not of its type.
        """
        names = [column.name for column in self.inputs]
        if absent := [name for name in names if name not in frame.columns]:
            raise ModelError(f"the rows have no column `{absent[0]}`", f"the model takes {_listed(names)}")
        rows = frame[names].reset_index(drop=True)
        missing = rows.isna().to_numpy()
        for place, column in enumerate(self.inputs):
            if not column.optional and missing[:, place].any():
                raise ModelError(f"column `{column.name}` has missing values", "its schema allows none")
        # Most frames have the types already, and for a single row every needless copy counts.
        found = zip(self.inputs, rows.dtypes, strict=True)
        changed = {one.name: self._typed(rows[one.name], one) for one, dtype in found if not self._fits(one, dtype)}
        rows = rows.assign(**changed) if changed else rows
        return rows

    def _fits(self, column: InputColumn, dtype: Any) -> bool:
        wanted = _dtype(column, self.zone)
        return wanted is None or bool(dtype == wanted)

    def _typed(self, values: pd.Series, column: InputColumn) -> Any:
        try:
            return _cast(values, column, self.zone)
        except (TypeError, ValueError) as error:
            raise ModelError(f"column `{column.name}` is no {column.type}: {error}") from error


@cache
def _dtype(column: InputColumn, zone: str) -> Any:
    """The type of a column in a table; None for those that pass as they are."""
    match column.type:
        case "int" | "float" | "bool":
            return "float64" if column.optional or column.type == "float" else _NUMBERS[column.type]
        case "category":
            return pd.CategoricalDtype(list(column.levels or ()))
        case "timestamp":
            return f"datetime64[us, {zone}]"
        case "date":
            return "datetime64[us]"
        case _:
            return None


def _cast(values: pd.Series, column: InputColumn, zone: str) -> Any:
    wanted = _dtype(column, zone)
    if column.type in ("timestamp", "date"):
        times = pd.to_datetime(values)
        if column.type == "timestamp":
            times = times.dt.tz_localize(zone) if times.dt.tz is None else times.dt.tz_convert(zone)
        return times.dt.as_unit("us")
    if column.type == "category":
        values = values.where(values.isin(column.levels or ()))
    return values.astype(wanted)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def read_signature(table: Table, inputs: tuple[str, ...], task: Task) -> Signature:
    """The signature of a model that is fitted on the rows of `table` and given the columns `inputs`."""
    columns = tuple(_observed(table.column(name), table.frame[name]) for name in inputs)
    return Signature(inputs=columns, target=str(table.target), task=task, zone=table.settings.zone)


def _observed(column: Column, values: pd.Series) -> InputColumn:
    word = str(column.type["function"])
    levels = tuple(map(str, values.cat.categories)) if word == "category" else None
    low, high = (None, None) if column.role == "pii" or word not in ("int", "float") else _extremes(values)
    return InputColumn(name=column.name, type=word, optional=column.missing > 0, levels=levels, low=low, high=high)


def _extremes(values: pd.Series) -> tuple[float | None, float | None]:
    known: Any = values.dropna().to_numpy(dtype=np.float64)
    return (float(known.min()), float(known.max())) if known.size else (None, None)
