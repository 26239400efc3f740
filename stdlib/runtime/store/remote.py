"""A store at any URL that fsspec can open: `s3://`, `abfs://`, `gs://`, `memory://`, …"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from mlopsc.stdlib.runtime.store.faults import CorruptObjectError, StoreError, corrupt_object, missing_object
from mlopsc.stdlib.runtime.store.local import LocalStore

_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
}
_CONFLICTS = 6


@dataclass(frozen=True)
class RemoteStore:
    """A store below `url`; objects are copied to the local store `cache` when they are first read.

    Creating a key is the file system's own conditional write (`mode="create"`), so many machines may write at once.
    Credentials and endpoints are found as the file system's own tools find them: in the environment.
    """

    url: str
    cache: LocalStore

    def object_key(self, sha256: str) -> str:
        """The key of an object."""
        return f"objects/sha256/{sha256[:2]}/{sha256[2:]}"

    def put_object(self, content: bytes | Path | BinaryIO) -> str:
        """Keep the bytes; they are uploaded from a copy that nobody changes."""
        sha256 = self.cache.put_object(content)
        copy = self.cache.local_path(sha256)
        if self.size(sha256) != copy.stat().st_size:
            try:
                self._system.put_file(str(copy), self._path(self.object_key(sha256)))
            except Exception as error:
                raise self._failure("written", error) from error
        return sha256

    def get_object(self, sha256: str) -> bytes:
        """The bytes of an object, checked."""
        return self.local_path(sha256).read_bytes()

    def local_path(self, sha256: str) -> Path:
        """The local copy of an object, fetched when there is none yet."""
        try:
            if self.cache.size(sha256) is not None:
                return self.cache.local_path(sha256)
        except CorruptObjectError:
            self.cache.set_aside(sha256)
        self._fetch(sha256)
        return self.cache.local_path(sha256)

    def _fetch(self, sha256: str) -> None:
        try:
            with self._told("read"), self._system.open(self._path(self.object_key(sha256)), "rb") as source:
                fetched = self.cache.put_object(source)
        except FileNotFoundError as error:
            raise missing_object(self.url, sha256) from error
        if fetched != sha256:
            self.cache.set_aside(fetched)
            raise corrupt_object(self.url, sha256)

    def size(self, sha256: str) -> int | None:
        """How many bytes an object has; None when there is none."""
        with self._told("read"), suppress(FileNotFoundError):
            return int(self._system.info(self._path(self.object_key(sha256)))["size"])
        return None

    def set_aside(self, sha256: str) -> None:
        """Move an object to `quarantine/`; one that is gone already is fine."""
        with self._told("written"), suppress(FileNotFoundError):
            self._system.mv(self._path(self.object_key(sha256)), self._path(f"quarantine/{sha256}"))

    def sweep(self) -> None:
        """Delete temporary files from the cache."""
        self.cache.sweep()

    def put_if_absent(self, key: str, value: bytes) -> bool:
        """Create a key; False when it exists."""
        path = self._path(key)
        for _ in range(_CONFLICTS):
            try:
                self._system.pipe_file(path, value, mode="create")
            except Exception as error:
                if _was_refused(error) or self.get(key) is not None:
                    return False
                if getattr(error, "errno", None) != errno.EBUSY:
                    raise self._failure("written", error) from error
            else:
                return True
        raise StoreError(f"the store `{self.url}` was busy {_CONFLICTS} times", "run again; what was finished is kept")

    def get(self, key: str) -> bytes | None:
        """The value of a key; None when there is none."""
        return self.get_many([key])[0]

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of several keys, fetched side by side where the file system can."""
        paths = [self._path(key) for key in keys]
        with self._told("read"):
            found = self._system.cat(paths, on_error="return")
        return [self._value(found[path]) for path in paths]

    def delete(self, key: str) -> None:
        """Remove a key; one that is gone already is fine."""
        with self._told("written"), suppress(FileNotFoundError):
            self._system.rm_file(self._path(key))

    def _value(self, found: bytes | Exception) -> bytes | None:
        if isinstance(found, FileNotFoundError):
            return None
        if isinstance(found, Exception):
            raise self._failure("read", found) from found
        return found

    def list(self, prefix: str) -> Iterator[str]:
        """The keys below a folder, sorted."""
        root, folder = self._path("").rstrip("/"), prefix.strip("/")
        with self._told("read"):
            if folder and self.url.startswith(("s3://", "s3a://")):
                # Of an empty folder, s3fs would ask for a key of its name, to which a caller need not be let.
                found = self._system.find(root, prefix=f"{folder}/")
            else:
                found = self._system.find(self._path(prefix))
        return iter(sorted(str(path).removeprefix(f"{root}/") for path in found))

    @property
    def _system(self) -> Any:
        return self._opened()[0]

    def _path(self, key: str) -> str:
        return f"{self._opened()[1]}/{key}"

    def _opened(self) -> tuple[Any, str]:
        with self._told("opened"):
            return _open(self.url, os.getpid())

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, StoreError):
            raise
        except Exception as error:
            raise self._failure(done, error) from error

    def _failure(self, done: str, error: Exception) -> StoreError:
        text = str(error).strip().split("\n")[0] or type(error).__name__
        return StoreError(f"the store `{self.url}` cannot be {done}: {text}", _next_step(self.url, error))


@cache
def _open(url: str, process: int) -> tuple[Any, str]:  # noqa: ARG001 (connections do not survive a fork)
    """The file system of a URL and the path in it, opened once in each process."""
    from fsspec.core import url_to_fs

    system, path = url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
    return system, path.rstrip("/")


def _was_refused(error: Exception) -> bool:
    """Whether a conditional write failed because the key exists; S3 answers with status 412, which s3fs wraps."""
    response = getattr(error.__cause__, "response", None) or {}
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return isinstance(error, FileExistsError) or status == HTTPStatus.PRECONDITION_FAILED


def _next_step(url: str, error: Exception) -> str:
    scheme = url.partition("://")[0]
    match error:
        case ImportError():
            return f"install the package `{_PACKAGES.get(scheme, scheme)}`"
        case PermissionError():
            return "check that your credentials may read and create objects there"
        case FileNotFoundError():
            return "create the bucket, or correct the `store` of the environment"
        case ValueError():
            return "correct the `store` of the environment"
        case _:
            return "check the network and your credentials, then run again; what was finished is kept"
