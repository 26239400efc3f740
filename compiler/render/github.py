"""Diagnostics as workflow commands of GitHub Actions, which shows them beside the changed lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.render.cells import safe
from mlopsc.compiler.render.concealing import without_secrets
from mlopsc.compiler.render.text import Shown
from mlopsc.stdlib.runtime.workflow_commands import Level, annotation

_LEVELS: Mapping[Severity, Level] = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_github(diagnostics: Sequence[Diagnostic], shown: Shown = str) -> str:
    """One line for each message."""
    return "".join(f"{_annotation(diagnostic, shown)}\n" for diagnostic in without_secrets(diagnostics))


def _annotation(diagnostic: Diagnostic, shown: Shown) -> str:
    start, end = diagnostic.location.position, diagnostic.location.end
    properties: dict[str, str | int] = {
        "file": safe(shown(diagnostic.location.file.path)),
        "line": start.line,
        "endLine": end.line,
        "col": start.column,
    }
    if end.line == start.line:  # columns of another line are refused
        properties["endColumn"] = max(start.column, end.column - 1)
    properties["title"] = safe(f"{diagnostic.code.id} {diagnostic.code.title}")
    text = "\n".join(filter(None, (diagnostic.message, diagnostic.label, diagnostic.hint)))
    return annotation(_LEVELS[diagnostic.severity], safe(text), **properties)
