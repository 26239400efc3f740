"""Writing files of the project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlopsc.compiler.cli.exits import CommandFailure
from mlopsc.stdlib.runtime.engine.writing import write_together


def write_file(path: Path, text: str) -> None:
    """Replace a file as a whole; raises as `write_files` does."""
    write_files({path: text})


def write_files(texts: Mapping[Path, str]) -> None:
    """Replace files as a whole: all of them or none.

    Raises CommandFailure when one is read-only, and OperationError when one cannot be written.
    """
    for path in texts:
        if path.exists() and not os.access(path, os.W_OK):
            raise CommandFailure(f"`{path}` is read-only", "make it writable, or copy it")
    write_together({path: text.encode() for path, text in texts.items()})
