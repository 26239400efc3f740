"""The index of the store: `index/<key>/<n>.json`, what a stage left under its key.

Records are only ever added. The newest one that is whole, and whose outputs are all there, is the one that counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.stdlib.runtime.engine.outcome import Message, StageRecord, Verdict
from mlopsc.stdlib.runtime.store.log import Entry, Log
from mlopsc.stdlib.runtime.store.protocol import Store


@dataclass(frozen=True)
class Found:
    """What the index says of a key: its record, or why there is none in `trouble` (empty: it was never run)."""

    log: Log
    seen: int
    record: StageRecord | None
    trouble: str = ""


def find(store: Store, key: str) -> Found:
    """Look a key up. A record whose bytes are damaged, or an output of which is gone, does not count."""
    log = Log(store, f"index/{key[:2]}/{key[2:]}")
    entries = log.read()
    record, trouble = _newest(store, entries)
    return Found(log, len(entries), record, trouble)


def save(store: Store, found: Found, record: StageRecord) -> StageRecord:
    """Add a record; if another run has added one since `found` was looked up, that one, which then counts."""
    adopted: list[StageRecord] = []

    def decide(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
        adopted.clear()
        other, _ = _newest(store, entries[found.seen :])
        if other is None:
            return to_json(record)
        adopted.append(other)
        return None

    found.log.append(decide)
    return adopted[0] if adopted else record


def bring(source: Store, store: Store, found: Found, record: StageRecord) -> StageRecord:
    """Copy what a record of another store names, by hash, and add the record; the one that then counts here."""
    for sha256 in record.outputs.values():
        store.put_object(source.local_path(sha256))
    return save(store, found, record)


def _newest(store: Store, entries: Sequence[Entry]) -> tuple[StageRecord | None, str]:
    trouble = ""
    for entry in reversed(entries):
        record = from_json(entry.record) if entry.record else None
        if record is None:
            trouble = trouble or "its record in the store is damaged"
            continue
        gone = [name for name, sha256 in record.outputs.items() if store.size(sha256) != record.sizes[name]]
        if not gone:
            return record, ""
        trouble = trouble or f"its output `{gone[0]}` is gone from the store"
    return None, trouble


def to_json(record: StageRecord) -> dict[str, Any]:
    """A record as JSON."""
    messages = [vars(message) for message in record.messages]
    return {**vars(record), "verdict": record.verdict.value, "messages": messages}


def from_json(value: Mapping[str, Any]) -> StageRecord | None:
    """The record that `to_json` wrote; None when it is none that this version can read."""
    try:
        messages = tuple(Message(**message) for message in value["messages"])
        return StageRecord(**{**value, "verdict": Verdict(value["verdict"]), "messages": messages})
    except (KeyError, TypeError, ValueError):
        return None
