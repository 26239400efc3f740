"""Where a rehearsal takes place: a folder with the project's files by links, a store and a clock of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.engine.history import STATE
from mlopsc.stdlib.runtime.release.approval import SIGNERS
from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment, stage_named
from mlopsc.stdlib.runtime.store.faults import OperationError, next_step
from mlopsc.stdlib.runtime.store.opening import open_store

SOURCE = "rehearsed.parquet"
"""The file that stands for the source of the data."""
_LEFT_OUT = frozenset({STATE, "mlops.lock", "deploy", SIGNERS, ".git", ".venv", "__pycache__"})
_NOT_OF_THE_SOURCE = frozenset({"from", "transform", "source", "sample", "as_of", "refresh"})
_NOT_HERE = frozenset({"store", "tracking", "executor", "serve", "network", "platform"})
_KEPT = 5


@dataclass(frozen=True)
class Place:
    """The folder of one rehearsal."""

    number: int
    folder: Path

    @property
    def project(self) -> Path:
        """The project as the rehearsal sees it."""
        return self.folder / "project"

    @property
    def clock(self) -> Path:
        """The file that holds the time."""
        return self.folder / "clock"

    @property
    def source(self) -> Path:
        """The rows that have arrived."""
        return self.project / SOURCE

    @property
    def pipeline(self) -> Path:
        """The `pipeline.json` that is rehearsed."""
        return self.project / "pipeline.json"

    @property
    def keys(self) -> tuple[Path, ...]:
        """The keys that sign approvals here, and are good for nothing else."""
        return tuple(sorted(one.with_suffix("") for one in self.folder.glob("approver-*.pub")))


def open_place(project: Path) -> Place:
    """A new folder `.mlops/rehearsals/<n>` with links to the project's files; of old ones, five less one are kept.

    A rehearsal that still plays keeps its folder, however many there are. Raises OperationError when it cannot be made.
    """
    root = project / STATE / "rehearsals"
    try:
        root.mkdir(parents=True, exist_ok=True)
        numbers = sorted(int(one.name) for one in root.iterdir() if one.name.isdigit())
        for old in numbers[: 1 - _KEPT]:
            if _hold(root / str(old)):
                shutil.rmtree(root / str(old), ignore_errors=True)
        place = _new_place(root, numbers[-1] + 1 if numbers else 1)
        _hold(place.folder)
        place.project.mkdir()
        for one in project.resolve().iterdir():
            if one.name not in _LEFT_OUT:
                (place.project / one.name).symlink_to(one, one.is_dir())
    except OSError as error:
        raise OperationError(f"`{root}` cannot be written: {error.strerror}", next_step(error, root)) from error
    return place


def _new_place(root: Path, number: int) -> Place:
    """The first folder from a number on that nobody else has made: several may begin at once."""
    while True:
        with suppress(FileExistsError):
            (root / str(number)).mkdir()
            return Place(number, root / str(number))
        number += 1


def _hold(folder: Path) -> bool:
    """Hold a folder until this process ends, however it ends; False where another holds it, or has deleted it."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    return True


def staged(document: Mapping[str, Any], place: Place, release: str | None) -> Deployment:
    """The release as it is rehearsed: on this machine, its data read from the file that the rehearsal writes."""
    deployment = open_deployment(document, place.project, release)
    environment = dict(document["environment"])
    settings = {name: value for name, value in environment.get("settings", {}).items() if name not in _NOT_HERE}
    store = str(place.folder / "store")
    environment["settings"] = {**settings, "store": store}
    kept = {deployment.model, deployment.gate, deployment.name, str(deployment.data["name"])}
    watching = {stage["name"] for stage in document["stages"] if _watches(stage, deployment.name)}
    stages = [stage for stage in document["stages"] if stage["name"] in kept | watching]
    data = str(deployment.data["name"])
    changed = [_from_file(stage) if stage["name"] == data else stage for stage in stages]
    derived = {**document, "environment": environment, "stages": changed}
    return open_deployment(derived, place.project, deployment.name, open_store(store, place.project))


def monitors_of(deployment: Deployment) -> list[Mapping[str, Any]]:
    """The monitor stages that watch the release."""
    return [stage for stage in deployment.document["stages"] if _watches(stage, deployment.name)]


def _watches(stage: Mapping[str, Any], release: str) -> bool:
    return bool(stage["kind"] == "monitor" and stage.get("settings", {}).get("release") == release)


def _from_file(stage: Mapping[str, Any]) -> dict[str, Any]:
    """A data stage that reads what it kept when it was really read: selected, transformed and typed.

    Columns that it ignores are gone by then: what needs them has been checked, and a function may need any of them.
    """
    settings = {name: value for name, value in stage["settings"].items() if name not in _NOT_OF_THE_SOURCE}
    settings = {"source": {"function": "parquet", "path": SOURCE}, **settings}
    columns = [column for column in stage.get("columns", ()) if column.get("role") != "ignore"]
    gone = {str(column["name"]) for column in stage.get("columns", ())} - {str(column["name"]) for column in columns}
    rules = [rule for rule in stage.get("rules", ()) if not gone or not _needs(rule.get("subject"), gone)]
    return {**stage, "settings": settings, "columns": columns, "rules": rules, "inputs": [], "files": [SOURCE]}


def _needs(value: Any, columns: Set[str]) -> bool:
    """Whether a check names one of these columns, or is a function, which may look at any."""
    match value:
        case str():
            return value in columns
        case Mapping():
            return value.get("function") == "python" or any(_needs(one, columns) for one in value.values())
        case list() | tuple():
            return any(_needs(one, columns) for one in value)
    return False


def upstream(document: Mapping[str, Any], data: str) -> tuple[str, ...]:
    """A data stage and those that it is derived from."""
    stage = stage_named(document, data)
    return (data, *(one for name in stage.get("inputs", ()) for one in upstream(document, name)))


def make_approvers(place: Place, approvers: Sequence[str]) -> None:
    """A key pair for each approver, known to this rehearsal alone; raises OperationError without `ssh-keygen`."""
    lines = []
    for number, approver in enumerate(approvers, 1):
        key = place.folder / f"approver-{number}"
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rehearsal", "-f", str(key)]
        try:
            subprocess.run(command, check=True, capture_output=True, env={**os.environ, "LC_ALL": "C"})
        except (OSError, subprocess.CalledProcessError) as error:
            hint = "install OpenSSH's client, which signs approvals (Debian and Ubuntu: apt install openssh-client)"
            raise OperationError(f"`ssh-keygen` cannot be run: {error}", hint) from error
        lines.append(f"{approver} {key.with_suffix('.pub').read_text(encoding='utf-8').strip()}\n")
    (place.project / SIGNERS).write_text("".join(lines), encoding="utf-8")
