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
from mlopsc.stdlib.runtime.service.heartbeats import (
    INTERVAL,
    Heartbeat,
    Loss,
    heartbeat_key,
    merged,
    new_instance,
    newest_heartbeats,
)
from mlopsc.stdlib.runtime.service.keys import VARIABLE, fingerprint, log_secret
from mlopsc.stdlib.runtime.service.records import SECRET, FeedbackRow, RequestRow, log_schema, rows_by_kind
from mlopsc.stdlib.runtime.service.upkeep import Upkeep
from mlopsc.stdlib.runtime.store.faults import OperationError

FLUSH_ROWS = 1_000
"""As many new rows are written at once, before the interval is over."""
MOST_ROWS = 20_000
"""How many rows wait in memory while the store cannot be written; what comes after them is lost, and counted."""
_MOST_IN_A_FILE = 5_000
_RETRY = 0.5
_log = logging.getLogger(__name__)

Row = RequestRow | FeedbackRow


@dataclass(frozen=True)
class _Waiting:
    """A file that is to be written: it keeps its name and bytes, so that writing it again doubles nothing."""

    file: LogFile
    content: bytes
    rows: int


class LogWriter:
    """Takes rows and writes them from a thread of its own, every 10 seconds or 1,000 rows, and on `close`.

    A process that is killed loses at most the rows that came after the last flush. While the store cannot be written,
    up to 20,000 rows are kept and written later; rows beyond them are lost and counted in the signs of life. Rows
    outside the release's `sample` are dropped here, by the hash of their id, so that what belongs together stays
    together.
    """

    def __init__(self, deployment: Deployment, instance: str | None = None, *, interval: float = INTERVAL) -> None:
        """`instance` is a name that no other writer ever had, `interval` in seconds of real time.

        Raises OperationError when the secret cannot be had.
        """
        self.instance = instance or new_instance()
        self._deployment = deployment
        self._interval = interval
        self._schema = log_schema(deployment)
        secret = fingerprint(log_secret(deployment.project))
        self._metadata = {SECRET: secret.encode()}
        self._sample = float(deployment.settings.log.sample)
        self._wake = threading.Condition()
        self._new: list[Row] = []
        self._held = 0
        self._losses: tuple[Loss, ...] = ()
        self._pending: deque[_Waiting] = deque()
        self._numbers = {deployment.requests: 0, deployment.feedback: 0, deployment.heartbeats: 0}
        self._asked, self._done = 1, 0
        self._deadline: float | None = None
        self._is_failing = False
        self._said = 0.0
        started = clock.now()
        self._beat = Heartbeat(self.instance, started, time.time(), started, started, secret=secret)
        self._upkeep = Upkeep(deployment, self.instance)
        self._thread = threading.Thread(target=self._work, name="log-writer", daemon=True)
        self._thread.start()

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows; never waits for the store."""
        kept = [row for row in rows if self._sample >= 1 or bucket("sample", row.id) < self._sample]
        with self._wake:
            room = max(0, MOST_ROWS - self._held) if self._deadline is None else 0
            self._new += kept[:room]
            self._held += len(kept[:room])
            self._lose(kept[room:])
            if len(self._new) >= FLUSH_ROWS:
                self._wake.notify_all()

    def count(self, *, requests: int = 0, invalid: int = 0) -> None:
        """Count rows that were asked for, and requests that were refused as invalid."""
        with self._wake:
            now = self._beat
            self._beat = replace(now, requests=now.requests + requests, invalid=now.invalid + invalid)

    def serves(self, sequence: int, versions: Sequence[int], troubles: Sequence[str] = ()) -> None:
        """Say which entry of the release log is followed, which versions are loaded, and why others are not."""
        with self._wake:
            beat = replace(self._beat, sequence=sequence, versions=tuple(versions))
            self._beat = replace(beat, troubles=tuple(troubles))

    @property
    def heartbeat(self) -> Heartbeat:
        """What is so now; the store has it after the next flush."""
        with self._wake:
            return self._beat

    def flush(self, timeout: float = 30.0) -> bool:
        """Write now what was added so far; False when it is not all written after `timeout` seconds of waiting."""
        with self._wake:
            self._asked += 1
            asked = self._asked
            self._wake.notify_all()
            is_done = self._wake.wait_for(lambda: self._done >= asked or not self._thread.is_alive(), timeout)
            return is_done and not self._is_failing

    def close(self, timeout: float = 10.0) -> int:
        """Write what is left and a last sign of life, trying for `timeout` seconds; the number of rows left over."""
        with self._wake:
            self._deadline = time.monotonic() + timeout
            self._wake.notify_all()
        self._thread.join(timeout + _RETRY)
        self._upkeep.close()
        with self._wake:
            return self._held

    def _work(self) -> None:
        while self._deadline is None:
            with self._wake:
                self._wake.wait_for(self._is_due, self._interval)
                asked = self._asked
            self._turn(is_asked=asked > self._done)
            with self._wake:
                self._done = asked
                self._wake.notify_all()
        self._turn(is_last=True)
        while self._is_failing and time.monotonic() < self._deadline:
            time.sleep(_RETRY)
            self._turn(is_last=True)
        with self._wake:
            self._done = self._asked
            self._wake.notify_all()

    def _is_due(self) -> bool:
        if self._deadline is not None or self._asked > self._done:
            return True
        return len(self._new) >= FLUSH_ROWS and not self._is_failing

    def _turn(self, *, is_asked: bool = False, is_last: bool = False) -> None:
        """One flush and, unless there was one just now, a sign of life. Whatever fails, the thread goes on."""
        try:
            at = clock.now()
            self._cut()
            self._write()
            if is_asked or is_last or time.monotonic() - self._said >= self._interval:
                self._say(at, is_last)
            self._upkeep.note(at)
            self._is_failing = False
        except Exception as error:
            if not self._is_failing:
                known = isinstance(error, OperationError)
                _log.warning("the request log waits: %s", error, exc_info=None if known else error)
            self._is_failing = True

    def _cut(self) -> None:
        """Make files of the new rows: one for each log and day, and of at most 5,000 rows."""
        with self._wake:
            rows, self._new = self._new, []
        requests, feedback = rows_by_kind(rows)
        for prefix, of_one in ((self._deployment.requests, requests), (self._deployment.feedback, feedback)):
            for _, of_day in groupby(sorted(of_one, key=_time), key=lambda row: day_of(row.time)):
                found = list(of_day)
                for first in range(0, len(found), _MOST_IN_A_FILE):
                    self._cut_file(prefix, found[first : first + _MOST_IN_A_FILE])

    def _cut_file(self, prefix: str, rows: Sequence[Any]) -> None:
        """One file; a row that no table can hold is lost alone, and counted."""
        is_feedback = prefix == self._deployment.feedback
        try:
            table = self._schema.feedback_table(rows) if is_feedback else self._schema.request_table(rows)
            content = parquet_bytes(table.replace_schema_metadata(self._metadata))
        except Exception as error:
            if len(rows) > 1:
                self._cut_file(prefix, rows[: len(rows) // 2])
                self._cut_file(prefix, rows[len(rows) // 2 :])
                return
            _log.warning("a row cannot be logged: %s", error)
            with self._wake:
                self._held -= 1
                self._lose(rows)
            return
        number = self._numbers[prefix] = self._numbers[prefix] + 1
        file = LogFile(prefix, day_of(rows[0].time), self.instance, number, number)
        self._pending.append(_Waiting(file, content, len(rows)))

    def _write(self) -> None:
        while self._pending:
            waiting = self._pending[0]
            self._put(waiting)
            self._pending.popleft()
            self._upkeep.wrote(waiting.file)
            counted = "feedback_written" if waiting.file.prefix == self._deployment.feedback else "rows_written"
            with self._wake:
                self._held -= waiting.rows
                self._beat = replace(self._beat, **{counted: getattr(self._beat, counted) + waiting.rows})

    def _put(self, waiting: _Waiting) -> None:
        store, key = self._deployment.store, waiting.file.key
        # A network may lose the answer to a write that was done: then the file is there, and it is ours.
        if not store.put_if_absent(key, waiting.content) and store.get(key) != waiting.content:
            raise OperationError(f"`{key}` is there already", "start the router anew: its name was used before")

    def _say(self, at: float, is_last: bool) -> None:
        """Write a sign of life in place of the one before."""
        with self._wake:
            beat = replace(self._beat, at=clock.now(), wall=time.time(), flushed_at=at, ended=is_last)
            self._beat = beat = replace(beat, losses=self._losses)
        prefix, store = self._deployment.heartbeats, self._deployment.store
        number = self._numbers[prefix] = self._numbers[prefix] + 1
        store.put_if_absent(heartbeat_key(prefix, self.instance, number), beat.to_json())
        self._said = time.monotonic()
        if number > 1:
            store.delete(heartbeat_key(prefix, self.instance, number - 1))
        else:
            self._compare_secrets(beat)

    def _compare_secrets(self, own: Heartbeat) -> None:
        """Warn where another router that is at work has another secret: units and ids of the two do not match."""
        beats = newest_heartbeats(self._deployment.store, self._deployment.heartbeats).values()
        others = [beat.instance for beat in beats if beat.secret != own.secret and beat.is_live(own.wall)]
        if others:
            _log.warning(
                "`%s` has another secret for the request log than `%s`, so units have two names and feedback on the "
                "other's predictions is refused: set `%s` to one for both",
                *(others[0], self.instance, VARIABLE),
            )

    def _lose(self, rows: Sequence[Row]) -> None:
        """Count lost rows; the caller holds the lock."""
        if rows:
            times = [row.time for row in rows]
            self._losses = merged([*self._losses, Loss(min(times), max(times), len(times))])
            self._beat = replace(self._beat, rows_lost=self._beat.rows_lost + len(times))


def _time(row: Row) -> float:
    return row.time
