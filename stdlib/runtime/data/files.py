"""The bytes of a source's files, local or behind a URL, and the certainty that nobody wrote them meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.stdlib.runtime.engine.files import files_of
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.store.hashing import signature_of

_VERSION_KEYS = ("size", "ETag", "etag", "LastModified", "last_modified", "mtime", "generation", "md5", "version")


@dataclass(frozen=True)
class DataFile:
    """One file of a source: how it is shown to people (relative to the project, or a URL), and its bytes."""

    name: str
    content: bytes


@dataclass
class Fingerprint:
    """What identifies the files that were read: their number, size in bytes and one hash over all of them."""

    files: int = 0
    bytes: int = 0
    _lines: str = ""
    _first: str = ""

    def add(self, file: DataFile) -> None:
        """Count a file that was read."""
        digest = hashlib.sha256(file.content).hexdigest()
        self.files, self.bytes = self.files + 1, self.bytes + len(file.content)
        self._first = self._first or digest
        self._lines += f"{digest}  {file.name}\n"

    @property
    def sha256(self) -> str:
        """The hash of the file; of several, that of their list as `sha256sum` prints it."""
        return self._first if self.files == 1 else hashlib.sha256(self._lines.encode()).hexdigest()


class _Place(Protocol):
    """Where the files are."""

    def names(self) -> tuple[str, ...]:
        """The files there, sorted."""

    def version(self, name: str) -> object:
        """Something that differs whenever the file was written."""

    def read(self, name: str) -> bytes:
        """The bytes of a file."""


def read_files(project: Path, path: str, suffixes: tuple[str, ...]) -> Iterator[DataFile]:
    """The files that a path, folder, glob or URL stands for, in the order of their names.

    In a folder, those that end in one of the suffixes. Raises StageFailure when there are none, when one cannot be
    read, or when something is written while it is read.
    """
    place: _Place = _Remote(path, suffixes) if "://" in path else _Local(project, path, suffixes)
    names = place.names()
    for name in names:
        before = place.version(name)
        content = place.read(name)
        if place.version(name) != before:
            raise _changed(f"`{name}`")
        yield DataFile(name, content)
    if place.names() != names:
        raise _changed(f"what is in `{path}`")


@dataclass(frozen=True)
class _Local:
    project: Path
    path: str
    suffixes: tuple[str, ...]

    def names(self) -> tuple[str, ...]:
        try:
            found = files_of(self.project, self.path)
            is_folder = (self.project / self.path).is_dir()
        except (OSError, ValueError) as error:
            raise _unreadable(self.path, error) from error
        names = tuple(name for name in found if name.endswith(self.suffixes)) if is_folder else found
        if not names:
            raise _nothing(self.path, self.suffixes) if is_folder else self._missing()
        return names

    def version(self, name: str) -> object:
        try:
            return signature_of((self.project / name).stat())
        except OSError as error:
            raise _unreadable(name, error) from error

    def read(self, name: str) -> bytes:
        try:
            return (self.project / name).read_bytes()
        except OSError as error:
            raise _unreadable(name, error) from error

    def _missing(self) -> StageFailure:
        folder = (self.project / self.path).parent
        known = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        close = did_you_mean(Path(self.path).name, known)
        hint = f"did you mean `{Path(self.path).with_name(close).as_posix()}`?" if close else "correct the path"
        return _fault(f"there is no file `{self.path}`", hint)


@dataclass(frozen=True)
class _Remote:
    url: str
    suffixes: tuple[str, ...]

    def names(self) -> tuple[str, ...]:
        try:
            found = self._found()
        except Exception as error:  # each protocol has errors of its own
            raise _unreachable(self.url, error) from error
        if not found:
            raise _nothing(self.url, self.suffixes)
        return tuple(found)

    def version(self, name: str) -> object:
        try:
            filesystem = _filesystem(name)
            filesystem.invalidate_cache()
            info = filesystem.info(name)
        except Exception as error:
            raise _unreachable(name, error) from error
        return [str(info.get(key)) for key in _VERSION_KEYS]

    def read(self, name: str) -> bytes:
        try:
            content: bytes = _filesystem(name).cat_file(name)
        except Exception as error:
            raise _unreachable(name, error) from error
        return content

    def _found(self) -> list[str]:
        filesystem = _filesystem(self.url)
        filesystem.invalidate_cache()
        path = filesystem._strip_protocol(self.url)
        if any(sign in self.url for sign in "*[") and not self.url.startswith(("http://", "https://")):
            return sorted(map(filesystem.unstrip_protocol, filesystem.glob(path)))
        if filesystem.isfile(path):
            return [self.url]
        below = filesystem.find(path) if filesystem.isdir(path) else []
        return sorted(filesystem.unstrip_protocol(name) for name in below if name.endswith(self.suffixes))


def _filesystem(url: str) -> Any:
    from fsspec.core import url_to_fs

    return url_to_fs(url)[0]


def _changed(what: str) -> StageFailure:
    return _fault(f"{what} changed while it was read", "run again when whoever writes it has finished")


def _nothing(path: str, suffixes: tuple[str, ...]) -> StageFailure:
    wanted = " or ".join(f"`{suffix}`" for suffix in suffixes)
    fact = f"there is no file at `{path}`, and none that ends in {wanted} below it"
    return _fault(fact, "correct the path")


def _unreadable(name: str, error: OSError | ValueError) -> StageFailure:
    reason = getattr(error, "strerror", None) or str(error)
    hint = "allow reading it" if isinstance(error, PermissionError) else "correct the path"
    return _fault(f"`{name}` cannot be read: {reason}", hint)


def _unreachable(url: str, error: Exception) -> StageFailure:
    if isinstance(error, FileNotFoundError):
        return _fault(f"there is nothing at `{url}`", "correct the address")
    if isinstance(error, ImportError):
        return _fault(f"`{url}` cannot be read: {error}", "install what it names")
    told = f"{type(error).__name__}: {error}".strip(": ")
    return _fault(f"`{url}` cannot be read: {told}", "check the address, the network and the credentials")


def _fault(fact: str, hint: str) -> StageFailure:
    return StageFailure(fact, hint, setting="source", outside=True)
