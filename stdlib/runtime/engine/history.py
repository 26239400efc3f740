"""The history of runs: `.mlops/runs/<n>/` with `run.json` and `logs/<stage>.log`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.alive import is_alive
from mlopsc.stdlib.runtime.engine.events import StageSummary
from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.store.faults import OperationError, next_step
from mlopsc.stdlib.runtime.store.log import canonical

STATE = ".mlops"
"""The folder of a project in which runs keep what can be made again."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run."""

    number: int
    path: Path

    def log(self, stage: str) -> Path:
        """Where a stage's output goes."""
        return self.path / "logs" / f"{stage}.log"

    def write(self, about: Mapping[str, Any], stages: tuple[StageSummary, ...]) -> None:
        """Say how the run is going, or how it went."""
        content = {**about, "number": self.number, "stages": [_line(stage) for stage in stages]}
        write_atomically(self.path / "run.json", canonical(content))


def new_run(project: Path) -> RunFolder:
    """The folder of the next run; raises OperationError when it cannot be made."""
    folder = project / STATE / "runs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = max(_numbers(folder), default=0) + 1
        while not _made(folder / str(number)):
            number += 1
    except OSError as error:
        raise OperationError(f"`{folder}` cannot be written: {error.strerror}", next_step(error, folder)) from error
    return RunFolder(number, folder / str(number))


def runs(project: Path) -> Iterator[Mapping[str, Any]]:
    """What `run.json` says of each run, newest first; runs whose file is missing or damaged are left out."""
    folder = project / STATE / "runs"
    for number in sorted(_numbers(folder) if folder.is_dir() else [], reverse=True):
        with suppress(OSError, ValueError):
            yield json.loads((folder / str(number) / "run.json").read_bytes())


class Latest:
    """The keys that the stages of a pipeline had when they last had a record, to say why one runs again."""

    def __init__(self, project: Path, pipeline: str, environment: str) -> None:
        self._path = project / STATE / "latest" / f"{pipeline}.{environment}.json"
        self.keys: dict[str, str] = {}
        with suppress(OSError, ValueError):
            self.keys = dict(json.loads(self._path.read_bytes()))

    def update(self, keys: Mapping[str, str]) -> None:
        """Remember newer keys."""
        if not keys.items() <= self.keys.items():
            self.keys |= keys
            write_atomically(self._path, canonical(self.keys), required=False)


def scratch_folder(project: Path) -> Path:
    """A folder for this process's private files. Those of processes that died on this machine are deleted first."""
    import socket

    folder, host = project / STATE / "scratch", socket.gethostname()
    with suppress(OSError):
        for old in folder.iterdir():
            owner, _, process = old.name.rpartition("-")
            if owner == host and process.isdigit() and not is_alive(int(process)):
                shutil.rmtree(old, ignore_errors=True)
    return folder / f"{host}-{os.getpid()}"


def _made(path: Path) -> bool:
    try:
        path.mkdir()
    except FileExistsError:
        return False
    return True


def _numbers(folder: Path) -> list[int]:
    return [int(name) for name in os.listdir(folder) if name.isdigit()]  # noqa: PTH208 (one call for all names)


def _line(summary: StageSummary) -> dict[str, Any]:
    line: dict[str, Any] = {
        "stage": summary.stage,
        "kind": summary.kind,
        "outcome": summary.outcome.value,
        "cached": summary.cached,
        "seconds": round(summary.seconds, 3),
    }
    if summary.record:
        line["key"] = summary.record.key
    if summary.reason:
        line["reason"] = summary.reason
    if summary.failure:
        line["failure"] = vars(summary.failure)
    return line
