"""Writing the request log and feedback beside the answers: nothing here ever makes a request wait."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.service.assignment import bucket
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.files import LogFile, day_of, parquet_bytes
from mlopsc.stdlib.runtime.service.heartbeats import INTERVAL, Heartbeat, Loss, heartbeat_key, merged, new_instance
from mlopsc.stdlib.runtime.service.keys import fingerprint, log_secret
from mlopsc.stdlib.runtime.service.records import SECRET, FeedbackRow, RequestRow, log_schema, rows_by_kind
from mlopsc.stdlib.runtime.store.faults import OperationError

FLUSH_ROWS = 1_000
"""As many new rows are written at once, before the interval is over."""
MOST_ROWS = 20_000
"""How many rows wait in memory while the store cannot be written; what comes after them is lost, and counted."""
_MOST_IN_A_FILE = 5_000
_log = logging.getLogger(__name__)

Row = RequestRow | FeedbackRow


@dataclass(frozen=True)
class _File:
    """A file that waits to be written: it keeps its name and bytes, so that a repeated write doubles nothing."""

    file: LogFile
    content: bytes
    rows: int
    span: tuple[float, float]


class LogWriter:
    """Takes rows and writes them from a thread of its own, every 10 seconds or 1,000 rows, and on `close`.

    A process that is killed loses at most the rows that came after the last flush. While the store cannot be written,
    up to 20,000 rows are kept and written later; rows beyond them are lost and counted in the signs of life. Rows
    outside the release's `sample` are dropped here, by the hash of their id, so that pairs stay together.
    """

    def __init__(self, deployment: Deployment, instance: str | None = None, *, interval: float = INTERVAL) -> None:
        """`interval` is in seconds of real time. Raises OperationError when the secret cannot be had."""
        self.instance = instance or new_instance()
        self._deployment = deployment
        self._interval = interval
        self._schema = log_schema(deployment)
        self._metadata = {SECRET: fingerprint(log_secret(deployment.project)).encode()}
        self._sample = float(deployment.settings.log.sample)
        self._wake = threading.Condition()
        self._new: list[Row] = []
        self._held = 0
        self._losses: list[Loss] = []
        self._pending: deque[_File] = deque()
        self._numbers = {deployment.requests: 0, deployment.feedback: 0, deployment.heartbeats: 0}
        self._asked = self._done = 0
        self._is_closing = False
        self._is_failing = False
        started = clock.now()
        self._beat = Heartbeat(self.instance, started, time.time(), started, started)
        self._thread = threading.Thread(target=self._work, name="log-writer", daemon=True)
        self._thread.start()

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows; never waits for the store."""
        kept = [row for row in rows if self._sample >= 1 or bucket("sample", row.id) < self._sample]
        with self._wake:
            room = max(0, MOST_ROWS - self._held)
            self._new += kept[:room]
            self._held += len(kept[:room])
            self._lose([row.time for row in kept[room:]])
            if len(self._new) >= FLUSH_ROWS:
                self._wake.notify()

    def count(self, *, requests: int = 0, invalid: int = 0) -> None:
        """Count rows that were asked for, and requests that were refused as invalid."""
        with self._wake:
            self._beat = replace(
                self._beat, requests=self._beat.requests + requests, invalid=self._beat.invalid + invalid
            )

    def serves(self, sequence: int, versions: Sequence[int]) -> None:
        """Say which entry of the release log is followed and which versions are loaded."""
        with self._wake:
            self._beat = replace(self._beat, sequence=sequence, versions=tuple(versions))

    @property
    def heartbeat(self) -> Heartbeat:
        """What would be said now."""
        with self._wake:
            return self._beat

    def flush(self, timeout: float = 30.0) -> bool:
        """Write now what was added so far; False when it is not all written after `timeout` seconds of waiting."""
        with self._wake:
            self._asked += 1
            asked = self._asked
            self._wake.notify()
            reached = self._wake.wait_for(lambda: self._done >= asked or not self._thread.is_alive(), timeout)
            return reached and not self._held

    def close(self, timeout: float = 30.0) -> int:
        """Write what is left and a last sign of life; the number of rows that could not be written."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        self._thread.join(timeout)
        with self._wake:
            return self._held

    def _work(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(self._is_due, self._interval)
                asked, is_last = self._asked, self._is_closing
            self._turn(is_last)
            with self._wake:
                self._done = asked
                self._wake.notify_all()
            if is_last:
                return

    def _is_due(self) -> bool:
        if self._is_closing or self._asked > self._done:
            return True
        return len(self._new) >= FLUSH_ROWS and not self._is_failing

    def _turn(self, is_last: bool) -> None:
        """One flush and one sign of life. Whatever fails, the thread goes on."""
        at = clock.now()
        with self._wake:
            rows, self._new = self._new, []
        try:
            self._cut(rows)
            self._write()
            self._say(at, is_last)
            self._is_failing = False
        except OperationError as error:
            if not self._is_failing:
                _log.warning("the request log waits: %s", error)
            self._is_failing = True

    def _cut(self, rows: Sequence[Row]) -> None:
        """Make files of rows: one for each log and day, and of at most 5,000 rows."""
        requests, feedback = rows_by_kind(rows)
        tables = ((self._deployment.requests, requests), (self._deployment.feedback, feedback))
        for prefix, all_of_one in tables:
            by_day = groupby(sorted(all_of_one, key=_time), key=lambda row: day_of(row.time))
            for _, of_a_day in by_day:
                of_day = list(of_a_day)
                for first in range(0, len(of_day), _MOST_IN_A_FILE):
                    self._cut_file(prefix, of_day[first : first + _MOST_IN_A_FILE])

    def _cut_file(self, prefix: str, rows: Sequence[Any]) -> None:
        span = (rows[0].time, rows[-1].time)
        try:
            is_feedback = prefix == self._deployment.feedback
            table = self._schema.feedback_table(rows) if is_feedback else self._schema.request_table(rows)
            content = parquet_bytes(table.replace_schema_metadata(self._metadata))
        except Exception:
            # A row that no table can hold must not keep the next ones from being written.
            _log.exception("%d rows of the request log are lost", len(rows))
            with self._wake:
                self._held -= len(rows)
                self._lose([row.time for row in rows])
            return
        self._numbers[prefix] += 1
        file = LogFile(prefix, day_of(span[0]), self.instance, self._numbers[prefix])
        self._pending.append(_File(file, content, len(rows), span))

    def _write(self) -> None:
        while self._pending:
            waiting = self._pending[0]
            self._put(waiting)
            self._pending.popleft()
            is_feedback = waiting.file.prefix == self._deployment.feedback
            with self._wake:
                self._held -= waiting.rows
                counted = "feedback_written" if is_feedback else "rows_written"
                self._beat = replace(self._beat, **{counted: getattr(self._beat, counted) + waiting.rows})

    def _put(self, waiting: _File) -> None:
        store, key = self._deployment.store, waiting.file.key
        if not store.put_if_absent(key, waiting.content) and store.get(key) != waiting.content:
            raise OperationError(f"`{key}` exists already", "start the router again, under a new name")

    def _say(self, at: float, is_last: bool) -> None:
        """Write a sign of life in place of the one before."""
        with self._wake:
            beat = replace(self._beat, at=clock.now(), wall=time.time(), flushed_at=at, ended=is_last)
            self._beat = beat = replace(beat, losses=merged(self._losses), rows_lost=self._beat.rows_lost)
            self._losses = list(beat.losses)
        prefix, store = self._deployment.heartbeats, self._deployment.store
        number = self._numbers[prefix] + 1
        store.put_if_absent(heartbeat_key(prefix, self.instance, number), beat.to_json())
        self._numbers[prefix] = number
        if number > 1:
            store.delete(heartbeat_key(prefix, self.instance, number - 1))

    def _lose(self, times: Sequence[float]) -> None:
        """Count lost rows; the caller holds the lock."""
        if times:
            loss = Loss(min(times), max(times), len(times))
            self._losses = [*merged([*self._losses, loss])]
            self._beat = replace(self._beat, rows_lost=self._beat.rows_lost + len(times))


def _time(row: Row) -> float:
    return row.time
