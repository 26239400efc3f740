"""What every store can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable


@runtime_checkable
class Store(Protocol):
    """Content-addressed objects and create-only keys, shared by many writers without locks.

    A key is a relative path with `/` between its parts. Every method raises StoreError when the store cannot be
    reached, read or written. A store can be pickled; the copy opens the same place.
    """

    @property
    def url(self) -> str:
        """Where it is, as it is shown to people."""

    def put_object(self, content: bytes | Path | BinaryIO) -> str:
        """Keep the bytes and return their SHA-256 in hex; bytes that are there already are not written again."""

    def get_object(self, sha256: str) -> bytes:
        """The bytes of an object, checked; raises CorruptObjectError, or StoreError when there is none."""

    def local_path(self, sha256: str) -> Path:
        """A file with the bytes of an object, checked, for reading only; raises as `get_object` does."""

    def size(self, sha256: str) -> int | None:
        """How many bytes an object has; None when there is none. The bytes are not read."""

    def set_aside(self, sha256: str) -> None:
        """Move an object whose bytes are wrong to `quarantine/`, so that it can be made again."""

    def sweep(self) -> None:
        """Delete temporary files of this machine's processes that died more than a day ago."""

    def put_if_absent(self, key: str, value: bytes) -> bool:
        """Create a key; False when it exists. Readers see all of the value or nothing."""

    def get(self, key: str) -> bytes | None:
        """The value of a key; None when there is none."""

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of several keys, fetched together."""

    def delete(self, key: str) -> None:
        """Remove a key; one that is gone already is fine. For what is kept for a time only, never for a record."""

    def list(self, prefix: str) -> Iterator[str]:
        """The keys below a prefix (a folder), sorted."""
