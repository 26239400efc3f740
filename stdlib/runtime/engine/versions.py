"""The versions of a model: `versions/<model>/<n>.json`, create-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlopsc.stdlib.runtime.store.log import Entry, Log
from mlopsc.stdlib.runtime.store.protocol import Store


def register(store: Store, model: str, train_key: str, record: Mapping[str, Any]) -> int:
    """Add a version of the model that the train stage made under `train_key`; its number, also if it was there."""
    log = Log(store, f"versions/{model}")

    def decide(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
        return None if _find(entries, train_key) else {**record, "train_key": train_key}

    added = log.append(decide) or _find(log.read(), train_key)
    assert added is not None
    return added.number


def champion(store: Store, model: str, train_key: str) -> Entry | None:
    """The newest version that is not the candidate itself (the model made under `train_key`)."""
    entries = Log(store, f"versions/{model}").read()
    others = [entry for entry in entries if entry.record and entry.record["train_key"] != train_key]
    return others[-1] if others else None


def _find(entries: Sequence[Entry], train_key: str) -> Entry | None:
    return next((entry for entry in entries if entry.record and entry.record["train_key"] == train_key), None)
