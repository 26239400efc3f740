"""A worker process: it does one job after the other until its connection closes."""

from __future__ import annotations

import faulthandler
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import NoReturn

from mlopsc.stdlib.runtime.collector import look_at_what_is_new
from mlopsc.stdlib.runtime.engine.events import LogLine, Progress
from mlopsc.stdlib.runtime.engine.executor import Begun, Signal
from mlopsc.stdlib.runtime.engine.reporting import Sink, reporting_to
from mlopsc.stdlib.runtime.engine.work import Job, perform

_SECONDS_BETWEEN_PROGRESS = 0.1


def serve(connection: Connection, variables: Mapping[str, str]) -> None:
    """Do the jobs that come over the connection and answer each; `variables` are the whole environment."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)  # Ctrl-C is for the scheduler, which then stops this group with all that it started
        _hear_interrupts()
    os.environ.clear()
    os.environ.update(variables)
    _limit_threads(int(variables["OMP_NUM_THREADS"]))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable()
    look_at_what_is_new()
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, jobs), daemon=True).start()
    send, usual, clean = _locked(connection), threading.active_count(), True
    while clean:
        job = jobs.get()
        send(Signal(job.number, Begun()))
        with reporting_to(_sink(job.number, send)):
            reply = perform(job)
        # Threads that a job has left behind cannot be stopped: the next job gets another process.
        clean = threading.active_count() <= usual
        send(Signal(job.number, reply, last=not clean))


def _listen(connection: Connection, jobs: queue.SimpleQueue[Job]) -> None:
    """Take jobs; when the scheduler is gone, however it went, end at once, with all processes that a job started.

    So it does when a job cannot be read, as when the program was upgraded since the run began: whoever waits for an
    answer is told that this process has ended.
    """
    while True:
        try:
            jobs.put(connection.recv())
        except Exception:
            _end()


def _end() -> NoReturn:
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _hear_interrupts() -> None:
    """From now on, as any process does; one that came while interrupts were held back was not for this process."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, handler)


def _locked(connection: Connection) -> Callable[[Signal], None]:
    lock = threading.Lock()

    def send(message: Signal) -> None:
        with lock:
            try:
                connection.send(message)
            except OSError:  # the scheduler is gone, and nobody listens
                _end()

    return send


def _sink(job: int, send: Callable[[Signal], None]) -> Sink:
    told = 0.0

    def sink(event: Progress | LogLine) -> None:
        nonlocal told
        now = time.monotonic()
        if isinstance(event, LogLine) or now - told >= _SECONDS_BETWEEN_PROGRESS:
            told = now if isinstance(event, Progress) else told
            send(Signal(job, event))

    return sink


def _limit_threads(threads: int) -> None:
    """Libraries that the fork server has loaded already have read their environment: tell them again."""
    try:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    except ImportError:
        return
    threadpool_limits(threads)
