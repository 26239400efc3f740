"""What stages found before: when it was delivered last, in an earlier run, or as an earlier version in the store."""

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
from mlopsc.stdlib.runtime.summary.comparison import figures
from mlopsc.stdlib.runtime.summary.report import figures_before


@dataclass(frozen=True)
class Earlier:
    """Figures of before, and whose they were: `the delivery of 1a2b3c4`, `run 7`, or `version 3`."""

    figures: Mapping[str, str]
    whose: str


class Before:
    """What the stages of a pipeline found before a run."""

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
        if delivered := figures_before(record.stage):
            return Earlier(*delivered)
        with suppress(OperationError):  # a store that cannot be reached now knows nothing
            for key, whose in chain(self._in_runs(record.stage), self._in_versions(record)):
                if found := find(self._store, key).record:
                    return Earlier(figures(found), whose)
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
