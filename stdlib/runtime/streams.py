"""The standard streams of a program: closed by the caller, of another encoding, or read by nobody to the end."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path

PIPE = 141
"""The exit code of a program whose output nobody reads to its end: 128 and the number of SIGPIPE."""


def prepare_streams() -> None:
    """Let streams that the caller closed lead nowhere, and show `?` for letters that the encoding lacks."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        # Else the next file to be opened would take its place, here and in the processes that are started.
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 (open as long as the process)
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
    for written in (sys.stdout, sys.stderr):
        if isinstance(written, TextIOWrapper):
            written.reconfigure(errors="replace")


def abandon_output() -> None:
    """Send what is still to be written to stdout nowhere, so that Python does not try again at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
