"""The clock by which a service lives: this machine's, or one that a rehearsal moves forward.

What happened when, and what is due, is told by `now`. Pauses, timeouts and durations are real time and never pass
through here.
"""

from __future__ import annotations

import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

from mlopsc.stdlib.runtime.store.faults import OperationError

VARIABLE = "MLOPSC_CLOCK"
"""Names a file that holds the time of a rehearsal; without it, this machine's clock counts."""
_TIME = struct.Struct("<d")


def now() -> float:
    """The seconds since 1970-01-01 00:00 UTC; raises OperationError when a rehearsal's clock cannot be read."""
    path = os.environ.get(VARIABLE)
    if not path:
        return time.time()
    try:
        return float(_TIME.unpack(Path(path).read_bytes())[0])
    except (OSError, struct.error) as error:
        raise OperationError(f"the clock `{path}` cannot be read: {error}", f"unset `{VARIABLE}`") from error


def set_clock(path: Path, seconds: float) -> None:
    """Move a rehearsal's clock; whoever reads it sees the old time or the new one."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_bytes(_TIME.pack(seconds))
    temporary.replace(path)


def stamp(seconds: float) -> str:
    """A time as text that sorts and that people read: `2025-03-01T12:00:00Z`, with microseconds where there are any."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def parse_stamp(text: str) -> float:
    """The time that `stamp` wrote."""
    return datetime.fromisoformat(text).timestamp()
