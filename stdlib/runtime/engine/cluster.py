"""Jobs on the workers of a Dask cluster, which must reach the project's folder and the store by the same paths."""

from __future__ import annotations

import pickle
import queue
import threading
from collections.abc import Iterable
from functools import partial
from typing import Any

from mlopsc.stdlib.runtime.engine.events import LogLine, Progress
from mlopsc.stdlib.runtime.engine.executor import Begun, Lost, Signal
from mlopsc.stdlib.runtime.engine.reporting import reporting_to
from mlopsc.stdlib.runtime.engine.work import Job, Reply, perform
from mlopsc.stdlib.runtime.store.faults import OperationError

_TOPIC = "mlopsc"
_SECONDS_TO_CONNECT = 10

_alone = threading.Lock()


class Cluster:
    """The workers behind the scheduler at `url` (`tcp://host:port`); a job uses one worker process alone."""

    threads = 1

    def __init__(self, url: str) -> None:
        self._client = _connect(url)
        self._futures: dict[int, Any] = {}
        self._signals: queue.SimpleQueue[Signal] = queue.SimpleQueue()
        self._client.subscribe_topic(_TOPIC, self._report)

    def free(self) -> int:
        """How many more jobs the cluster could begin now."""
        workers = len(self._client.scheduler_info(n_workers=-1)["workers"])
        return max(1, workers) - len(self._futures)

    def submit(self, job: Job) -> None:
        """Send a job."""
        future = self._client.submit(perform_on_cluster, pickle.dumps(job), pure=False, retries=0)
        self._futures[job.number] = future
        self._signals.put(Signal(job.number, Begun()))
        future.add_done_callback(partial(self._done, job.number))

    def wait(self, timeout: float | None) -> list[Signal]:
        """What has happened since the last call."""
        try:
            found = [self._signals.get(timeout=timeout)]
        except queue.Empty:
            return []
        while not self._signals.empty():
            found.append(self._signals.get())
        known = [signal for signal in found if signal.job in self._futures]
        for signal in known:
            if isinstance(signal.what, Reply | Lost):
                del self._futures[signal.job]
        return known

    def cancel(self, jobs: Iterable[int]) -> None:
        """Forget jobs; one that a worker has begun runs to its end there, unheard."""
        futures = [self._futures.pop(job) for job in jobs if job in self._futures]
        self._client.cancel(futures)

    def close(self) -> None:
        """Forget all jobs and leave the cluster."""
        self.cancel(list(self._futures))
        self._client.close()

    def _done(self, job: int, future: Any) -> None:
        if future.status == "finished":
            self._signals.put(Signal(job, pickle.loads(future.result())))
        elif future.status == "error":
            self._signals.put(Signal(job, Lost(f"the cluster says {future.exception()!r}")))

    def _report(self, event: tuple[float, bytes]) -> None:
        self._signals.put(pickle.loads(event[1]))


def perform_on_cluster(pickled: bytes) -> bytes:
    """Do a job in a worker of the cluster, one at a time in each process, and return the pickled reply."""
    job: Job = pickle.loads(pickled)

    def sink(event: Progress | LogLine) -> None:
        from distributed import get_worker

        get_worker().log_event(_TOPIC, pickle.dumps(Signal(job.number, event)))

    with _alone, reporting_to(sink):
        return pickle.dumps(perform(job))


def _connect(url: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise OperationError(
            "`executor = dask(…)` needs the package `distributed`", "install `mlopsc[dask]`"
        ) from error
    try:
        return Client(url, timeout=_SECONDS_TO_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise OperationError(
            f"no Dask scheduler answers at `{url}`", "start it, or correct `executor` of the environment"
        ) from error
