"""How long scoring may take, and how often writing is tried again; whatever is cut short has written nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.score.sinks import Put

_MONTH = 30 * 86_400


@contextmanager
def within(timeout: Duration | None) -> Iterator[None]:
    """Raises StageFailure in the main thread when its body takes longer; without a timeout, never."""
    if timeout is None:
        yield
        return

    if not hasattr(signal, "SIGALRM"):
        raise StageFailure("this system cannot stop a scoring", "leave `timeout` out here", setting="timeout")

    def stop(*_: object) -> NoReturn:
        raise StageFailure(f"it was stopped after {timeout}; nothing was written", setting="timeout")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, timeout.seconds + timeout.months * _MONTH)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def insist(write: Callable[[], Put], retries: int) -> Put:
    """Write, and try again after 1, 2, 4, … seconds where files or the network were to blame."""
    for attempt in range(retries):
        try:
            return write()
        except StageFailure as failure:
            if not failure.outside:
                raise
            time.sleep(2.0**attempt)
    return write()
