"""A bar below the lines of a rehearsal: how far its clock is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text


class Bar:
    """Redraws itself while lines are printed above it."""

    def __init__(self, stream: TextIO, begins: float, ends: float) -> None:
        self._begins = begins
        self._console = Console(file=stream, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(compact=True))
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._task = self._progress.add_task(_date(begins), total=ends - begins)
        self._progress.start()

    def show(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(Text.from_ansi(line), soft_wrap=True)

    def advance(self, now: float) -> None:
        """Move to a time."""
        self._progress.update(self._task, completed=now - self._begins, description=_date(now))

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
