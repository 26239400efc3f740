"""Measuring commands: CPU seconds of a whole process and its children, so that a busy machine does not lie."""

from __future__ import annotations

import ctypes
import os
import resource
import statistics
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, the figure, and what it must stay at or below (or above)."""

    what: str
    value: float
    bound: float
    unit: str = "x"
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    @property
    def row(self) -> str:
        """The line as Markdown."""
        sign = ">=" if self.at_least else "<="
        remarks = "; ".join(one for one in ("" if self.holds else "**missed**", self.note) if one)
        cells = (self.what, _told(self.value, self.unit), f"{sign} {_told(self.bound, self.unit)}", remarks)
        return f"| {' | '.join(cells).rstrip()} |"


def _told(value: float, unit: str) -> str:
    digits = f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
    return f"{digits} {unit}".replace(" x", " ×")


def cpu_seconds(command: Sequence[str], cwd: Path, *, expect: Sequence[int] = (0,)) -> float:
    """User and system seconds of a command and all that it started; raises when it ends with another code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "NO_COLOR": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # users have it unset: a second start reads compiled modules
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    _reap()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in expect:
        raise RuntimeError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def adopt_orphans() -> None:
    """Count what outlives the process that began it, such as the server that workers are forked from; Linux only."""
    set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(set_child_subreaper, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this system does not hand over orphaned processes")


def _reap() -> None:
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def median_of(runs: int, measure: Callable[[], float]) -> float:
    """The median of several measurements, after one that is thrown away."""
    measure()
    return statistics.median(measure() for _ in range(runs))


def paired_ratio(runs: int, measure: Callable[[], float], floor: Callable[[], float]) -> tuple[float, float]:
    """The median of `measure / floor`, taken in turns so that a change of the machine's speed hits both, and the
    median of `measure` itself."""
    measure(), floor()
    pairs = [(measure(), floor()) for _ in range(runs)]
    return statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs)
