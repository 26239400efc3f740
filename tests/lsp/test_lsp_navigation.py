"""Hover, definition, references, rename and the shape of a file, as an editor asks for them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lsp_asking import Asking
from lsp_editor import Editor, apply
from lsp_project import SPEC, write_project
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from test_lsp_completion import EXAMPLES, broken

TEXT = SPEC.replace(
    "environment dev { platform = local() }",
    "environment dev { platform = local() }\n\nenvironment prod {\n  follows  = dev\n  platform = local()\n"
    "  override demand { timeout = 2h }\n}",
).replace("  data      = rides", '  data      = rides\n  timeout   = 1h\n  features  = python("prep.py:Calendar")')


def at(text: str, within: str = "", offset: int = 1) -> types.Position:
    start = TEXT.index(text, TEXT.index(within) if within else 0) + offset
    before = TEXT[:start]
    return types.Position(before.count("\n"), start - before.rfind("\n") - 1)


@pytest.fixture
def opened(editor: Editor, project: str) -> str:
    name = f"{project}/pipeline.mlops"
    (editor.folder / name).write_text(TEXT, "utf-8")
    assert editor.open(name) == []
    return name


@pytest.mark.parametrize(
    ("text", "within", "said"),
    [
        ("demand", "model =", ["train demand", "Reads `rides`"]),
        ("mae", "require", ["mae(", "Mean absolute error"]),
        ("season", "schema", ["season: category", "A column of `rides`"]),
        ("limit", "require", ["`limit = 45`"]),
        ("timeout", "train demand", ["Takes a duration", "`dev`: `1h`", "`prod`: `2h`"]),
        ("prep.py", "", ["prep.py", "line 6"]),
        ("linear_model", "", ["scikit-learn, regression", "fit_intercept"]),
        ("require", "", ["require"]),
    ],
)
def test_hover(editor: Editor, opened: str, text: str, within: str, said: list[str]) -> None:
    found = editor.ask(types.TEXT_DOCUMENT_HOVER, types.HoverParams(editor.document(opened), at(text, within)))
    assert [one for one in said if one not in found.contents.value] == []


def test_definition_leads_to_blocks_columns_files_and_python(editor: Editor, opened: str) -> None:
    def lead(position: types.Position) -> tuple[str, int]:
        params = types.DefinitionParams(editor.document(opened), position)
        (found,) = editor.ask(types.TEXT_DOCUMENT_DEFINITION, params)
        return found.uri.rpartition("/")[2], found.range.start.line

    assert lead(at("rides", "data      =")) == ("pipeline.mlops", at("rides {").line)
    assert lead(at("bikers", "target =")) == ("pipeline.mlops", at("bikers: int").line)
    assert lead(at("prep.py")) == ("prep.py", 5)
    assert lead(at("rides.csv")) == ("rides.csv", 0)
    nowhere = types.DefinitionParams(editor.document(opened), types.Position(1, 0))
    assert not editor.ask(types.TEXT_DOCUMENT_DEFINITION, nowhere)


def test_references_and_highlights(editor: Editor, opened: str) -> None:
    context = types.ReferenceContext(include_declaration=True)
    params = types.ReferenceParams(context, editor.document(opened), at("demand", "model ="))
    assert len(editor.ask(types.TEXT_DOCUMENT_REFERENCES, params)) == 3
    highlight = types.DocumentHighlightParams(editor.document(opened), at("demand", "model ="))
    found = editor.ask(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, highlight)
    assert [one.kind for one in found].count(types.DocumentHighlightKind.Write) == 1


def test_a_stage_is_renamed_in_all_files(editor: Editor, project: str) -> None:
    main, other = f"{project}/pipeline.mlops", f"{project}/limits.mlops"
    (editor.folder / other).write_text("# the limit\nlimit = 45\n", "utf-8")
    text = SPEC.replace("limit = 45", 'use "limits.mlops"')
    (editor.folder / main).write_text(text, "utf-8")
    editor.open(main)
    used = text.split("\n").index('use "limits.mlops"')
    named = types.DefinitionParams(editor.document(main), types.Position(used, 8))
    (found,) = editor.ask(types.TEXT_DOCUMENT_DEFINITION, named)
    assert found.uri == editor.uri(other)
    line = text.split("\n").index("  require mae(test) <= limit at 95% assuming 33")
    params = types.RenameParams(editor.document(main), types.Position(line, 24), "most")
    edit = editor.ask(types.TEXT_DOCUMENT_RENAME, params)
    assert apply(text, edit.changes[editor.uri(main)]) == text.replace("<= limit", "<= most")
    assert apply("# the limit\nlimit = 45\n", edit.changes[editor.uri(other)]) == "# the limit\nmost = 45\n"
    for new, reason in [
        ("not a name", "no name: write letters"),
        ("", "no name"),
        ("rides", "there is a stage or constant `rides` already"),
    ]:
        bad = types.RenameParams(editor.document(main), types.Position(line, 24), new)
        with pytest.raises(JsonRpcException, match=reason):
            editor.ask(types.TEXT_DOCUMENT_RENAME, bad)
    assert not [one for one in editor.log if "Refusal" in one]


def test_a_column_may_have_any_name(editor: Editor, opened: str) -> None:
    params = types.RenameParams(editor.document(opened), at("season", "schema"), "time of year")
    edit = editor.ask(types.TEXT_DOCUMENT_RENAME, params)
    assert {one.new_text for one in edit.changes[editor.uri(opened)]} == {"`time of year`"}


@pytest.mark.parametrize(
    ("text", "within", "reason"),
    [
        ("require", "", "a word of the language: what a spec names"),
        ("mae", "require", "a word of the language"),
        ("prep.py", "", "rename it where it is"),
        ("rides.csv", "", "rename it where it is"),
        ("= 0.5", "", "no name here: put the cursor"),
    ],
)
def test_a_refused_rename_says_why_and_the_next_step(
    editor: Editor, opened: str, text: str, within: str, reason: str
) -> None:
    document, position = editor.document(opened), at(text, within)
    with pytest.raises(JsonRpcException, match=reason):
        editor.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, types.PrepareRenameParams(document, position))
    with pytest.raises(JsonRpcException, match=reason):
        editor.ask(types.TEXT_DOCUMENT_RENAME, types.RenameParams(document, position, "other"))


def test_what_can_be_renamed_is_shown(editor: Editor, opened: str) -> None:
    params = types.PrepareRenameParams(editor.document(opened), at("demand", "model ="))
    assert editor.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, params) is not None


def test_the_shape_of_a_file(editor: Editor, opened: str) -> None:
    symbols = editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(editor.document(opened)))
    assert [one.name for one in symbols] == ["bikes", "dev", "prod", "limit", "rides", "demand", "demand_gate"]
    assert "schema" in [one.name for one in symbols[4].children]
    folds = editor.ask(types.TEXT_DOCUMENT_FOLDING_RANGE, types.FoldingRangeParams(editor.document(opened)))
    assert at("rides {").line in [one.start_line for one in folds]
    params = types.SelectionRangeParams(editor.document(opened), [at("limit", "require")])
    (found,) = editor.ask(types.TEXT_DOCUMENT_SELECTION_RANGE, params)
    depth = 0
    while found:
        depth, found = depth + 1, found.parent
    assert depth >= 4


@pytest.mark.parametrize("example", ["bike-demand", "flight-delays"])
@pytest.mark.parametrize("seed", [None, 3, 4])
def test_no_offset_of_an_example_is_too_much_to_ask_about(example: str, seed: int | None) -> None:
    text = (EXAMPLES / example / "pipeline.mlops").read_text("utf-8")
    text = text if seed is None else broken(text, seed)
    asking = Asking(EXAMPLES / example, "pipeline.mlops", text)
    for offset in random.Random(example).sample(range(len(text) + 1), 120):
        asking.at(types.TEXT_DOCUMENT_HOVER, offset)
        asking.at(types.TEXT_DOCUMENT_DEFINITION, offset)
        asking.at(types.TEXT_DOCUMENT_RENAME, offset, new_name="other")
    document = types.TextDocumentIdentifier(asking.uri)
    for method, params in [
        (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(document)),
        (types.TEXT_DOCUMENT_FOLDING_RANGE, types.FoldingRangeParams(document)),
        (types.TEXT_DOCUMENT_SELECTION_RANGE, types.SelectionRangeParams(document, [types.Position(3, 3)])),
    ]:
        assert asking.ask(method, params) is not None


def test_a_rename_of_an_example_leaves_no_mistake(tmp_path: Path) -> None:
    asking = Asking(write_project(tmp_path), "pipeline.mlops", SPEC)
    for old in ("rides", "demand", "season", "limit", "dev"):
        offset = SPEC.index(f" {old}") + 2 if old != "limit" else SPEC.index("limit") + 1
        asking.set(SPEC)
        edit = asking.at(types.TEXT_DOCUMENT_RENAME, offset, new_name="renamed")
        asking.set(apply(SPEC, edit.changes[asking.uri]))
        found = asking.projects.of(asking.uri).compilation.diagnostics
        assert [one.message for one in found if one.is_error] == [], old
