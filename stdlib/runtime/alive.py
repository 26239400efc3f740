"""Whether a process of this machine is there."""

from __future__ import annotations

import os


def is_alive(process: int) -> bool:
    """Whether there is a process of that number, whoever owns it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
