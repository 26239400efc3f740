"""The way from code inside a worker to whoever listens to the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mlopsc.stdlib.runtime.engine.events import LogLine, Progress

Sink = Callable[[Progress | LogLine], None]

_sinks: list[Sink] = []


def report(event: Progress | LogLine) -> None:
    """Pass an event on; without a listener (a stage function called by hand) it is dropped."""
    if _sinks:
        _sinks[-1](event)


@contextmanager
def reporting_to(sink: Sink) -> Iterator[None]:
    """Within the block, events of this process go to `sink`."""
    _sinks.append(sink)
    try:
        yield
    finally:
        _sinks.pop()
