"""Hashes of the project's files, remembered from run to run as long as nobody touched a file."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlopsc.compiler.python_modules import imports, reachable
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.store.hashing import Signature, signature_of
from mlopsc.stdlib.runtime.store.log import canonical

_RACY_NS = 2_000_000_000
_ATTEMPTS = 5
_FORMAT = 1


class ProjectFiles:
    """Content hashes and imports of files, relative to the project's folder.

    They are kept in `memory`, a file that may be deleted at any time. A file that was touched in the two seconds
    before it was read is read again the next time: its clock could hide another change.
    """

    def __init__(self, project: Path, memory: Path) -> None:
        self.project = project
        self._memory = memory
        loaded = _load(memory)
        self._known: dict[str, Any] = loaded.get("files", {})
        self._imports: dict[str, list[str]] = loaded.get("imports", {})
        self._changed = False

    def digest(self, path: str) -> str:
        """The SHA-256 of a file in hex; raises StageFailure when it cannot be read."""
        return str(self._entry(path)["sha256"])

    def imports(self, path: str) -> tuple[str, ...] | None:
        """The dotted names that a Python file imports; None when there is no such file."""
        if not (self.project / path).is_file():
            return None
        content = f"{path}:{self.digest(path)}"
        if content not in self._imports:
            text = (self.project / path).read_bytes().decode("utf-8", "replace")
            self._imports[content] = list(imports(path, text))
            self._changed = True
        return tuple(self._imports[content])

    def code(self, path: str) -> dict[str, str]:
        """The hash of a Python file and of each of the project's modules that it imports, by path."""
        return {found: self.digest(found) for found in sorted(reachable(path, self.imports))}

    def tree(self, path: str) -> tuple[str, ...]:
        """The files that a file, folder or glob stands for; see `files_of`."""
        return files_of(self.project, path)

    def save(self) -> None:
        """Write what is known; a folder that cannot be written costs time in the next run and nothing else."""
        if self._changed:
            kept = {"format": _FORMAT, "files": self._known, "imports": self._imports_of_known()}
            write_atomically(self._memory, canonical(kept), required=False)
            self._changed = False

    def _imports_of_known(self) -> dict[str, list[str]]:
        contents = [f"{path}:{entry['sha256']}" for path, entry in self._known.items()]
        return {content: self._imports[content] for content in contents if content in self._imports}

    def _entry(self, path: str) -> dict[str, Any]:
        try:
            signature = signature_of((self.project / path).stat())
            known: dict[str, Any] | None = self._known.get(path)
            if known and tuple(known["signature"]) == signature:
                return known
            return self._read(path)
        except OSError as error:
            raise _unreadable(path, error) from error

    def _read(self, path: str) -> dict[str, Any]:
        for _ in range(_ATTEMPTS):
            with (self.project / path).open("rb") as file:
                started, before = time.time_ns(), signature_of(os.fstat(file.fileno()))
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                after = signature_of(os.fstat(file.fileno()))
            if before == after:
                return self._remember(path, before, digest, started)
        raise StageFailure(
            f"`{path}` is being written while it is read",
            "run again when whoever writes it has finished",
            outside=True,
        )

    def _remember(self, path: str, signature: Signature, digest: str, started: int) -> dict[str, Any]:
        entry = {"signature": signature, "sha256": digest}
        if started - max(signature[1], signature[2]) > _RACY_NS:
            self._known[path] = entry
            self._changed = True
        return entry


def files_of(project: Path, path: str) -> tuple[str, ...]:
    """The files that a file, folder or glob stands for, sorted; hidden ones and caches in folders are left out."""
    found = project / path
    if found.is_file():
        return (path,)
    if found.is_dir():
        return tuple(sorted(_below(found, project)))
    return tuple(sorted(_relative(match, project) for match in _matches(project, path)))


def _load(memory: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(memory.read_bytes())
        return loaded if isinstance(loaded, dict) and loaded.get("format") == _FORMAT else {}
    except (OSError, ValueError):
        return {}


def _unreadable(path: str, error: OSError) -> StageFailure:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return StageFailure(f"there is no file `{path}`", "write it, or correct the path", outside=True)
    return StageFailure(f"`{path}` cannot be read: {error.strerror}", "check its permissions", outside=True)


def _below(folder: Path, project: Path) -> Iterator[str]:
    for current, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        yield from (_relative(Path(current) / name, project) for name in names if not name.startswith("."))


def _matches(project: Path, pattern: str) -> Iterator[Path]:
    import glob

    for match in glob.iglob(pattern, root_dir=project, recursive=True):  # noqa: PTH207 (absolute globs too)
        if (project / match).is_file():
            yield project / match


def _relative(path: Path, project: Path) -> str:
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else path.as_posix()
