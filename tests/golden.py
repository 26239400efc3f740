"""Golden cases: a folder with a `main.mlops` and files of what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mlopsc.compiler.diagnostics import Diagnostic, Fix
from mlopsc.compiler.text import Location, SourceFile

GOLDEN = Path(__file__).parent / "golden"

Golden = Callable[[Path, str], None]
"""Holds a text against the committed file of that path: the fixture `golden`."""


def cases(area: str) -> list[Path]:
    """The folders of the cases of an area, by name."""
    return sorted(path.parent for path in (GOLDEN / area).glob("*/main.mlops"))


def read_case(folder: Path) -> SourceFile:
    """The text of a case, its line breaks as they are."""
    return SourceFile("main.mlops", (folder / "main.mlops").read_bytes().decode("utf-8"))


def interleave(source: SourceFile, diagnostics: Iterable[Diagnostic]) -> str:
    """The text with each message below its line: `|` begins a line of the text, `!` one about it."""
    found = sorted(diagnostics, key=lambda diagnostic: diagnostic.order)
    lines = []
    for number in range(1, len(source.line_starts) + 1):
        lines.append(f"| {source.line(number)}")
        for diagnostic in found:
            if diagnostic.location.position.line == number:
                lines += [f"! {line}" for line in _annotations(diagnostic)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _annotations(diagnostic: Diagnostic) -> Iterator[str]:
    start, end = diagnostic.location.position, diagnostic.location.end
    width = end.column - start.column if end.line == start.line else 1
    gap = " " * (start.column - 1)
    yield f"{gap}{'^' * max(width, 1)} {diagnostic.label}"
    yield f"{gap}{diagnostic.code.id} {diagnostic.severity}: {diagnostic.message}"
    for label in diagnostic.related:
        yield f"{gap}see {_place(label.location)}: {label.text}"
    if diagnostic.hint:
        yield f"{gap}hint: {diagnostic.hint}"
    for fix in diagnostic.fixes:
        yield f"{gap}{_told(fix)}"


def _told(fix: Fix) -> str:
    edits = ", ".join(f"{_place(edit.location)} -> {edit.text!r}" for edit in fix.edits)
    return f"fix ({'safe' if fix.safe else 'to be looked at'}): {fix.title}: {edits}"


def _place(location: Location) -> str:
    return f"{location.position.line}:{location.position.column}-{location.end.line}:{location.end.column}"
