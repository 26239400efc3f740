"""Sealed records, and logs of them to which many processes append without a lock."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from mlopsc.stdlib.runtime.store.faults import StoreError
from mlopsc.stdlib.runtime.store.protocol import Store

_HEAD = b'{"sha256":"%s",'
_HEAD_LENGTH = len(_HEAD % (b"0" * 64))


@dataclass(frozen=True)
class Entry:
    """One record of a log. `record` is None when its bytes are damaged; numbers count from 1."""

    number: int
    record: Mapping[str, Any] | None


Decide = Callable[[Sequence[Entry]], Mapping[str, Any] | None]


def canonical(value: Any) -> bytes:
    """JSON that is the same for equal values, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def seal(record: Mapping[str, Any], writer: str = "") -> bytes:
    """A record as one line of JSON that carries the hash of its own bytes, and who wrote it."""
    body = b'"writer":%s,"record":%s}\n' % (json.dumps(writer).encode(), canonical(record))
    return _HEAD % hashlib.sha256(body).hexdigest().encode() + body


def unseal(sealed: bytes) -> dict[str, Any] | None:
    """The record; None when the bytes are not those that were sealed."""
    body = sealed[_HEAD_LENGTH:]
    if sealed[:_HEAD_LENGTH] != _HEAD % hashlib.sha256(body).hexdigest().encode():
        return None
    record: dict[str, Any] = json.loads(sealed)["record"]
    return record


def entry_key(prefix: str, number: int) -> str:
    """The key of an entry of a log."""
    return f"{prefix.rstrip('/')}/{number:08d}.json"


class Log:
    """A log below a prefix. What was read once is not read again: entries never change."""

    def __init__(self, store: Store, prefix: str) -> None:
        self.store = store
        self.prefix = prefix
        self._values: list[bytes] = []
        self._entries: list[Entry] = []

    def read(self) -> Sequence[Entry]:
        """All entries; asks the store for the next numbers until there is none."""
        batch = 2
        while True:
            first = len(self._values) + 1
            keys = [entry_key(self.prefix, number) for number in range(first, first + batch)]
            present = [value for value in takewhile(_exists, self.store.get_many(keys)) if value is not None]
            self._entries += [Entry(first + i, unseal(value)) for i, value in enumerate(present)]
            self._values += present
            if len(present) < batch:
                return tuple(self._entries)
            batch = min(batch * 2, 64)

    def append(self, decide: Decide) -> Entry | None:
        """Add one entry: read all, decide, create the next; if another writer was faster, read and decide again.

        `decide` gets all entries and returns the record to add, or None to add nothing (then None is returned). It
        is called again whenever the log has grown, so it must not have effects of its own.
        """
        writer = os.urandom(8).hex()
        entries = self.read()
        while (record := decide(entries)) is not None:
            number = len(self._values) + 1
            sealed = seal(record, writer)
            if self.store.put_if_absent(entry_key(self.prefix, number), sealed):
                return Entry(number, record)
            entries = self._read_beyond(number)
            # A network may lose the answer to a write that was done: then the entry is there, and it is ours.
            if self._values[number - 1] == sealed:
                return Entry(number, record)
        return None

    def _read_beyond(self, number: int) -> Sequence[Entry]:
        entries = self.read()
        if len(entries) < number:
            raise StoreError(
                f"the store `{self.store.url}` refuses `{entry_key(self.prefix, number)}` and does not show it",
                "check that it may be read as well as written",
            )
        return entries


def _exists(value: bytes | None) -> bool:
    return value is not None
