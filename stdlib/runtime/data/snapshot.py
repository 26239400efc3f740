"""Snapshots: the rows and splits of a data stage as Parquet, the same bytes for the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.declared import DataStage
from mlopsc.stdlib.runtime.data.typed import levels_of
from mlopsc.stdlib.runtime.engine.outcome import StageFailure

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


@dataclass(frozen=True)
class RowSet:
    """Rows of the declared columns: as they are stored, and as `Table` documents them."""

    table: pa.Table
    frame: pd.DataFrame

    def take(self, rows: NDArray[np.bool_]) -> RowSet:
        """The rows for which the mask is true, numbered anew."""
        return RowSet(self.table.filter(pa.array(rows)), self.frame[rows].reset_index(drop=True))


def row_set(columns: Sequence[Column], values: Sequence[pa.Array], zone: str) -> RowSet:
    """The rows that these columns make up."""
    table = pa.table(list(values), names=[column.name for column in columns])
    return RowSet(table, frame_of(table, columns, zone))


def write_rows(path: Path, table: pa.Table) -> str:
    """Write rows as Parquet; gives the SHA-256 of the file. Raises StageFailure when it cannot be written.

    Equal rows make equal bytes with one version of pyarrow.
    """
    _write(path, table)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_splits(path: Path, marks: Marks) -> None:
    """Write what is known of each row: its position, split, content hash and unit."""
    parts = pa.array(marks.parts, pa.string(), mask=marks.parts == "").dictionary_encode()
    columns = [np.arange(len(marks.parts)), parts, marks.hashes, marks.units]
    _write(path, pa.table(columns, schema=_SPLITS))


def _write(path: Path, table: pa.Table) -> None:
    try:
        with path.open("wb") as file:  # a path itself must be UTF-8 for Arrow, and may look like a URL to it
            pq.write_table(table, file, compression="zstd")
    except OSError as error:
        reason = error.strerror or str(error)
        fact = f"the snapshot cannot be written to `{path}`: {reason}"
        raise StageFailure(fact, "free some space there", outside=True) from error


def read_table(path: Path) -> pa.Table:
    """What stands in a file of a snapshot."""
    with path.open("rb") as file:
        return pq.ParquetFile(file).read()


def read_rows(path: Path, stage: DataStage) -> pd.DataFrame:
    """The rows of a snapshot with the types that `Table` documents."""
    return frame_of(read_table(path), stage.kept, stage.settings.zone)


def read_splits(path: Path) -> Marks:
    """The marks of a snapshot's rows, in their order."""
    table = read_table(path)
    parts = table["split"].cast(pa.string()).fill_null("").to_numpy(zero_copy_only=False).astype(object)
    return Marks(parts, table["hash"].to_numpy(), table["unit"].to_numpy())


def frame_of(table: pa.Table, columns: Sequence[Column], zone: str) -> pd.DataFrame:
    """Stored rows of these columns with the types that `Table` documents."""
    return pd.DataFrame({column.name: _series(table[column.name], column, zone) for column in columns})


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
    declared = levels_of(column)
    others = sorted(set(values.cat.categories) - set(declared))
    return values.cat.set_categories([*declared, *others])
