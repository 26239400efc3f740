"""When Python looks for garbage: seldom, in programs whose many objects are modules and trees and hardly any garbage.

With Python's usual 700 objects between two looks, a tenth of the import of scikit-learn and up to 40% of a check of a
spec went into looks that found nothing.
"""

from __future__ import annotations

import atexit
import gc
import os

_OBJECTS_BETWEEN_LOOKS = 100_000


def look_seldom() -> None:
    """For a program that is soon over; what there is at its end, the system takes back, without a last look."""
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
    atexit.register(_leave_the_rest)


def look_at_nothing() -> None:
    """For a process that imports modules, forks, and does nothing else; it ends without taking modules apart."""
    gc.disable()
    # Modules that are imported after this have been asked by then: the last to be registered is the first to be called.
    atexit.register(os._exit, 0)


def look_at_what_is_new() -> None:
    """For a process forked off such a one: what was imported stays, and the pages that hold it stay shared."""
    gc.freeze()
    gc.enable()


def _leave_the_rest() -> None:
    gc.disable()
    gc.freeze()
