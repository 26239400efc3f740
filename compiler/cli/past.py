"""What is left of earlier runs: their records, from the project's history and the stores of its environments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.stdlib.runtime.engine.events import Failure, Outcome, StageSummary
from mlopsc.stdlib.runtime.engine.history import runs
from mlopsc.stdlib.runtime.engine.index import find
from mlopsc.stdlib.runtime.store.opening import environment_store
from mlopsc.stdlib.runtime.store.protocol import Store


@dataclass(frozen=True)
class PastRun:
    """A run of the history; `exit_code` is None for one that goes on or was killed."""

    number: int
    pipeline: str
    environment: str
    began: datetime
    seconds: float
    exit_code: int | None
    stages: tuple[StageSummary, ...]


class Past:
    """The runs of a project, newest first, with the records of their stages as far as the store still has them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stores: dict[tuple[str, str], Store] = {}

    def runs(self) -> Iterator[PastRun]:
        """Every run, newest first."""
        for content in runs(self.folder):
            with suppress(KeyError, TypeError, ValueError):
                yield self._read(content)

    def run(self, number: int | None) -> PastRun:
        """The run of that number, or the newest one; raises CommandFailure when there is none."""
        newest: PastRun | None = None
        for one in self.runs():
            newest = newest or one
            if number in (None, one.number):
                return one
        if newest is None:
            raise CommandFailure("nothing has been run here yet", "`mlopsc run` is the first", Exit.USAGE)
        raise CommandFailure(f"there is no run {number}", f"the newest is {newest.number}", Exit.USAGE)

    def store(self, pipeline: str, environment: str) -> Store:
        """The store of an environment, as the last build says where it is."""
        key = (pipeline, environment)
        if key not in self._stores:
            self._stores[key] = environment_store({"store": self._location(pipeline, environment)}, self.folder)
        return self._stores[key]

    def _location(self, pipeline: str, environment: str) -> str | None:
        for path in sorted(self.folder.glob("deploy/*/*/pipeline.json")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                content = json.loads(path.read_bytes())
                if (content["name"], content["environment"]["name"]) == (pipeline, environment):
                    location = content["environment"].get("settings", {}).get("store")
                    return None if location is None else str(location)
        return None

    def _read(self, content: Mapping[str, Any]) -> PastRun:
        pipeline, environment = str(content["pipeline"]), str(content["environment"])
        return PastRun(
            number=int(content["number"]),
            pipeline=pipeline,
            environment=environment,
            began=datetime.fromtimestamp(content["began"]).astimezone(),
            seconds=float(content["seconds"]),
            exit_code=content["exit_code"],
            stages=tuple(self._stage(pipeline, environment, one) for one in content["stages"]),
        )

    def _stage(self, pipeline: str, environment: str, line: Mapping[str, Any]) -> StageSummary:
        key, failure = line.get("key"), line.get("failure")
        return StageSummary(
            line["stage"],
            line["kind"],
            Outcome(line["outcome"]),
            line["cached"],
            line["seconds"],
            find(self.store(pipeline, environment), key).record if key else None,
            Failure(**{**failure, "tail": tuple(failure["tail"])}) if failure else None,
            line.get("reason", ""),
        )


def when(moment: datetime) -> str:
    """A time as a person says it, in the zone of this machine."""
    return moment.strftime("%Y-%m-%d %H:%M")
