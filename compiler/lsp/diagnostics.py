"""What the compiler has to say, in the terms of the protocol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from lsprotocol import types

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.text import Location, Span

PAGES = "https://github.com/mlopsc/mlopsc/blob/main/docs"
"""Where every code has a page, those of the linter on a page of theirs; `mlopsc explain` shows the same."""

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_UNNEEDED = frozenset({"unused-constant", "unused-stage"})
"""What editors draw faded: it could be left out."""


def by_file(project: Project, found: Iterable[Diagnostic]) -> dict[str, list[types.Diagnostic]]:
    """The messages of a project by the URI of the file that each is about."""
    told: dict[str, list[types.Diagnostic]] = defaultdict(list)
    for one in found:
        told[project.uri(one.location.file.path)].append(as_told(project, one))
    return told


def as_told(project: Project, found: Diagnostic) -> types.Diagnostic:
    """One message; what stands at the caret of a terminal follows the fact here."""
    parts = [found.message, found.label if found.label not in found.message else "", found.hint]
    return types.Diagnostic(
        range=place(project, _visible(found.location)).range,
        message="\n".join(filter(None, parts)),
        severity=_SEVERITIES[found.severity],
        code=found.code.id,
        code_description=types.CodeDescription(_page_of(found.code.id)),
        source="mlopsc",
        tags=[types.DiagnosticTag.Unnecessary] if found.code.title in _UNNEEDED else None,
        related_information=[
            types.DiagnosticRelatedInformation(place(project, one.location), one.text) for one in found.related
        ],
    )


def place(project: Project, at: Location) -> types.Location:
    """A place of a file of the project."""
    return types.Location(project.uri(at.file.path), project.lines(at.file).range(at.span))


def _visible(at: Location) -> Location:
    """The place, or where it is empty the character before it on its line, so that there is something to underline."""
    start, end = at.span
    text = at.file.text
    if start < end or not text:
        return at
    if start and text[start - 1] not in "\r\n":
        return Location(at.file, Span(start - 1, end))
    return Location(at.file, Span(start, min(end + 1, len(text))))


def _page_of(code: str) -> str:
    return f"{PAGES}/{'lint' if code.startswith('L') else 'messages'}.md#{code.lower()}"
