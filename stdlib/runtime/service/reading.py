"""Reading the request log and feedback, again and again: each file is read once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.data.snapshot import frame_of
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.files import LogFile, current, day_of, list_files, parse_parquet, start_of
from mlopsc.stdlib.runtime.service.heartbeats import INTERVAL, Heartbeat, newest_heartbeats
from mlopsc.stdlib.runtime.service.records import INPUT, LogSchema, log_schema

_BATCH = 256
_LOOKS = 5
_LATEST = 253_402_300_800.0
_DAY = 86_400.0
_DEAD = 900.0


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of time, in seconds since 1970, of which rows of an instance are or may be missing."""

    instance: str
    start: float
    end: float
    reason: str


@dataclass
class _Day:
    """What was read of one day of one log: its files, and their rows as one table."""

    files: set[LogFile] = field(default_factory=set)
    table: pa.Table | None = None
    damaged: set[LogFile] = field(default_factory=set)


class ServiceLog:
    """The request log and feedback of a release. Keep one and ask it again: files never change, so each is read once.

    Windows are half open, [since, until), in seconds since 1970. Rows are in the order of their time. Input columns
    are named `x.<column>` and have the types that `Table` documents.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._schema = log_schema(deployment)
        self._days: dict[tuple[str, date], _Day] = {}

    @property
    def schema(self) -> LogSchema:
        """What is stored."""
        return self._schema

    def requests(self, since: float, until: float) -> pd.DataFrame:
        """The answers of a window: the columns of the request log, `time` as datetime64[us, UTC]."""
        table = self._window(self._deployment.requests, self._schema.requests, since, until)
        return self._request_frame(table)

    def feedback(self, since: float, until: float) -> pd.DataFrame:
        """What was told in a window: `id`, `y`, `time`; of several about one prediction the first."""
        return self._first(self._window(self._deployment.feedback, self._schema.feedback, since, until))

    def labelled(self, since: float, until: float) -> pd.DataFrame:
        """The answers of a window of which the truth is known by now, with `y` and `y_time`, when it was told."""
        requests = self.requests(since, until)
        # A router whose clock is behind may be told the truth before the answer was given.
        told = self._window(
            self._deployment.feedback, self._schema.feedback, since - _DAY, max(until, clock.now()) + _DAY
        )
        return requests.merge(self._first(told).rename(columns={"time": "y_time"}), on="id", how="inner")

    def instances(self) -> dict[str, Heartbeat]:
        """The newest sign of life of each instance."""
        return newest_heartbeats(self._deployment.store, self._deployment.heartbeats)

    def gaps(self, since: float, until: float) -> list[Gap]:
        """The spans of a window of which rows are or may be missing, by time."""
        found = [gap for beat in self.instances().values() for gap in _gaps_of(beat, until, time.time())]
        found += self._damaged(since, until)
        cut = (Gap(one.instance, max(one.start, since), min(one.end, until), one.reason) for one in found)
        return sorted((one for one in cut if one.start < one.end), key=lambda one: (one.start, one.instance))

    def _damaged(self, since: float, until: float) -> Iterator[Gap]:
        for prefix, schema in self._logs:
            self._read(prefix, schema, since, until)
            for (where, day), known in self._days.items():
                start = start_of(day)
                for file in known.damaged if where == prefix else ():
                    yield Gap(file.instance, start, start + _DAY, f"`{file.key}` is damaged")

    @property
    def _logs(self) -> tuple[tuple[str, pa.Schema], ...]:
        requests = (self._deployment.requests, self._schema.requests)
        return requests, (self._deployment.feedback, self._schema.feedback)

    def _request_frame(self, table: pa.Table) -> pd.DataFrame:
        fixed = [name for name in table.column_names if not name.startswith(INPUT)]
        inputs = [_present(one, table[f"{INPUT}{one.name}"]) for one in self._schema.columns]
        given = table.select([f"{INPUT}{one.name}" for one in inputs]).rename_columns([one.name for one in inputs])
        frame = frame_of(_as_stored(given, inputs), inputs, self._schema.zone).add_prefix(INPUT)
        answers: pd.DataFrame = table.select(fixed).to_pandas()
        return pd.concat([answers, frame], axis=1)

    def _first(self, table: pa.Table) -> pd.DataFrame:
        frame: pd.DataFrame = table.to_pandas()
        return frame.drop_duplicates("id", ignore_index=True)

    def _window(self, prefix: str, schema: pa.Schema, since: float, until: float) -> pa.Table:
        """The rows of a window by time and id: those of each day are in order already."""
        table = pa.concat_tables([schema.empty_table(), *self._read(prefix, schema, since, until)])
        bounds = [round(min(max(bound, 0.0), _LATEST) * 1e6) for bound in (since, until)]
        first, last = np.searchsorted(pc.cast(table["time"], pa.int64()).to_numpy(), bounds)
        return table.slice(first, max(last - first, 0))

    def _read(self, prefix: str, schema: pa.Schema, since: float, until: float) -> list[pa.Table]:
        """The tables of the days of a window, with what is new in them."""
        if until <= since:
            return []
        first, last = day_of(max(since, 0.0)), day_of(max(min(until, clock.now() + 2 * _DAY), 0.0))
        for _ in range(_LOOKS):
            files = current(list_files(self._deployment.store, prefix, first, last))
            by_day = {day: set(of_day) for day, of_day in groupby(sorted(files, key=_day), key=_day)}
            for where, day in [*self._days]:
                if where == prefix and first <= day <= last and day not in by_day:
                    del self._days[where, day]
            days = [self._read_day(prefix, day, found, schema) for day, found in by_day.items()]
            if all(found <= self._days[prefix, day].files for day, found in by_day.items()):
                break
        return [day.table for day in days if day.table is not None]

    def _read_day(self, prefix: str, day: date, files: set[LogFile], schema: pa.Schema) -> _Day:
        known = self._days.get((prefix, day))
        if known is None or not known.files <= files:  # some of what was read has been merged or forgotten since
            known = self._days[prefix, day] = _Day()
        fresh = sorted(files - known.files)
        if fresh:
            tables = [] if known.table is None else [known.table]
            tables += list(self._load(fresh, schema, known))
            if tables:
                by_time = [("time", "ascending"), ("id", "ascending")]
                known.table = pa.concat_tables(tables).sort_by(by_time).combine_chunks()
        return known

    def _load(self, files: Sequence[LogFile], schema: pa.Schema, day: _Day) -> Iterator[pa.Table]:
        store = self._deployment.store
        with ThreadPoolExecutor(2) as pool:
            for first in range(0, len(files), _BATCH):
                batch = files[first : first + _BATCH]
                values = store.get_many([file.key for file in batch])
                for file, value, table in zip(batch, values, pool.map(_parsed, values), strict=True):
                    if value is None:  # merged or deleted since it was listed
                        continue
                    day.files.add(file)
                    if table is None:
                        day.damaged.add(file)
                    else:
                        yield conformed(table, schema)


def _parsed(value: bytes | None) -> pa.Table | None:
    return None if value is None else parse_parquet(value)


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A table with exactly these columns: what it lacks, or cannot be of the type, is missing."""
    if table.schema.equals(schema):
        return table.replace_schema_metadata(None)
    return pa.Table.from_arrays([_cast(table, one) for one in schema], schema=schema)


