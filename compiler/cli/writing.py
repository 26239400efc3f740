"""Writing the user's files."""

from __future__ import annotations

import os
from pathlib import Path

from mlopsc.compiler.cli.exits import CommandFailure
from mlopsc.stdlib.runtime.engine.writing import write_atomically


def write_file(path: Path, text: str) -> None:
    """Replace a file of the project as a whole.

    Raises CommandFailure when it is read-only, and OperationError when it cannot be written.
    """
    if path.exists() and not os.access(path, os.W_OK):
        raise CommandFailure(f"`{path}` is read-only", "make it writable, or copy it")
    write_atomically(path, text.encode())
