"""SHA-256 of files, remembered as long as a file has not been touched."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

Signature = tuple[int, int, int, int]
"""Size, modification time, change time (both in ns) and inode: what differs whenever a file was written."""

_known: dict[str, tuple[Signature, str]] = {}


def signature_of(status: os.stat_result) -> Signature:
    """The signature of a file's status."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hex; a file that this process has read and nobody touched is not read again."""
    signature = signature_of(path.stat())
    known = _known.get(str(path))
    if known and known[0] == signature:
        return known[1]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    _known[str(path)] = signature, digest
    return digest
