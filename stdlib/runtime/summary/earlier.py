"""What stages found before: in an earlier run of this project, else as an earlier version in the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.engine.history import runs
from mlopsc.stdlib.runtime.engine.index import find
from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.log import Log
from mlopsc.stdlib.runtime.store.opening import environment_store
from mlopsc.stdlib.runtime.store.protocol import Store


@dataclass(frozen=True)
class Earlier:
    """A record of before, and whose it was: `run 7`, or `version 3`."""

    record: StageRecord
    whose: str


class Before:
    """The records that the stages of a pipeline had before a run."""

    def __init__(self, document: Mapping[str, Any], project: Path, number: int, store: Store) -> None:
        self._names = (document["name"], document["environment"]["name"])
        self._project = project
        self._number = number
        self._store = store

    @classmethod
    def of(cls, request: Request, number: int) -> Before:
        """That of a run with this number."""
        assert isinstance(request.pipeline, Mapping), "a run that is told of has its pipeline at hand"
        settings = request.pipeline["environment"].get("settings", {})
        store = request.store or environment_store(settings, request.project)
        return cls(request.pipeline, request.project, number, store)

    def find(self, record: StageRecord) -> Earlier | None:
        """What the stage of a record found the time before; None where that is not known any more."""
        with suppress(OperationError):  # a store that cannot be reached now knows nothing
            for key, whose in chain(self._in_runs(record.stage), self._in_versions(record)):
                if found := find(self._store, key).record:
                    return Earlier(found, whose)
        return None

    def _in_runs(self, stage: str) -> Iterator[tuple[str, str]]:
        for content in runs(self._project):
            with suppress(KeyError, TypeError, ValueError):
                if content["number"] < self._number and (content["pipeline"], content["environment"]) == self._names:
                    keys = [line["key"] for line in content["stages"] if line["stage"] == stage and line.get("key")]
                    yield from ((str(key), f"run {content['number']}") for key in keys)

    def _in_versions(self, record: StageRecord) -> Iterator[tuple[str, str]]:
        """The versions of the model that the stage made or judged, the newest first, but for the one it belongs to."""
        model = {"train": record.stage, "test": str(record.facts.get("model", ""))}.get(record.kind)
        own = "train_key" if record.kind == "train" else "test_key"
        for entry in reversed(Log(self._store, f"versions/{model}").read() if model else ()):
            version = entry.record or {}
            is_of_stage = record.kind == "train" or version.get("test") == record.stage
            if is_of_stage and version.get(own) not in (None, record.key):
                yield str(version[own]), f"version {entry.number}"
