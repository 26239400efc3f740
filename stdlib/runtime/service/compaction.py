"""Merging the many small files of an instance into few, so that a window is read at the speed of its rows.

Only the instance that wrote the files merges them. The merged file comes first, under the range of their numbers, which
takes the place of the single ones for every reader; then they are deleted. A process that dies in between loses and
doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pyarrow as pa

from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.files import (
    LogFile,
    current,
    day_folder,
    files_below,
    parquet_bytes,
    parse_parquet,
)
from mlopsc.stdlib.runtime.service.retention import forget_in

RUN = 64
"""As many files of a day that still goes on are merged into one."""
_MOST_BYTES = 32_000_000


def compact(deployment: Deployment, prefix: str, day: date, instance: str, *, is_over: bool) -> int:
    """Merge the files of an instance and day in runs of 64, or all of them once the day is over; the number merged."""
    store, merged = deployment.store, 0
    files = files_below(store, f"{day_folder(prefix, day)}/instance={instance}")
    found = current(files)
    for file in set(files) - set(found):
        store.delete(file.key)
    for run in _runs(found, is_over=is_over):
        merged += _merge(deployment, run)
    return merged


def _runs(files: Sequence[LogFile], *, is_over: bool) -> Iterator[Sequence[LogFile]]:
    """Neighbours to merge; of a day that goes on only those that were never merged, in full runs."""
    if is_over:
        yield files
        return
    run: list[LogFile] = []
    for file in files:
        run = [*run, file] if file.first == file.last else []
        if len(run) == RUN:
            yield run
            run = []


def _merge(deployment: Deployment, files: Sequence[LogFile]) -> int:
    """Merge neighbours up to 32 MB at a time; a damaged file stays as it is."""
    merged, size = 0, 0
    tables: list[tuple[LogFile, pa.Table]] = []
    for file in files:
        value = deployment.store.get(file.key)
        if value is None:  # someone is deleting or writing these files anew: later
            return merged
        table = parse_parquet(value)
        if table is None or size + len(value) > _MOST_BYTES:
            merged += _write(deployment, tables)
            tables, size = [], 0
        if table is not None:
            tables.append((file, table))
            size += len(value)
    return merged + _write(deployment, tables)


def _write(deployment: Deployment, tables: Sequence[tuple[LogFile, pa.Table]]) -> int:
    if len(tables) < 2:
        return 0
    store, files = deployment.store, [file for file, _ in tables]
    whole = replace(files[0], last=files[-1].last, generation=0)
    if not store.put_if_absent(whole.key, parquet_bytes(pa.concat_tables([table for _, table in tables]))):
        return 0
    # What was to be forgotten may have been taken over from a file that was read before it was written anew.
    forget_in(deployment, whole)
    for file in files:
        store.delete(file.key)
    return len(files)