def _cast(table: pa.Table, wanted: pa.Field) -> pa.ChunkedArray:
    absent = pa.chunked_array([pa.nulls(table.num_rows, wanted.type)])
    if wanted.name not in table.column_names:
        return absent
    try:
        return table[wanted.name].cast(wanted.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return absent


def _as_stored(table: pa.Table, columns: Sequence[Column]) -> pa.Table:
    """Categories as a snapshot has them."""
    for place, column in enumerate(columns):
        if column.type["function"] == "category":
            table = table.set_column(place, column.name, pc.dictionary_encode(table[column.name]))
    return table


def _present(column: Column, values: pa.ChunkedArray) -> Column:
    """The column, said to have missing values where it has some."""
    return column.model_copy(update={"missing": 1.0}) if values.null_count else column


def _gaps_of(beat: Heartbeat, until: float, wall: float) -> Iterator[Gap]:
    for loss in beat.losses:
        reason = f"{loss.rows:,} rows were lost while the store could not be written"
        yield Gap(beat.instance, loss.first, loss.last + 1e-6, reason)
    silent = wall - beat.wall
    if beat.ended or beat.is_live(wall):
        return
    if silent < _DEAD and not beat.is_dead:
        yield Gap(beat.instance, beat.flushed_at, until, f"no sign of life for {silent:.0f} s")
    else:
        yield Gap(beat.instance, beat.flushed_at, beat.at + 2 * INTERVAL, "it ended without writing its last rows")


def _day(file: LogFile) -> date:
    return file.day
