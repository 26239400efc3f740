"""Diagnostics as workflow commands of GitHub Actions, which shows them beside the changed lines."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.render.cells import safe
from mlopsc.compiler.render.text import Shown

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_github(diagnostics: Sequence[Diagnostic], shown: Shown = str) -> str:
    """One line for each message."""
    return "".join(f"{_annotation(diagnostic, shown)}\n" for diagnostic in diagnostics)


def _annotation(diagnostic: Diagnostic, shown: Shown) -> str:
    start, end = diagnostic.location.position, diagnostic.location.end
    properties: dict[str, str | int] = {
        "file": shown(diagnostic.location.file.path),
        "line": start.line,
        "endLine": end.line,
        "col": start.column,
    }
    if end.line == start.line:  # columns of another line are refused
        properties["endColumn"] = max(start.column, end.column - 1)
    properties["title"] = f"{diagnostic.code.id} {diagnostic.code.title}"
    told = ",".join(f"{name}={_escape_property(str(value))}" for name, value in properties.items())
    text = "\n".join(filter(None, (diagnostic.message, diagnostic.label, diagnostic.hint)))
    return f"::{_COMMANDS[diagnostic.severity]} {told}::{_escape(text)}"


def _escape(text: str) -> str:
    return safe(text).replace("%", "%25").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
