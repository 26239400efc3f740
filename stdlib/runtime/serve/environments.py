"""The Python environment of a version: this one where its dependency lock is the same, else one made from its lock."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mlopsc.compiler.python_modules import LOCKS
from mlopsc.stdlib.runtime.engine.history import STATE
from mlopsc.stdlib.runtime.model.about import read_about
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.hashing import sha256_of
from mlopsc.stdlib.runtime.store.log import entry_key, unseal
from mlopsc.stdlib.runtime.store.protocol import Store

_FOLDER = "venvs"
_INSTALL = ("--disable-pip-version-check", "install", "--quiet")
_NAME = re.compile(r"[^A-Za-z0-9._-]")
_BY_PIP = frozenset({"pylock.toml", "requirements.lock", "requirements.txt"})
_NEEDED = frozenset({"numpy", "pandas", "pyarrow", "pydantic", "scikit-learn", "scipy", "skops"})
"""What a worker imports, beside the library of its estimator."""


@dataclass(frozen=True)
class Locked:
    """What a version was trained with: the lock's file, its hash and its text in the store, and Python."""

    name: str
    sha256: str
    text: str | None
    python: str


@dataclass
class Environments:
    """Finds or makes the interpreter of each version. `tell` is told what takes long or is not as it should be."""

    store: Store
    project: Path
    tell: Callable[[str], None]
    _making: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def interpreter(self, model: str, version: int, lock: str, artefact: Path) -> str:
        """The Python that runs a version; raises OperationError where its environment cannot be made.

        A version of which no lock is known runs in this environment.
        """
        if not lock or lock == await asyncio.to_thread(lock_of, self.project):
            return sys.executable
        locked = await asyncio.to_thread(read_locked, self.store, model, version)
        if locked is None or locked.text is None:
            self.tell(f"version {version} was trained under another lock, of which there is no text: it runs in mine")
            return sys.executable
        async with self._making.setdefault(lock, asyncio.Lock()):
            return await self._made(locked, artefact)

    async def _made(self, locked: Locked, artefact: Path) -> str:
        _, libraries = await asyncio.to_thread(read_about, artefact)
        folder = self.project / STATE / _FOLDER / f"{locked.sha256[:16]}-{locked.python}"
        python = folder / "bin" / "python"
        if python.exists():
            return str(python)
        self.tell(f"making the environment of `{locked.name}` {locked.sha256[:12]} in `{folder}`")
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        try:
            await self._make(making, locked, libraries)
            making.rename(folder)
        except OSError as error:
            if not python.exists():
                raise OperationError(f"`{folder}` cannot be made: {error.strerror}") from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return str(python)

    async def _make(self, folder: Path, locked: Locked, libraries: Mapping[str, str]) -> None:
        if locked.name not in _BY_PIP:
            hint = "keep a `requirements.lock` beside it (`uv export`), or serve with the lock of the version"
            raise OperationError(f"pip installs nothing from `{locked.name}`", hint)
        if find_spec("pip") is None:
            raise OperationError("`pip` is not installed here, which makes environments", "install it")
        await _run("`venv`", _python(locked.python), "-m", "venv", "--without-pip", str(folder))
        list_of_packages = folder / locked.name
        text = await asyncio.to_thread(self.store.get_object, str(locked.text))
        list_of_packages.write_bytes(text)
        # The pip of here, because one that comes with an older Python reads no `pylock.toml`.
        pip = (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), *_INSTALL)
        await _run(f"`pip install -r {locked.name}`", *pip, "-r", str(list_of_packages))
        await _run("`pip install` of what a worker needs", *pip, *needs_of_worker(libraries))


def lock_of(project: Path) -> str:
    """The hash of the project's dependency lock; "" where it has none."""
    found = next((project / name for name in LOCKS if (project / name).is_file()), None)
    return "" if found is None else sha256_of(found)


def read_locked(store: Store, model: str, version: int) -> Locked | None:
    """What the record of a version says of its lock; None when it has none. Raises StoreError."""
    sealed = store.get(entry_key(f"versions/{model}", version))
    record: Mapping[str, Any] = (unseal(sealed) if sealed else None) or {}
    locks: Mapping[str, str] = record.get("lock") or {}
    name = next((name for name in locks if name in LOCKS), None)
    if name is None:
        return None
    python = ".".join(str(record.get("environment", {}).get("python", "")).split(".")[:2])
    return Locked(name, locks[name], record.get("lock_text"), python or _this_python())


def needs_of_worker(libraries: Mapping[str, str]) -> list[str]:
    """What pip installs for a worker: the libraries of the model as they were, and what loads and asks it."""
    exact = {name: number for name, number in libraries.items() if name != "python"}
    found = [f"{name}=={number}" for name, number in exact.items()]
    try:
        declared = requires("mlopsc") or []
    except PackageNotFoundError:  # run from a checkout that is not installed
        declared = []
    bounded = {_NAME.split(one, 1)[0]: one.partition(";")[0].strip() for one in declared}
    return [*found, *(bounded.get(name, name) for name in sorted(_NEEDED - exact.keys()))]


def _python(version: str) -> str:
    if version == _this_python():
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        raise OperationError(f"it was trained by Python {version}, which is not here", f"install `python{version}`")
    return found


def _this_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


async def _run(what: str, *command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        lines = output.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        told = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
        raise OperationError(f"{what} has failed: {told}")
