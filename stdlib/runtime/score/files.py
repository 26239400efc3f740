"""Batches as Parquet files, one each, in a folder or behind a URL."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.score.batch import Batch
from mlopsc.stdlib.runtime.store.faults import OperationError

_LEFT_BEHIND = 3_600.0
"""After so many seconds, what a writer that died has left beside its file is cleared away."""


def write_file(batch: Batch, path: str, project: Path) -> tuple[str, int]:
    """Put the file of a batch in its place in one step: where it is, and how many rows are not as they were.

    A file that holds the same rows already is left as it is. Raises OperationError when it cannot be written.
    """
    name = f"{batch.stage}.{batch.as_of:%Y-%m-%dT%H%M%S}{_fraction(batch)}Z.v{batch.version}.parquet"
    if "://" in path:
        return _put_remote(f"{path.rstrip('/')}/{name}", batch)
    target = project / path / name
    _sweep(target)
    changed = not target.is_file() or target.read_bytes() != batch.content
    if changed:
        write_atomically(target, batch.content)
    return str(Path(path) / name), batch.table.num_rows if changed else 0


def _fraction(batch: Batch) -> str:
    return f".{batch.as_of:%f}" if batch.as_of.microsecond else ""


def _sweep(target: Path) -> None:
    with suppress(OSError):
        for left in target.parent.glob(f".{target.name}.*"):
            if time.time() - left.stat().st_mtime > _LEFT_BEHIND:
                left.unlink()


def _put_remote(url: str, batch: Batch) -> tuple[str, int]:
    """An object of such a store is there whole or not at all."""
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(url)
        system.invalidate_cache()
        with suppress(FileNotFoundError):
            if system.cat_file(path) == batch.content:
                return url, 0
        system.makedirs(system._parent(path), exist_ok=True)
        system.pipe_file(path, batch.content)
    except Exception as error:
        told = str(error) or type(error).__name__
        raise OperationError(f"`{url}` cannot be written: {told}", "check the URL, the network and rights") from error
    return url, batch.table.num_rows
