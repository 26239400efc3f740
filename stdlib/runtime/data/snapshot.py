"""Snapshots: the rows and splits of a data stage as Parquet, the same bytes for the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.declared import DataStage

_SPLITS = pa.schema(
    [
        ("row", pa.int64()),
        ("split", pa.dictionary(pa.int32(), pa.string())),
        ("hash", pa.uint64()),
        ("unit", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Marks:
    """What is known of each row beside its values: its split ("" for none), content hash and independent unit."""

    parts: NDArray[np.object_]
    hashes: NDArray[np.uint64]
    units: NDArray[np.int64]


def read_rows(path: Path, stage: DataStage) -> pd.DataFrame:
    """The rows of a snapshot with the types that `Table` documents."""
    table = pq.ParquetFile(path).read()
    zone = stage.settings.zone
    return pd.DataFrame({column.name: _series(table[column.name], column, zone) for column in stage.kept})


def read_splits(path: Path) -> Marks:
    """The marks of a snapshot's rows, in their order."""
    table = pq.ParquetFile(path).read()
    parts = table["split"].cast(pa.string()).fill_null("").to_numpy(zero_copy_only=False).astype(object)
    return Marks(parts, table["hash"].to_numpy(), table["unit"].to_numpy())


def _series(values: pa.ChunkedArray, column: Column, zone: str) -> pd.Series:
    word = column.type["function"]
    if word in ("int", "bool") and column.missing > 0:
        values = values.cast(pa.float64(), safe=False)
    elif word == "date":
        values = values.cast(pa.timestamp("us"))
    series: pd.Series = values.to_pandas()
    if word == "category":
        return _levels(series, column)
    return series.dt.tz_convert(zone) if word == "timestamp" else series


def _levels(values: pd.Series, column: Column) -> pd.Series:
    levels = values.cat.categories.sort_values() if column.values is None else [*map(str, column.values)]
    return values.cat.set_categories(levels)
