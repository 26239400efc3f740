"""While somebody types, the line at the cursor is indented, and no other character changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsp_asking import Asking
from lsp_editor import Editor, apply
from lsp_project import SPEC, write_project
from lsprotocol import types

OPTIONS = types.FormattingOptions(tab_size=8, insert_spaces=False)


def typed(editor: Editor, name: str, marked: str) -> str:
    """A text in which somebody has just typed what stands before the `|`."""
    at, text = marked.index("|"), marked.replace("|", "", 1)
    editor.send_edit(name, types.TextDocumentContentChangeWholeDocument(text))
    before = text[:at]
    position = types.Position(before.count("\n"), at - before.rfind("\n") - 1)
    character = "\n" if before.rstrip(" \t").endswith("\n") else text[at - 1]
    params = types.DocumentOnTypeFormattingParams(editor.document(name), position, character, OPTIONS)
    return apply(text, editor.ask(types.TEXT_DOCUMENT_ON_TYPE_FORMATTING, params) or [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("data x {\n|", "data x {\n  "),
        ("data x {\n  schema {\n|", "data x {\n  schema {\n    "),
        ("data x {\n  schema {\n      a: int\n\t|", "data x {\n  schema {\n      a: int\n    "),
        ("data x {\n    }|", "data x {\n}"),
        ("data x {\n  schema {\n    }|\n}", "data x {\n  schema {\n  }\n}"),
        ("data x {\n|}", "data x {\n}"),
        ("data x {\n|target = y\n}", "data x {\n  target = y\n}"),
        ("x = f(\n|", "x = f(\n  "),
        ('x = """\n     {\n|', 'x = """\n     {\n'),
        ('x = "{"  # {\n|', 'x = "{"  # {\n'),
        ("`a{` = '{'\n  |", "`a{` = '{'\n"),
        ('x = "}"|', 'x = "}"'),
        ('  x = {a: "}|"', '  x = {a: "}"'),
        ("}}}\n|", "}}}\n"),
        ("data x {\n  |", "data x {\n  "),
        ("data é🚲 {\n|", "data é🚲 {\n  "),
    ],
)
def test_the_line_is_indented(editor: Editor, project: str, before: str, after: str) -> None:
    name = f"{project}/pipeline.mlops"
    editor.open(name)
    assert typed(editor, name, before) == after


def test_only_blanks_at_the_beginning_of_the_line_ever_change(tmp_path: Path) -> None:
    asking = Asking(write_project(tmp_path), "pipeline.mlops", SPEC)
    lines = SPEC.split("\n")
    for row, line in ((row, line) for row, line in enumerate(lines) if line):
        for column, character in ((0, "\n"), (len(line), "}")):
            params = types.DocumentOnTypeFormattingParams(
                types.TextDocumentIdentifier(asking.uri), types.Position(row, column), character, OPTIONS
            )
            assert asking.ask(types.TEXT_DOCUMENT_ON_TYPE_FORMATTING, params) == [], line
    flat = "\n".join(line.lstrip() for line in lines)
    for row, line in enumerate(lines):
        asking.set(flat)
        params = types.DocumentOnTypeFormattingParams(
            types.TextDocumentIdentifier(asking.uri), types.Position(row, 0), "\n", OPTIONS
        )
        edits = asking.ask(types.TEXT_DOCUMENT_ON_TYPE_FORMATTING, params)
        flat = apply(flat, edits)
        assert flat.split("\n")[row].rstrip() == line
