"""Deleting what has been kept long enough, and what someone wants forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.files import LogFile, current, list_files, parquet_bytes, parse_parquet, start_of
from mlopsc.stdlib.runtime.service.keys import VARIABLE, find_secret, fingerprint, unit_of
from mlopsc.stdlib.runtime.service.records import SECRET
from mlopsc.stdlib.runtime.store.faults import OperationError

_DAY = 86_400.0
_EVER = (date.min, date.max)
_BATCH = 64


@dataclass(frozen=True)
class Forgotten:
    """How many rows of the request log and of feedback were deleted.

    `unreadable` are the keys of files that could not be searched: damaged, or written with another secret.
    """

    requests: int
    feedback: int
    unreadable: tuple[str, ...] = ()


def prune(deployment: Deployment, now: float) -> int:
    """Delete the days that ended longer ago than the `retention` of the release; the number of files.

    Nothing is deleted where the release has no retention.
    """
    retention = deployment.settings.log.retention
    if retention is None:
        return 0
    files = [
        file
        for prefix in (deployment.requests, deployment.feedback)
        for file in list_files(deployment.store, prefix, *_EVER)
        if start_of(file.day) + _DAY + retention.seconds <= now
    ]
    for file in files:
        deployment.store.delete(file.key)
    return len(files)


def forget(deployment: Deployment, key: Any) -> Forgotten:
    """Delete all rows of the unit of a key, and the feedback on them; once more finds nothing.

    Feedback goes first: whoever is stopped in between finds the ids again the next time. Rows that a router has not
    written yet are not found. Raises OperationError when the project has no secret.
    """
    secret = find_secret(deployment.project)
    if secret is None:
        fact = "there is no secret here with which the routers of this release made units of keys"
        raise OperationError(fact, f"set `{VARIABLE}` to the one that they have")
    search = _Search(deployment, unit_of(secret, key), fingerprint(secret).encode())
    ids = pa.array(search.ids(), pa.string())
    feedback = search.remove(deployment.feedback, lambda table: pc.is_in(table["id"], value_set=ids))
    requests = search.remove(deployment.requests, search.is_meant)
    return Forgotten(requests, feedback, tuple(sorted(search.unreadable)))


Mask = Callable[[pa.Table], Any]


@dataclass
class _Search:
    """A unit in the files of a release, of which `unreadable` could not be searched."""

    deployment: Deployment
    unit: str
    mark: bytes
    unreadable: set[str] = field(default_factory=set)

    def is_meant(self, table: pa.Table) -> Any:
        """Which rows of the request log are those of the unit."""
        return pc.equal(table["unit"], self.unit)

    def ids(self) -> list[str]:
        """The ids of the predictions that were made for the unit, in whatever files they stand."""
        found: set[str] = set()
        for _, table in self._tables(self.deployment.requests):
            if table is not None:
                found |= set(table.filter(self.is_meant(table))["id"].to_pylist())
        return sorted(found)

    def remove(self, prefix: str, is_meant: Mask) -> int:
        """Write each file that holds such rows anew without them; the number of rows.

        Where someone else does the same to a file at the same time, one of the two looks again.
        """
        removed, is_settled = 0, False
        while not is_settled:
            is_settled = True
            self._drop_replaced(prefix)
            for file, table in self._tables(prefix):
                if table is None:
                    is_settled = False
                    continue
                mask = is_meant(table)
                if not pc.any(mask).as_py():
                    continue
                if self._replace(file, table.filter(pc.invert(mask))):
                    removed += int(pc.sum(mask).as_py())
                else:
                    is_settled = False
        return removed

    def _drop_replaced(self, prefix: str) -> None:
        """Delete what someone has written anew and was stopped before deleting."""
        files = list_files(self.deployment.store, prefix, *_EVER)
        for file in sorted(set(files) - set(current(files))):
            self.deployment.store.delete(file.key)

    def _replace(self, file: LogFile, rest: pa.Table) -> bool:
        """Write the next generation, empty or not, and only then delete this one: nothing else can be lost."""
        store = self.deployment.store
        written = store.put_if_absent(replace(file, generation=file.generation + 1).key, parquet_bytes(rest))
        if written:
            store.delete(file.key)
        return written

    def _tables(self, prefix: str) -> Iterator[tuple[LogFile, pa.Table | None]]:
        """All files and what they hold; None for one that has gone since it was listed."""
        files = list_files(self.deployment.store, prefix, *_EVER)
        for first in range(0, len(files), _BATCH):
            batch = files[first : first + _BATCH]
            values = self.deployment.store.get_many([file.key for file in batch])
            yield from self._readable(batch, values)

    def _readable(
        self, files: Sequence[LogFile], values: Sequence[bytes | None]
    ) -> Iterator[tuple[LogFile, pa.Table | None]]:
        for file, value in zip(files, values, strict=True):
            table = None if value is None else parse_parquet(value)
            if value is not None and (table is None or (table.schema.metadata or {}).get(SECRET) != self.mark):
                self.unreadable.add(file.key)
            else:
                yield file, table
