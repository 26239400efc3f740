"""Replacing files as a whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE

from mlopsc.stdlib.runtime.store.faults import OperationError, next_step


def write_atomically(path: Path, content: bytes, *, required: bool = True) -> None:
    """Put `content` in the place of a file in one step, so that nobody ever sees a part of it.

    The file keeps its permissions; where a link leads to it, it stays a link. Raises OperationError when that is
    impossible, unless the file is not `required`.
    """
    write_together({path: content}, required=required)


def write_together(files: Mapping[Path, bytes], *, required: bool = True) -> None:
    """Put the contents in the place of several files, as `write_atomically` does; none is touched unless all fit."""
    staged: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for path, content in files.items():
            target = Path(os.path.realpath(path))
            temporary = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}")
            staged.append((temporary, target))
            _stage(temporary, target, content)
        for temporary, target in staged:
            temporary.replace(target)
    except OSError as error:
        for temporary, _ in staged:
            with suppress(OSError):
                temporary.unlink()
        if required:
            raise OperationError(f"`{path}` cannot be written: {error.strerror}", next_step(error, path)) from error


def _stage(temporary: Path, target: Path, content: bytes) -> None:
    """Write the content beside the file that it will replace, with that file's permissions."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    temporary.write_bytes(content)
    with suppress(FileNotFoundError):
        temporary.chmod(S_IMODE(target.stat().st_mode))
