"""Diagnostics to render: every part of a message, and text that is hard to lay out."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, Edit, Fix, Label, Severity, replace
from mlopsc.compiler.text import Location, SourceFile, Span

UNKNOWN = Code("E203", "unknown-column")
UNPINNED = Code("L101", "unpinned-data", Severity.WARNING)

SPEC = SourceFile("pipeline.mlops", 'data rides {\n  source = csv("rides.csv")\n  time   = att\n}\n')
SHARED = SourceFile("shared files/ñ.mlops", "schema {\r\n  at: timestamp\r\n}\r\n")


def place(file: SourceFile, text: str) -> Location:
    """Where `text` stands first in a file."""
    start = file.text.index(text)
    return Location(file, Span(start, start + len(text)))


def unknown_column() -> Diagnostic:
    """A message with every part that a message can have."""
    at = place(SPEC, "att")
    return Diagnostic(
        UNKNOWN,
        at,
        "there is no column `att` in `rides`",
        "did you mean `at`?",
        (Label(place(SPEC, "data rides"), "its columns are looked up"), Label(place(SHARED, "at"), "declared here")),
        "declare it,\nor correct the name",
        (replace("write `at`", at, "at"), Fix("remove the setting", (Edit(place(SPEC, "  time   = att\n"), ""),))),
    )


def unpinned_data() -> Diagnostic:
    """A warning with two marks on one line."""
    related = (Label(place(SPEC, "source"), "this setting"),)
    return Diagnostic(UNPINNED, place(SPEC, "csv"), "`rides` is not pinned", "100% of it: rows, columns", related)


def on_line(line: str, marked: str, label: str = "here") -> Diagnostic:
    """A message about part of a line of its own."""
    return Diagnostic(UNKNOWN, place(SourceFile("a.mlops", f"{line}\n"), marked), "a fact", label)
