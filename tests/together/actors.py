"""Commands of `mlopsc` as processes that are killed with -9 where a test wants it.

Where the file that `ARMED` names says `PREFIX PLACE`, the next write of a router below that prefix of the store is the
last thing that it does: it dies `before` it, `during` it (the bytes are written and have no name yet) or `after` it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlopsc.compiler.cli.main import run
from mlopsc.stdlib.runtime.store.local import LocalStore

ARMED = "ARMED"


def act(folder: Path, arguments: Sequence[str], variables: dict[str, str], said: Path, dies: str, write: int) -> None:
    """Run a command in a folder, its output in a file, and die at the n-th write; `dies` is as in the file above."""
    with said.open("a") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(folder)
    os.environ.update(variables)
    if dies:
        _die_at(lambda: dies, write)
    sys.exit(run(arguments))


def serve(folder: Path, arguments: Sequence[str], variables: dict[str, str], said: Path, errors: Path) -> None:
    """Run a router in a folder, which writes into files and dies where the file says that `ARMED` names."""
    with said.open("a") as output, errors.open("a") as other:
        os.dup2(output.fileno(), 1)
        os.dup2(other.fileno(), 2)
    os.chdir(folder)
    os.environ.update(variables)
    _die_at(_armed, 1)
    sys.exit(run(arguments))


def _die_at(read: Any, write: int) -> None:
    put, link, writes = LocalStore.put_if_absent, os.link, [0]

    def put_and_die(store: LocalStore, key: str, value: bytes) -> bool:
        prefix, _, place = read().partition(" ")
        writes[0] += bool(place) and key.startswith(prefix)
        if not place or not key.startswith(prefix) or writes[0] < write:
            return put(store, key, value)
        if place == "before":
            _die()
        os.link = link if place == "after" else lambda *_: _die()
        put(store, key, value)
        _die()
        raise AssertionError

    LocalStore.put_if_absent = put_and_die  # type: ignore[method-assign]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _armed() -> str:
    with suppress(FileNotFoundError):
        return Path(os.environ[ARMED]).read_text()
    return ""
