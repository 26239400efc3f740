"""Formatting: a whole file or the lines of a range, as small edits so that cursors and folds stay where they are."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from lsprotocol import types

from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.syntax.formatter import format_file
from mlopsc.compiler.text import Span


def format_document(project: Project, path: str, range_: types.Range | None = None) -> list[types.TextEdit]:
    """The edits that format a file, of which a range keeps those in its lines; none where its syntax has mistakes."""
    file = project.file(path)
    if file is None or any(chunk.problems for chunk in file.chunks):
        return []
    text = file.source.text
    formatted = format_file(file)
    first = text.find("\n")
    if first > 0 and text[first - 1] == "\r":
        formatted = formatted.replace("\n", "\r\n")
    lines = project.lines(file.source)
    edits = [types.TextEdit(lines.range(span), new) for span, new in _edits(text, formatted)]
    return edits if range_ is None else [one for one in edits if _touches(one.range, range_)]


def _edits(before: str, after: str) -> Iterator[tuple[Span, str]]:
    """What changes, in whole lines."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Span(starts[old_start], starts[old_end]), "".join(new[new_start:new_end])


def _touches(edit: types.Range, wanted: types.Range) -> bool:
    """Whether an edit is about a line of a range; it ends before the first character of its last line."""
    last = edit.end.line if edit.end.character or edit.end.line == edit.start.line else edit.end.line - 1
    return edit.start.line <= wanted.end.line and wanted.start.line <= last
