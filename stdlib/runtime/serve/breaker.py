"""The local breaker: it takes a challenger that fails out of this router's traffic for a while."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from mlopsc.stdlib.runtime import clock

WINDOW = 20
"""So many of a version's last calls are looked at."""
_MOST_FAILURES = 0.5
_IN_A_ROW = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 480.0


@dataclass
class _Circuit:
    calls: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    opened: float = 0.0
    left_out_for: float = 0.0
    pause: float = _FIRST_PAUSE


class Breaker:
    """Opens after 5 failures in a row, or when half of the last 20 calls have failed.

    While it is open the champion answers in the challenger's place. After 30 seconds (twice as long each time again, at
    most 8 minutes) the challenger is tried anew. The verdict on the challenger is not made here: its
    failures are in the log, and the release's guards judge them.
    """

    def __init__(self, tell: Callable[[int, str], None]) -> None:
        self._circuits: dict[int, _Circuit] = {}
        self._tell = tell

    def is_open(self, version: int) -> bool:
        """Whether the version is left out now."""
        circuit = self._circuits.get(version)
        # A clock that was set back must not keep a version out for longer.
        return circuit is not None and circuit.opened <= clock.now() < circuit.opened + circuit.left_out_for

    def count(self, version: int, *, good: bool) -> None:
        """Count a call of a challenger."""
        circuit = self._circuits.setdefault(version, _Circuit())
        circuit.calls.append(good)
        if good:
            if len(circuit.calls) == WINDOW and all(circuit.calls):
                circuit.pause = _FIRST_PAUSE
            return
        last = list(circuit.calls)
        in_a_row = len(last) >= _IN_A_ROW and not any(last[-_IN_A_ROW:])
        many = len(last) == WINDOW and last.count(False) >= _MOST_FAILURES * WINDOW
        if (in_a_row or many) and not self.is_open(version):
            circuit.opened, circuit.left_out_for = clock.now(), circuit.pause
            self._tell(version, f"left out of this router's traffic for {circuit.pause:g} s: its calls fail")
            circuit.pause = min(circuit.pause * 2, _LONGEST_PAUSE)
            circuit.calls.clear()

    def forget(self, versions: frozenset[int]) -> None:
        """Keep nothing of versions other than these."""
        for version in self._circuits.keys() - versions:
            del self._circuits[version]
