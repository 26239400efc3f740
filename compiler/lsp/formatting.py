"""Formatting: a whole file or the lines of a range, as small edits so that cursors and folds stay where they are; and
while somebody types, how far the line is indented and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from lsprotocol import types

from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.syntax.formatter import format_file
from mlopsc.compiler.syntax.pieces import STEP
from mlopsc.compiler.text import Span

_PART = re.compile(
    r"""
    \"{3}(?:[^"]|"(?!""))*(?P<block>\"{3}|\Z)   # a text of several lines, which may not have ended yet
    | "(?:\\.|[^"\\\n])*"? | '[^'\n]*'? | `[^`\n]*`? | \#[^\n]*
    | (?P<open>[{(\[]) | (?P<close>[})\]])
    """,
    re.VERBOSE,
)


def format_on_type(project: Project, path: str, params: types.DocumentOnTypeFormattingParams) -> list[types.TextEdit]:
    """The edit that indents the line at the cursor; none where it is right, or inside of a text."""
    file = project.file(path)
    if file is None:
        return []
    lines, text = project.lines(file.source), file.source.text
    start = lines.offset(types.Position(params.position.line, 0))
    end = lines.offset(types.Position(params.position.line, 1_000_000))
    line = text[start:end]
    content = line.lstrip(" \t")
    if params.ch == "}" and content[:1] != "}":
        return []
    depth = _depth(text[:start])
    if depth is None:
        return []
    indent = STEP * max(0, depth - len(content) + len(content.lstrip("})]")))
    blank = len(line) - len(content)
    if line[:blank] == indent:
        return []
    return [types.TextEdit(lines.range(Span(start, start + blank)), indent)]


def _depth(before: str) -> int | None:
    """How many brackets are open behind a text; None inside of a text of several lines."""
    depth = 0
    for match in _PART.finditer(before):
        if match["block"] == "":
            return None
        depth = max(0, depth + bool(match["open"]) - bool(match["close"]))
    return depth


def format_whole(project: Project, path: str, _: types.DocumentFormattingParams) -> list[types.TextEdit]:
    """The edits that format a file."""
    return format_document(project, path)


def format_range(project: Project, path: str, params: types.DocumentRangeFormattingParams) -> list[types.TextEdit]:
    """The edits that format the lines of a range."""
    return format_document(project, path, params.range)


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
