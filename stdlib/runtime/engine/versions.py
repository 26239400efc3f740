"""The versions of a model: `versions/<model>/<n>.json`, create-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlopsc.stdlib.runtime.release.state import ReleaseLog
from mlopsc.stdlib.runtime.store.log import Entry, Log
from mlopsc.stdlib.runtime.store.protocol import Store


def register(store: Store, model: str, train_key: str, record: Mapping[str, Any]) -> int:
    """Add a version of the model that the train stage made under `train_key`; its number, also if it was there.

    A model that several gates let through (`test` in the record) is a version for each, as each is evidence of its
    own.
    """
    log, gate = Log(store, f"versions/{model}"), record.get("test")

    def decide(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
        return None if _find(entries, train_key, gate) else {**record, "train_key": train_key}

    added = log.append(decide) or _find(log.read(), train_key, gate)
    assert added is not None
    return added.number


def champion(store: Store, model: str, train_key: str, release_logs: Sequence[str] = ()) -> Entry | None:
    """The version that a candidate (the model made under `train_key`) has to beat; None before the first release.

    It is the one in service by the logs of releases with these prefixes. Where none has been in service yet, it is
    the newest version. A candidate in service itself is held against the one before it, as when it came. Raises
    StoreError when a log is damaged.
    """
    entries = Log(store, f"versions/{model}").read()
    others = [entry for entry in entries if entry.record and entry.record["train_key"] != train_key]
    if served := [number for prefix in release_logs for number in _served(store, prefix)]:
        known = {entry.number: entry for entry in others}
        return next((known[number] for number in served if number in known), None)
    return others[-1] if others else None


def _served(store: Store, prefix: str) -> Iterator[int]:
    """The versions that have been the champion of a release, the one in service first."""
    for record in reversed(ReleaseLog(store, prefix).records()):
        if (number := record["state"]["champion"]) is not None:
            yield int(number)


def _find(entries: Sequence[Entry], train_key: str, gate: str | None) -> Entry | None:
    named = ((entry, entry.record) for entry in entries if entry.record)
    return next((one for one, record in named if (record["train_key"], record.get("test")) == (train_key, gate)), None)
