"""The world of a rehearsal: rows that happened, rows that are still to happen, and what trouble does to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.declared import DataStage
from mlopsc.stdlib.runtime.data.rowhash import Hashes, row_hashes, uniform
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.rehearsal.injections import DAY

_KNOWN = 0.8
"""The share of the rows that have happened before the service begins, where no split by time says it."""
_FACTOR = 0.5
"""What numbers that a drift has changed are near to, of what they were."""
_SWAPPED = 0.3
"""The share of rows whose class a drift changes."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 by the golden ratio: its multiples lie far apart
_SECONDS_APART = 3_600.0
"""How far apart rows arrive that carry no time."""
_FIRST = 1_767_225_600.0  # 2026-01-01


@dataclass(frozen=True)
class World:
    """Rows in the order in which they arrive, `arrival` (rows,) in seconds since 1970; service starts at `begins`.

    `ids` tell rows apart: a row that is sent twice is one row of evidence.
    """

    stage: DataStage
    table: pa.Table
    arrival: NDArray[np.float64]
    begins: float
    ids: tuple[str, ...]

    @property
    def ends(self) -> float:
        """When the last row has arrived."""
        return float(self.arrival[-1])

    def between(self, since: float, until: float) -> range:
        """The places of the rows that arrive after `since` and not after `until`."""
        first, last = np.searchsorted(self.arrival, [since, until], side="right")
        return range(int(first), int(last))

    def publish(self, path: Path, until: float) -> None:
        """Write the rows that have arrived as the source of the data stage, at once or not at all."""
        sink = pa.BufferOutputStream()
        pq.write_table(self.table.slice(0, self.between(-np.inf, until).stop), sink)
        write_atomically(path, sink.getvalue().to_pybytes())

    def rows(self, places: range, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Rows as JSON has them: times in ISO 8601, missing values left out."""
        part = self.table.select(list(columns)).slice(places.start, len(places)).to_pylist()
        return [{name: _plain(value) for name, value in row.items() if value is not None} for row in part]

    def truth(self, place: int) -> Any:
        """What turned out to be true of a row; None where nothing did."""
        return _plain(self.table[str(self.stage.settings.target)][place].as_py())


def make_world(stage: DataStage, table: pa.Table, splits: NDArray[np.object_]) -> World:
    """The rows of a data stage in the order in which they happen; raises StageFailure where there is no target.

    With a time, service begins where the test split does, if rows are split by time; else when four fifths have
    happened. Without one, rows come in an order of their own, one an hour.
    """
    if stage.settings.target is None:
        raise StageFailure(f"`{stage.name}` has no target to learn from", "say which column it is: `target = …`")
    hashes = _told_apart(row_hashes(table, table.column_names))
    times = _times(stage, table)
    order = np.argsort(uniform(hashes, "arrival") if times is None else times, kind="stable")
    table, hashes = table.take(pa.array(order)), hashes[order]
    first = _first_to_come(stage, splits[order], len(order))
    arrival = np.asarray(
        _FIRST + (np.arange(len(order)) - first) * _SECONDS_APART if times is None else times[order], dtype=np.float64
    )
    ids = tuple(f"{number:016x}" for number in hashes)
    return World(stage, table, arrival, float(np.floor(arrival[first] / DAY) * DAY), ids)


def _told_apart(hashes: Hashes) -> Hashes:
    """Hashes of which none comes twice: rows that are alike in all columns are still several, and come apart."""
    copies = pd.Series(hashes).groupby(hashes).cumcount().to_numpy().astype(np.uint64)
    return np.asarray(hashes + copies * _GOLDEN, dtype=np.uint64)


def _first_to_come(stage: DataStage, splits: NDArray[np.object_], rows: int) -> int:
    held_out = np.flatnonzero(splits == "test")
    by_time = stage.settings.split is not None and stage.settings.split.word == "by_time"
    return int(held_out[0]) if by_time and held_out.size else int(rows * _KNOWN)


def _times(stage: DataStage, table: pa.Table) -> NDArray[np.float64] | None:
    if stage.settings.time is None:
        return None
    column = table[stage.settings.time].combine_chunks()
    if column.null_count:
        raise StageFailure(f"rows without `{stage.settings.time}` cannot be replayed", "allow none, or leave them out")
    return np.asarray(column.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(), dtype=np.float64) / 1e6


def drifted(world: World, since: float) -> World:
    """The world in which a feature shifts and what is true follows other rules for rows that arrive after `since`.

    What is true of a row, and all that gives it away, is taken whole from another row, so that columns still fit
    together: from one whose number is near half of the row's own, or of another class for three rows in ten.
    """
    late = world.arrival > since
    if not late.any():
        return world
    columns = {column.name: column for column in world.stage.kept}
    target = str(world.stage.settings.target)
    donors = _donors(world.table[target].combine_chunks(), late, world)
    outcomes = [target, *(name for name, column in columns.items() if column.role == "leak")]
    table = world.table
    for name in outcomes:
        taken = table[name].combine_chunks().take(pa.array(donors))
        table = table.set_column(table.column_names.index(name), table.schema.field(name), taken)
    return replace(world, table=_shifted(table, late, shifting_column(world.stage)))


def shifting_column(stage: DataStage) -> Column | None:
    """The feature that a drift shifts: the last that is a number; None where there is none."""
    settings = stage.settings
    taken = {settings.target, settings.time, *settings.key}
    numbers = [one for one in stage.kept if one.role is None and one.name not in taken]
    found = [one for one in numbers if one.type["function"] == "float"]
    found = found or [one for one in numbers if one.type["function"] == "int"]
    return found[-1] if found else None


def _donors(target: pa.Array, late: NDArray[np.bool_], world: World) -> NDArray[np.int64]:
    donors = np.arange(len(target))
    early = np.flatnonzero(~late)
    if pa.types.is_integer(target.type) or pa.types.is_floating(target.type):
        values = target.cast(pa.float64()).to_numpy(zero_copy_only=False)
        early = early[np.isfinite(values[early])]
        ranked = early[np.argsort(values[early], kind="stable")]
        wanted = values[late] * _FACTOR
        near = np.searchsorted(values[ranked], np.where(np.isfinite(wanted), wanted, 0.0)).clip(0, len(ranked) - 1)
        donors[late] = np.where(np.isfinite(wanted), ranked[near], donors[late])
        return donors
    codes = pd.factorize(pd.Series(target.to_pandas()))[0]
    drawn = uniform(np.array([int(one, 16) for one in world.ids], dtype=np.uint64), "drift")
    for place in np.flatnonzero(late & (drawn < _SWAPPED)):
        others = early[codes[early] != codes[place]]
        if others.size:
            donors[place] = others[int(drawn[place] / _SWAPPED * others.size)]
    return donors


def _shifted(table: pa.Table, late: NDArray[np.bool_], column: Column | None) -> pa.Table:
    """The table with a column moved by one standard deviation where rows are late, within its declared range."""
    if column is None:
        return table
    kind = table.schema.field(column.name).type
    values = table[column.name].combine_chunks().cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    low, high = np.nanmin(values), np.nanmax(values)
    values[late] += np.nanstd(values[~late])
    values = values.clip(low, high)
    moved = pa.array(np.round(values) if pa.types.is_integer(kind) else values, from_pandas=True).cast(kind)
    return table.set_column(table.column_names.index(column.name), table.schema.field(column.name), moved)


def thinned(world: World, most: int) -> World:
    """The world with at most so many rows still to come, those left out drawn by their content."""
    later = world.between(world.begins - 1e-6, world.ends)
    if len(later) <= most:
        return world
    drawn = uniform(np.array([int(one, 16) for one in world.ids], dtype=np.uint64), "traffic")
    kept = (drawn < most / len(later)) | (np.arange(len(drawn)) < later.start)
    ids = tuple(one for one, keep in zip(world.ids, kept, strict=True) if keep)
    return replace(world, table=world.table.filter(pa.array(kept)), arrival=world.arrival[kept], ids=ids)


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def read_world(rows: Path, splits: Path, stage: DataStage) -> World:
    """The world of a snapshot that the data stage made."""
    table = pq.ParquetFile(rows).read()
    marks = pq.ParquetFile(splits).read()["split"].cast(pa.string())
    return make_world(stage, table, pc.fill_null(marks, "").to_numpy(zero_copy_only=False).astype(object))
