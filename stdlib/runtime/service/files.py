"""The files of a log: a folder a day, a folder an instance, and numbered files that never change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from mlopsc.stdlib.runtime.store.protocol import Store

_KEY = re.compile(r"(.+)/date=(\d{4}-\d\d-\d\d)/instance=([^/]+)/(\d{8})(?:\.(\d+))?\.parquet")
_MOST_FOLDERS = 62


@dataclass(frozen=True, order=True)
class LogFile:
    """One file. `generation` counts how often it was written anew with fewer rows; only the highest counts."""

    prefix: str
    day: date
    instance: str
    number: int
    generation: int = 0

    @property
    def key(self) -> str:
        """Where it lies."""
        generation = f".{self.generation}" if self.generation else ""
        return f"{day_folder(self.prefix, self.day)}/instance={self.instance}/{self.number:08d}{generation}.parquet"


def day_of(seconds: float) -> date:
    """The day of a time, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).date()


def start_of(day: date) -> float:
    """When a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def day_folder(prefix: str, day: date) -> str:
    """The folder of the files of a day."""
    return f"{prefix}/date={day.isoformat()}"


def parse_key(key: str) -> LogFile | None:
    """The file of a key; None for a key of something else."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    prefix, day, instance, number, generation = found.groups()
    return LogFile(prefix, date.fromisoformat(day), instance, int(number), int(generation or 0))


def list_files(store: Store, prefix: str, first: date, last: date) -> list[LogFile]:
    """All files of these days, both included, older generations too."""
    if (last - first).days >= _MOST_FOLDERS:
        keys: Iterator[str] = store.list(prefix)
    else:
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        keys = (key for day in days for key in store.list(day_folder(prefix, day)))
    found = (parse_key(key) for key in keys)
    return sorted(file for file in found if file is not None and first <= file.day <= last)


def current(files: Iterable[LogFile]) -> list[LogFile]:
    """The newest generation of each file."""
    newest: dict[tuple[str, date, str, int], LogFile] = {}
    for file in sorted(files):
        newest[file.prefix, file.day, file.instance, file.number] = file
    return list(newest.values())


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as a file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def parse_parquet(value: bytes) -> pa.Table | None:
    """The table that a file holds; None when the file is damaged."""
    try:
        return pq.ParquetFile(pa.BufferReader(value)).read(use_threads=False)
    except (pa.ArrowException, OSError):
        return None
