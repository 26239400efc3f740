"""A store in a folder."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mlopsc.stdlib.runtime.store.faults import DENIED, FULL, StoreError, corrupt_object, missing_object
from mlopsc.stdlib.runtime.store.hashing import sha256_of

_CHUNK = 1 << 20
_STALE_SECONDS = 86_400.0
_NO_LINKS = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@dataclass(frozen=True)
class LocalStore:
    """A store below the folder `root`, which must be on a file system with hard links.

    What is written gets its name only when it is complete: a temporary file is linked to the name, which fails when
    the name exists. A process that dies leaves at most a file in `tmp/`, swept away after a day.
    """

    root: Path

    @property
    def url(self) -> str:
        """The folder."""
        return str(self.root)

    def object_path(self, sha256: str) -> Path:
        """Where an object lies, whether it exists or not."""
        return self.root / "objects" / "sha256" / sha256[:2] / sha256[2:]

    def put_object(self, content: bytes | Path | BinaryIO) -> str:
        """Keep the bytes, hashed while they are copied: what lies under the hash is what was hashed."""
        with _reading(content) as source, self._told("written"), self._temporary() as (descriptor, temporary):
            sha256, size = _copy(source, descriptor)
            target = self.object_path(sha256)
            if not self._link(temporary, target) and not _is_whole(target, sha256, size):
                temporary.replace(target)
            return sha256

    def get_object(self, sha256: str) -> bytes:
        """The bytes of an object, checked."""
        path = self.local_path(sha256)
        with self._told("read"):
            return path.read_bytes()

    def local_path(self, sha256: str) -> Path:
        """The object itself, checked once in each process."""
        path = self.object_path(sha256)
        with self._told("read"):
            if not path.is_file():
                raise missing_object(self.url, sha256)
            if sha256_of(path) != sha256:
                raise corrupt_object(self.url, sha256)
        return path

    def size(self, sha256: str) -> int | None:
        """How many bytes an object has; None when there is none."""
        with self._told("read"), suppress(FileNotFoundError, NotADirectoryError):
            return self.object_path(sha256).stat().st_size
        return None

    def set_aside(self, sha256: str) -> None:
        """Move an object to `quarantine/`; one that is gone already is fine."""
        aside = self.root / "quarantine" / sha256
        with self._told("written"), suppress(FileNotFoundError):
            aside.parent.mkdir(exist_ok=True)
            self.object_path(sha256).replace(aside)

    def put_if_absent(self, key: str, value: bytes) -> bool:
        """Create a key, on the disk before this returns; False when it exists."""
        with self._told("written"), self._temporary() as (descriptor, temporary):
            _write(descriptor, value)
            os.fsync(descriptor)
            return self._link(temporary, self._path(key))

    def get(self, key: str) -> bytes | None:
        """The value of a key; None when there is none."""
        with self._told("read"), suppress(FileNotFoundError, NotADirectoryError):
            return self._path(key).read_bytes()
        return None

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of several keys."""
        return [self.get(key) for key in keys]

    def delete(self, key: str) -> None:
        """Remove a key; folders that are left empty stay."""
        with self._told("written"), suppress(FileNotFoundError, NotADirectoryError):
            self._path(key).unlink()

    def list(self, prefix: str) -> Iterator[str]:
        """The keys below a folder, sorted."""
        with self._told("read"):
            found = [
                (Path(folder) / name).relative_to(self.root).as_posix()
                for folder, _, names in os.walk(self._path(prefix))
                for name in names
            ]
        return iter(sorted(found))

    def sweep(self) -> None:
        """Delete temporary files of processes that died more than a day ago."""
        with suppress(OSError):
            for path in (self.root / "tmp").iterdir():
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()

    def _path(self, key: str) -> Path:
        parts = key.strip("/").split("/")
        if not all(parts) or any(part in (".", "..") for part in parts):
            raise ValueError(f"not a key: {key!r}")
        return self.root.joinpath(*parts)

    @contextmanager
    def _temporary(self) -> Iterator[tuple[int, Path]]:
        folder = self.root / "tmp"
        path = folder / f"{os.getpid()}-{os.urandom(8).hex()}"
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444)
        except FileNotFoundError:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444)
        try:
            yield descriptor, path
        finally:
            os.close(descriptor)
            with suppress(FileNotFoundError):
                path.unlink()

    def _link(self, temporary: Path, target: Path) -> bool:
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            return self._link(temporary, target)
        return True

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"the store `{self.url}` cannot be {done}: {error.strerror}", _next_step(error)) from error


def _next_step(error: OSError) -> str:
    if error.errno in FULL:
        return "free some space there and run again; what was finished is kept"
    if error.errno in DENIED:
        return "make the folder writable and readable for you, or name another `store` in the environment"
    if error.errno in _NO_LINKS:
        return "its file system has no hard links: put the store on another disk"
    return "check the folder, then run again; what was finished is kept"


@contextmanager
def _reading(content: bytes | Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(content, Path):
        with content.open("rb") as file:
            yield file
    elif isinstance(content, bytes):
        yield io.BytesIO(content)
    else:
        yield content


def _is_whole(path: Path, sha256: str, size: int) -> bool:
    """Whether the bytes of an object are still those that were stored."""
    return path.stat().st_size == size and sha256_of(path) == sha256


def _copy(source: BinaryIO, descriptor: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        _write(descriptor, chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
