"""Deleting what has been kept long enough, and what someone wants forgotten."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.files import LogFile, current, files_below, parquet_bytes, parse_parquet, start_of
from mlopsc.stdlib.runtime.service.heartbeats import newest_keys, read_heartbeat
from mlopsc.stdlib.runtime.service.keys import VARIABLE, find_secret, fingerprint, unit_of
from mlopsc.stdlib.runtime.service.records import SECRET
from mlopsc.stdlib.runtime.store.faults import OperationError

_DAY = 86_400.0
_REMEMBERED = 7 * _DAY
_BATCH = 64
_IDENTITY = ("id", "time", "version", "role", "y")
"""What tells rows of either log apart."""


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

    What instances that have ended said of themselves goes with them. Without a retention, all of it stays.
    """
    _prune_requests_to_forget(deployment, now)
    retention = deployment.settings.log.retention
    if retention is None:
        return 0
    oldest = now - retention.seconds
    files = [
        file.key
        for prefix in (deployment.requests, deployment.feedback)
        for file in files_below(deployment.store, prefix)
        if start_of(file.day) + _DAY <= oldest
    ]
    for key in [*files, *_old_heartbeats(deployment, oldest)]:
        deployment.store.delete(key)
    return len(files)


def _old_heartbeats(deployment: Deployment, oldest: float) -> Iterator[str]:
    keys = list(newest_keys(deployment.store, deployment.heartbeats).values())
    for key, value in zip(keys, deployment.store.get_many(keys), strict=True):
        beat = read_heartbeat(value or b"")
        if beat is not None and beat.at < oldest:
            yield key


def _prune_requests_to_forget(deployment: Deployment, now: float) -> None:
    for key, request in _requests_to_forget(deployment):
        if request["at"] < now - _REMEMBERED:
            deployment.store.delete(key)


def forget(deployment: Deployment, key: Any) -> Forgotten:
    """Delete all rows of the unit of a key, and the feedback on them; once more finds nothing.

    Feedback goes first: whoever is stopped in between finds the ids again the next time. Rows that a router has not
    written yet are not found. Raises OperationError when the project has no secret.
    """
    secret = find_secret(deployment.project)
    if secret is None:
        fact = "there is no secret here with which the routers of this release made units of keys"
        raise OperationError(fact, f"set `{VARIABLE}` to the one that they have")
    search = _Search(deployment, fingerprint(secret).encode())
    unit = unit_of(secret, key)
    ids = search.ids(unit)
    if not ids:
        return Forgotten(0, 0, tuple(sorted(search.unreadable)))
    # Whoever merges files meanwhile looks here once the merged file is there.
    value = json.dumps({"at": clock.now(), "unit": unit, "ids": ids}).encode()
    deployment.store.put_if_absent(f"{_to_forget(deployment)}/{unit}-{secrets.token_hex(4)}.json", value)
    feedback = search.remove(deployment.feedback, _of(unit, ids))
    requests = search.remove(deployment.requests, _of(unit, ids))
    return Forgotten(requests, feedback, tuple(sorted(search.unreadable)))


def forget_in(deployment: Deployment, file: LogFile) -> None:
    """Delete from a file that was just written what was asked to be forgotten in these days."""
    for _, request in _requests_to_forget(deployment):
        table = parse_parquet(deployment.store.get(file.key) or b"")
        if table is None:
            return
        mask = _of(request["unit"], request["ids"])(table)
        if pc.any(mask).as_py():
            _replace(deployment, file, table.filter(pc.invert(mask)))
            file = replace(file, generation=file.generation + 1)


def _to_forget(deployment: Deployment) -> str:
    return f"forget/{deployment.name}/{deployment.environment}"


def _requests_to_forget(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    keys = list(deployment.store.list(_to_forget(deployment)))
    for key, value in zip(keys, deployment.store.get_many(keys) if keys else (), strict=True):
        if value is not None:
            yield key, json.loads(value)


Mask = Callable[[pa.Table], Any]


def _of(unit: str, ids: Sequence[str]) -> Mask:
    """Which rows of either log are those of a unit with these predictions."""
    predictions = pa.array(ids, pa.string())

    def mask(table: pa.Table) -> Any:
        found = pc.is_in(table["id"], value_set=predictions)
        return pc.or_(found, pc.equal(table["unit"], unit)) if "unit" in table.column_names else found

    return mask


def _replace(deployment: Deployment, file: LogFile, rest: pa.Table) -> bool:
    """Write the next generation, empty or not, and only then delete this one: nothing else can be lost."""
    following = replace(file, generation=file.generation + 1)
    is_written = deployment.store.put_if_absent(following.key, parquet_bytes(rest))
    if is_written:
        deployment.store.delete(file.key)
    return is_written


@dataclass
class _Search:
    """The files of a release whose units were made with one secret; `unreadable` are the others."""

    deployment: Deployment
    mark: bytes
    unreadable: set[str] = field(default_factory=set)

    def ids(self, unit: str) -> list[str]:
        """The ids of the predictions that were made for the unit, in whatever files they stand."""
        found: set[str] = set()
        is_settled = False
        while not is_settled:
            is_settled = True
            for _, table in self._tables(self.deployment.requests):
                if table is None:
                    is_settled = False
                else:
                    found |= set(table.filter(pc.equal(table["unit"], unit))["id"].to_pylist())
        return sorted(found)

    def remove(self, prefix: str, is_meant: Mask) -> int:
        """Write each file that holds such rows anew without them; the number of rows.

        All files are looked at again until nothing was found and none has gone: someone else may write a file anew or
        merge it at the same time.
        """
        removed: set[tuple[Any, ...]] = set()
        is_settled = False
        while not is_settled:
            is_settled = True
            self._drop_replaced(prefix)
            for file, table in self._tables(prefix):
                mask = None if table is None else is_meant(table)
                if mask is None:
                    is_settled = False
                elif pc.any(mask).as_py():
                    is_settled = False
                    removed |= self._without(file, table, mask)
        return len(removed)

    def _without(self, file: LogFile, table: Any, mask: Any) -> set[tuple[Any, ...]]:
        """Write a file anew without some rows, which are returned; none when someone else was faster."""
        if not _replace(self.deployment, file, table.filter(pc.invert(mask))):
            return set()
        found = table.filter(mask).select([name for name in _IDENTITY if name in table.column_names])
        return set(zip(*found.to_pydict().values(), strict=True))

    def _drop_replaced(self, prefix: str) -> None:
        """Delete what someone has written anew and was stopped before deleting."""
        files = files_below(self.deployment.store, prefix)
        for file in sorted(set(files) - set(current(files))):
            self.deployment.store.delete(file.key)

    def _tables(self, prefix: str) -> Iterator[tuple[LogFile, pa.Table | None]]:
        """All files and what they hold; None for one that has gone since it was listed."""
        files = files_below(self.deployment.store, prefix)
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
