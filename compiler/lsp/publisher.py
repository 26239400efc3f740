"""Tells the editor what is wrong, soon after each change: once for all changes that are already waiting."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Mapping, Sequence

from lsprotocol import types

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lsp.diagnostics import by_file
from mlopsc.compiler.lsp.documents import Documents
from mlopsc.compiler.lsp.projects import Project, Projects

SOON = 0.004
"""Seconds in which more of a burst of changes may come."""
REST = 0.4
"""Seconds without a change after which targets are asked what they cannot express."""

Told = Mapping[str, list[types.Diagnostic]]


class Publisher:
    """What was told last of each project, and when to tell more."""

    def __init__(
        self,
        documents: Documents,
        projects: Projects,
        targets: Sequence[str],
        send: Callable[[types.PublishDiagnosticsParams], None],
    ) -> None:
        self._documents = documents
        self._projects = projects
        self._targets = targets
        self._send = send
        self._told: dict[Project, Told] = {}
        self._states: dict[Project, tuple[int, int]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def soon(self) -> None:
        """Something has changed."""
        self._after(SOON, self._tell_changed)

    def _after(self, seconds: float, what: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, what)

    def _tell_changed(self) -> None:
        opened = self._projects.opened()
        for project in [one for one in self._told if one not in opened]:
            self._tell(project, ())
            del self._told[project], self._states[project]
        for project in opened:
            if self._states.get(project) != project.state:
                self._tell(project, project.compilation.diagnostics)
                self._states[project] = project.state
        self._after(REST, self._tell_refused)

    def _tell_refused(self) -> None:
        """What only targets know: they are asked when nobody types."""
        for project in self._projects.opened():
            project.tidy()
            if not project.compilation.has_errors:
                found = project.compilation.diagnostics_for(self._targets)
                if len(found) > len(project.compilation.diagnostics):
                    self._tell(project, found)
        gc.collect()

    def _tell(self, project: Project, found: Sequence[Diagnostic]) -> None:
        """All there is to say about the files of a project, and of those that it had something to say about before."""
        before = self._told.get(project, {})
        self._told[project] = told = by_file(project, found)
        opened = [one.uri for one in self._documents if one.is_spec and self._projects.of(one.uri) is project]
        for uri in dict.fromkeys([*told, *before, *opened]):
            document = self._documents.get(uri)
            self._send(types.PublishDiagnosticsParams(uri, self._of_all(uri), document.version if document else None))

    def _of_all(self, uri: str) -> list[types.Diagnostic]:
        """What all projects say about a file, each thing once."""
        found: list[types.Diagnostic] = []
        for told in self._told.values():
            found += [one for one in told.get(uri, ()) if one not in found]
        return found
