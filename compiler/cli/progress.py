"""A run as a table on a terminal, redrawn while stages work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from mlopsc.compiler.render.cells import safe
from mlopsc.stdlib.runtime.engine.events import (
    Event,
    LogLine,
    Outcome,
    Progress,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
)
from mlopsc.stdlib.runtime.summary.stages import seconds

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_SIGNS = {
    Outcome.OK: "[green]✓[/]",
    Outcome.FAIL: "[red]✗[/]",
    Outcome.ERROR: "[red]✗[/]",
    Outcome.UNDECIDED: "[yellow]?[/]",
    Outcome.SKIPPED: "[dim]-[/]",
    Outcome.INTERRUPTED: "[yellow]![/]",
}
_MOST_ROWS = 20


class LiveTable:
    """Shows events as they come; rich is imported when the first stage works, so that a run without work is quick."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live: Live | None = None
        self._stages: dict[str, _Row] = {}

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case RunStarted():
                self._stages = {name: _Row(name) for name in event.stages}
            case StageStarted():
                self._row(event.stage).begin(event)
                self._show()
            case Progress():
                self._row(event.stage).progress = event
            case LogLine():
                self._row(event.stage).line = safe(event.text).splitlines()[0] if event.text else ""
            case StageFinished():
                self._row(event.summary.stage).end(event)
            case RunFinished():
                self.close()

    def close(self) -> None:
        """Stop redrawing and take the table away; what the run found is told below."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _row(self, name: str) -> _Row:
        return self._stages.setdefault(name, _Row(name))

    def _show(self) -> None:
        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            console: Console = Console(file=self._stream, highlight=False)
            self._live = Live(console=console, get_renderable=self._table, refresh_per_second=8, transient=True)
            self._live.start()

    def _table(self) -> Table:
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        rows = [row for row in self._stages.values() if row.is_of_interest]
        waiting = len(self._stages) - len(rows)
        for row in rows[-_MOST_ROWS:]:
            table.add_row(*row.cells())
        if waiting:
            table.add_row("", f"[dim]{waiting} to come[/]")
        return table


class _Row:
    """What is known of a stage while the run goes on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind = ""
        self.progress: Progress | None = None
        self.line = ""
        self._began = 0.0
        self._ended: StageFinished | None = None

    @property
    def is_of_interest(self) -> bool:
        """Whether it works or has ended."""
        return bool(self._began) or self._ended is not None

    def begin(self, event: StageStarted) -> None:
        """It works now."""
        self.kind, self.line = event.kind, event.reason
        self._began = time.monotonic()

    def end(self, event: StageFinished) -> None:
        """It has ended."""
        self.kind = event.summary.kind
        self._ended = event

    def cells(self) -> tuple[str, ...]:
        """Its line in the table, as rich's markup."""
        from rich.markup import escape

        name, kind = f"[bold]{escape(safe(self.name))}[/]", f"[dim]{escape(self.kind)}[/]"
        if self._ended is not None:
            summary = self._ended.summary
            how = "cached" if summary.cached else summary.outcome.told
            took = "" if summary.cached else seconds(summary.seconds)
            return _SIGNS[summary.outcome], name, kind, took, f"[dim]{how}[/]"
        passed = time.monotonic() - self._began
        frame = _FRAMES[int(passed * 8) % len(_FRAMES)]
        return f"[cyan]{frame}[/]", name, kind, seconds(passed), escape(self._doing())

    def _doing(self) -> str:
        if self.progress is None:
            return self.line
        done, total = self.progress.done, self.progress.total
        share = f"{done:g} of {total:g}" if total else f"{done:g}"
        return f"{share}  {safe(self.progress.text)}".rstrip()
