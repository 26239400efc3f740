"""What a router does for its log now and then: merging its small files, and deleting what was kept long enough."""

from __future__ import annotations

import logging
import threading
from datetime import date

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.service.compaction import RUN, compact
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.files import LogFile, day_of
from mlopsc.stdlib.runtime.service.retention import prune
from mlopsc.stdlib.runtime.store.faults import OperationError

_log = logging.getLogger(__name__)


class Upkeep:
    """A thread beside the writer of an instance: it merges whenever there is a run of new files, and prunes daily."""

    def __init__(self, deployment: Deployment, instance: str) -> None:
        self._deployment = deployment
        self._instance = instance
        self._due = threading.Event()
        self._is_closed = False
        self._written: dict[tuple[str, date], int] = {}
        self._today: date | None = None
        self._thread = threading.Thread(target=self._work, name="log-upkeep", daemon=True)
        self._thread.start()

    def wrote(self, file: LogFile) -> None:
        """Note that a file was written."""
        folder = (file.prefix, file.day)
        self._written[folder] = self._written.get(folder, 0) + 1
        if self._written[folder] % RUN == 0:
            self._due.set()

    def note(self, at: float) -> None:
        """Note the time: with a new day, more may be merged and deleted."""
        if self._today != day_of(at):
            self._today = day_of(at)
            self._due.set()

    def close(self) -> None:
        """End the thread after what it is at."""
        self._is_closed = True
        self._due.set()
        self._thread.join(1.0)

    def _work(self) -> None:
        while self._due.wait() and not self._is_closed:
            self._due.clear()
            today = self._today
            try:
                if today is not None:
                    self._keep(today)
            except OperationError as error:
                _log.warning("the request log is not tidied: %s", error)
            except Exception:
                _log.exception("the request log is not tidied")

    def _keep(self, today: date) -> None:
        for prefix, day in list(self._written):
            compact(self._deployment, prefix, day, self._instance, is_over=day < today)
            if day < today:
                del self._written[prefix, day]
        prune(self._deployment, clock.now())
