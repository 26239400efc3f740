"""The files of a log: a folder a day, a folder an instance, and numbered files that never change."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from mlopsc.stdlib.runtime.store.protocol import Store

_KEY = re.compile(r"(.+)/date=(\d{4}-\d\d-\d\d)/instance=([^/]+)/(\d{8})(?:-(\d{8}))?(?:\.(\d+))?\.parquet")
_MOST_FOLDERS = 62


@dataclass(frozen=True, order=True)
class LogFile:
    """One file of the numbers `first` to `last` of an instance: one number as it was written, several if merged since.

    `generation` counts how often it was written anew with fewer rows. A file takes the place of those whose numbers it
    has, and of its own earlier generations.
    """

    prefix: str
    day: date
    instance: str
    first: int
    last: int
    generation: int = 0

    @property
    def folder(self) -> str:
        """The folder that it lies in."""
        return f"{day_folder(self.prefix, self.day)}/instance={self.instance}"

    @property
    def key(self) -> str:
        """Where it lies."""
        numbers = f"{self.first:08d}" + (f"-{self.last:08d}" if self.last > self.first else "")
        return f"{self.folder}/{numbers}{f'.{self.generation}' if self.generation else ''}.parquet"


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
    prefix, day, instance, first, last, generation = found.groups()
    return LogFile(prefix, date.fromisoformat(day), instance, int(first), int(last or first), int(generation or 0))


def list_files(store: Store, prefix: str, first: date, last: date) -> list[LogFile]:
    """All files of these days, both included; also those whose place another has taken."""
    if (last - first).days >= _MOST_FOLDERS:
        return [file for file in files_below(store, prefix) if first <= file.day <= last]
    days = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return [file for day in days for file in files_below(store, day_folder(prefix, day))]


def files_below(store: Store, folder: str) -> list[LogFile]:
    """All files below a folder of a log, in order."""
    return sorted(file for file in map(parse_key, store.list(folder)) if file is not None)


def current(files: Iterable[LogFile]) -> list[LogFile]:
    """The files whose place no other has taken, in order."""
    kept: list[LogFile] = []
    for file in sorted(files, key=_widest_first):
        if not (kept and kept[-1].folder == file.folder and file.last <= kept[-1].last):
            kept.append(file)
    return kept


def _widest_first(file: LogFile) -> tuple[str, date, str, int, int, int]:
    return file.prefix, file.day, file.instance, file.first, -file.last, -file.generation


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
