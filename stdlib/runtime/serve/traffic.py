"""What this router has answered lately, for its status page."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

MINUTES = 60
_LAST_TIMES = 1_000


@dataclass
class Minute:
    """Rows of one minute: answered, failed, and answered unseen."""

    good: int = 0
    bad: int = 0
    unseen: int = 0


@dataclass
class Answered:
    """What one version has answered in one role since the router started, and how long its last calls took."""

    good: int = 0
    bad: int = 0
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_LAST_TIMES))

    def percentile(self, share: float) -> float | None:
        """A percentile of the last calls, in seconds; None when there are none."""
        times = sorted(self.seconds)
        return times[min(len(times) - 1, int(share * len(times)))] if times else None


class Traffic:
    """Counts rows by minute of real time, and by version and role."""

    def __init__(self) -> None:
        self._minutes: dict[int, Minute] = {}
        self._answered: dict[tuple[int, str], Answered] = {}

    def add(self, version: int, role: str, rows: int, seconds: float, *, good: bool) -> None:
        """Count the rows of one call."""
        minute = self._minute()
        if role == "shadow":
            minute.unseen += rows
        elif good:
            minute.good += rows
        else:
            minute.bad += rows
        answered = self._answered.setdefault((version, role), Answered())
        answered.good += rows if good else 0
        answered.bad += 0 if good else rows
        answered.seconds.append(seconds)

    def of(self, version: int, role: str) -> Answered:
        """What a version has answered in a role."""
        return self._answered.get((version, role), Answered())

    def last_hour(self) -> Sequence[Minute]:
        """The last 60 minutes, the oldest first."""
        now = _now()
        return [self._minutes.get(minute, Minute()) for minute in range(now - MINUTES + 1, now + 1)]

    def _minute(self) -> Minute:
        now = _now()
        if now not in self._minutes:
            self._minutes = {one: counts for one, counts in self._minutes.items() if one > now - MINUTES}
            self._minutes[now] = Minute()
        return self._minutes[now]


def _now() -> int:
    return int(time.monotonic() // 60)
