"""Keeping what a call prints and changes from whatever comes after it."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STREAMS = (1, 2)
_LONGEST_TAIL = 64_000


@contextmanager
def captured(log: Path) -> Iterator[None]:
    """Within the block, all output of this process and its children goes to the end of `log`, and nowhere else."""
    log.parent.mkdir(parents=True, exist_ok=True)
    kept = [os.dup(stream) for stream in _STREAMS]
    descriptor = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    try:
        flush()
        for stream in _STREAMS:
            os.dup2(descriptor, stream)
        yield
    finally:
        flush()
        for stream, original in zip(_STREAMS, kept, strict=True):
            os.dup2(original, stream)
            os.close(original)
        os.close(descriptor)


@contextmanager
def restored() -> Iterator[None]:
    """After the block, environment variables, working folder, search path, arguments and warnings are as before.

    Within it nothing is compiled to files: Python tells such a file's age by the second and the size of its source, so
    that code which was changed at once could be run as it had been.
    """
    variables, folder, path, arguments = dict(os.environ), Path.cwd(), list(sys.path), list(sys.argv)
    streams, keeps_bytecode = (sys.stdout, sys.stderr), not sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    with warnings.catch_warnings():
        try:
            yield
        finally:
            if os.environ != variables:
                os.environ.clear()
                os.environ.update(variables)
            os.chdir(folder)
            sys.path[:], sys.argv[:] = path, arguments
            sys.stdout, sys.stderr = streams
            sys.dont_write_bytecode = not keeps_bytecode


def flush() -> None:
    """Hand on what this process has printed but not yet written."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def last_lines(log: Path, count: int = 12) -> tuple[str, ...]:
    """The last lines of a log, however long it is."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(line.rstrip("\r") for line in text.splitlines()[-count:])
