"""Jobs in reused worker processes of this machine, forked from one server that has imported the libraries."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from mlopsc.stdlib.runtime.engine import worker
from mlopsc.stdlib.runtime.engine.executor import Lost, Signal
from mlopsc.stdlib.runtime.engine.work import Job, Reply

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_FORKING = "mlopsc.stdlib.runtime.engine.forking"


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    job: int | None = None


class Processes:
    """Up to `count` workers, each started when there is work for it; `preload` are modules worth importing once."""

    def __init__(self, count: int, preload: Iterable[str] = ()) -> None:
        self.threads = max(1, cores() // count)
        self._count = count
        self._variables = {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(self.threads))}
        self._workers: list[_Worker] = []
        self._context = _fork_server([_FORKING, worker.__name__, "numpy", *preload])

    def free(self) -> int:
        """How many more jobs it could begin now."""
        return self._count - sum(worker.job is not None for worker in self._workers)

    def submit(self, job: Job) -> None:
        """Give a job to an idle worker, or to a new one."""
        chosen = next((one for one in self._workers if one.job is None and one.process.is_alive()), None)
        if chosen is None:
            chosen = self._start()
        chosen.job = job.number
        with suppress(OSError):  # a worker that just died is found out by `wait`
            chosen.connection.send(job)

    def wait(self, timeout: float | None) -> list[Signal]:
        """What has happened since the last call."""
        waited: dict[Any, _Worker] = {}
        for one in self._workers:
            waited |= {one.connection: one, one.process.sentinel: one}
        ready = {id(waited[source]): waited[source] for source in wait(list(waited), timeout)}
        return [signal for one in ready.values() for signal in self._signals(one)]

    def cancel(self, jobs: Iterable[int]) -> None:
        """Kill the workers that do these jobs."""
        wanted = set(jobs)
        for one in [one for one in self._workers if one.job in wanted]:
            self._kill(one)

    def close(self) -> None:
        """Kill all workers, with whatever they have started."""
        for one in list(self._workers):
            self._kill(one)

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=worker.serve, args=(theirs, self._variables))  # type: ignore[attr-defined]
        with _environment(self._variables), _no_main_module(), _interrupts_held_back():
            process.start()
        theirs.close()
        started = _Worker(process, ours)
        self._workers.append(started)
        return started

    def _signals(self, one: _Worker) -> Iterator[Signal]:
        try:
            while one.connection.poll():
                signal: Signal = one.connection.recv()
                if isinstance(signal.what, Reply):
                    one.job = None
                yield signal
                if signal.last:
                    self._kill(one)
                    return
        except (EOFError, OSError):
            job = one.job
            self._kill(one)
            if job is not None:
                yield Signal(job, Lost(_ending(one.process.exitcode)))

    def _kill(self, one: _Worker) -> None:
        self._workers.remove(one)
        with suppress(OSError, AttributeError):
            os.killpg(one.process.pid or 0, signal.SIGKILL)
        one.process.kill()
        one.process.join()
        one.connection.close()


def _fork_server(preload: list[str]) -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(preload)
    return context


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended by itself, with exit code {code}"


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """The fork server reads its variables once, when it starts with the first worker."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Workers find all functions by their modules, so they need not run the program that started them again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Ctrl-C comes after the block; what is started within it inherits that, and is not torn out of its imports."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it within the block would end the holding back
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
