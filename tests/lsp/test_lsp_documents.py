"""Documents come and go, are edited in UTF-16, and what is wrong with them is told at once."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lsp_editor import COMMAND, Editor, apply
from lsp_project import SPEC, write_project
from lsprotocol import types

from mlopsc.compiler.catalogue import pages
from mlopsc.compiler.lsp.positions import Encoding, Lines


def codes(found: list[types.Diagnostic]) -> list[object]:
    return [one.code for one in found]


def test_mistakes_are_told_as_they_are_typed(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    assert codes(editor.open(name)) == []
    line = SPEC.split("\n").index("  data      = rides")
    found, *_ = editor.type(name, (line, 19), (line, 19), "x")
    assert (found.code, found.severity, found.source) == ("E201", types.DiagnosticSeverity.Error, "mlopsc")
    assert found.range == types.Range(types.Position(line, 14), types.Position(line, 20))
    assert "ridesx" in found.message
    assert found.code_description is not None
    assert found.code_description.href.endswith("docs/messages.md#e201")
    assert editor.type(name, (line, 19), (line, 20), "") == []


def test_columns_count_utf16(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    text = SPEC.replace('"team@example.com"', '"🚲🚲 é"')
    editor.open(name, text)
    column = text.split("\n")[0].index("}") + 2  # two characters of two units
    (found,) = editor.type(name, (0, column), (0, column), "ower = 1 ")
    assert found.range.start == types.Position(0, column)
    assert editor.type(name, (0, column), (0, column + len("ower = 1 ")), "") == []


def test_several_edits_at_once_count_one_after_the_other(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    editor.open(name, "")
    at = types.Range(types.Position(0, 0), types.Position(0, 0))
    parts = [types.TextDocumentContentChangePartial(at, line + "\n") for line in reversed(SPEC.split("\n")[:-1])]
    assert editor.edit(name, *parts) == []
    answer = editor.ask(
        types.TEXT_DOCUMENT_FORMATTING,
        types.DocumentFormattingParams(editor.document(name), types.FormattingOptions(2, True)),
    )
    assert not answer


def test_an_edit_of_an_older_state_spoils_nothing(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    editor.open(name)
    editor.versions[name] = 7
    assert editor.set(name, SPEC) == []
    editor.send_edit(name, types.TextDocumentContentChangeWholeDocument("nonsense {"), version=3)
    assert editor.set(name, SPEC + "\n") == []


def test_what_is_not_open_may_be_edited_closed_and_asked_about(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    editor.versions[name] = 1
    editor.send_edit(name, types.TextDocumentContentChangeWholeDocument("x"))
    editor.close(name)
    editor.close(name)
    params = types.DocumentFormattingParams(editor.document(name), types.FormattingOptions(2, True))
    assert editor.ask(types.TEXT_DOCUMENT_FORMATTING, params) == ()
    nowhere = types.DocumentFormattingParams(editor.document(f"{project}/no.mlops"), types.FormattingOptions(2, True))
    assert editor.ask(types.TEXT_DOCUMENT_FORMATTING, nowhere) == ()
    assert editor.open(name) == []


def test_closing_a_file_takes_its_messages_back(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    assert editor.open(name, "nonsense {")
    assert editor.after(name, lambda: editor.close(name)) == []


def test_a_file_that_is_deleted_stays_as_the_editor_has_it(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    editor.open(name)
    (editor.folder / name).unlink()
    assert editor.set(name, SPEC + "\n") == []


def test_a_used_file_counts_as_the_editor_has_it(editor: Editor, project: str) -> None:
    main, other = f"{project}/pipeline.mlops", f"{project}/limits.mlops"
    (editor.folder / other).write_text("limit = 45\n", "utf-8")
    (editor.folder / main).write_text(SPEC.replace("limit = 45", 'use "limits.mlops"'), "utf-8")
    assert editor.open(main) == []
    assert editor.open(other) == []
    assert editor.after(main, lambda: editor.send_edit(other, _whole("limits = 45\n")))
    assert editor.after(main, lambda: editor.send_edit(other, _whole("limit = 45\n"))) == []
    assert editor.after(main, lambda: editor.close(other)) == []


def test_a_used_file_that_is_deleted_is_missed_when_the_editor_says_so(editor: Editor, project: str) -> None:
    main, other = f"{project}/pipeline.mlops", f"{project}/limits.mlops"
    (editor.folder / other).write_text("limit = 45\n", "utf-8")
    (editor.folder / main).write_text(SPEC.replace("limit = 45", 'use "limits.mlops"'), "utf-8")
    assert editor.open(main) == []
    (editor.folder / other).unlink()
    event = types.FileEvent(editor.uri(other), types.FileChangeType.Deleted)
    params = types.DidChangeWatchedFilesParams([event])
    found = editor.after(main, lambda: editor.client.workspace_did_change_watched_files(params))
    assert found
    assert "limits.mlops" in found[0].message
    assert "workspace/didChangeWatchedFiles" in editor.registered


def test_files_that_use_each_other_are_told_so(editor: Editor, project: str) -> None:
    main, other = f"{project}/pipeline.mlops", f"{project}/other.mlops"
    (editor.folder / other).write_text('use "pipeline.mlops"\n', "utf-8")
    (editor.folder / main).write_text('use "other.mlops"\n' + SPEC, "utf-8")
    editor.open(main)
    assert any("uses itself" in one.message or "circle" in one.message for one in _all(editor, main, other))


def _all(editor: Editor, *names: str) -> list[types.Diagnostic]:
    return [one for name in names for params in editor.published[editor.uri(name)][-1:] for one in params.diagnostics]


def _whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text)


def test_a_text_that_was_never_saved_is_checked(editor: Editor) -> None:
    item = types.TextDocumentItem("untitled:Untitled-1", "mlops", 1, "data x {\n")
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    deadline = time.monotonic() + 20
    while not editor.published["untitled:Untitled-1"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert editor.published["untitled:Untitled-1"][-1].diagnostics


def test_what_a_target_cannot_express_is_told_at_rest(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    text = pages()["E603"].wrong[0]
    editor.open(name, text)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not any(str(code).startswith("E6") for code in _codes_of(editor, name)):
        time.sleep(0.05)
    assert any(str(code).startswith("E6") for code in _codes_of(editor, name)), _codes_of(editor, name)


def _codes_of(editor: Editor, name: str) -> list[object]:
    return codes(_all(editor, name))


def test_a_fix_is_offered_and_mends(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    text = SPEC.replace("data      = rides", "data      = ridse")
    found, *_ = editor.open(name, text)
    params = types.CodeActionParams(editor.document(name), found.range, types.CodeActionContext([found]))
    (action,) = editor.ask(types.TEXT_DOCUMENT_CODE_ACTION, params)
    assert (action.title, action.kind) == ("Write `rides`", types.CodeActionKind.QuickFix)
    mended = apply(text, action.edit.changes[editor.uri(name)])
    assert editor.set(name, mended) == []


def test_all_safe_fixes_are_one_action(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    text = SPEC.replace('source = csv("rides.csv")', 'source: csv("rides.csv")').replace("data rides", 'data "rides"')
    assert len(editor.open(name, text)) >= 2
    everywhere = types.Range(types.Position(0, 0), types.Position(0, 0))
    context = types.CodeActionContext([], only=[types.CodeActionKind.Source])
    params = types.CodeActionParams(editor.document(name), everywhere, context)
    (action,) = editor.ask(types.TEXT_DOCUMENT_CODE_ACTION, params)
    assert apply(text, action.edit.changes[editor.uri(name)]) == SPEC


def test_a_file_is_formatted_whole_or_in_part(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    text = SPEC.replace("target = bikers", "target=bikers").replace("  model = demand", "      model=demand")
    editor.open(name, text)
    options = types.FormattingOptions(2, True)
    edits = editor.ask(types.TEXT_DOCUMENT_FORMATTING, types.DocumentFormattingParams(editor.document(name), options))
    assert len(edits) == 2
    assert apply(text, edits) == SPEC
    line = text.split("\n").index("      model=demand")
    range_ = types.Range(types.Position(line, 0), types.Position(line, 3))
    part = editor.ask(
        types.TEXT_DOCUMENT_RANGE_FORMATTING,
        types.DocumentRangeFormattingParams(editor.document(name), range_, options),
    )
    assert apply(text, part) == SPEC.replace("target = bikers", "target=bikers")


def test_malformed_messages_and_early_cancellation_end_nothing(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    process = editor.client._server
    assert process is not None
    assert process.stdin is not None
    for body in (b"{no json", b"[]", b"null", b'{"jsonrpc": "2.0"}', b'{"jsonrpc":"2.0","id":77,"method":"nothing"}'):
        editor.wait(_write(process.stdin, body))
    editor.wait(_write(process.stdin, b'{"jsonrpc":"2.0","id":78,"method":"textDocument/hover","params":{"x":1}}'))
    cancel = b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":4711}}'
    editor.wait(_write(process.stdin, cancel))
    editor.wait(_write(process.stdin, b'{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"a":[]}}'))
    assert editor.open(name) == []


async def _write(stream: object, body: bytes) -> None:
    stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))  # type: ignore[attr-defined]
    await stream.drain()  # type: ignore[attr-defined]


def test_a_very_long_line_is_refused_and_survived(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    assert codes(editor.open(name, SPEC + "x = " + "9" * 5_000_000)) == ["E103"]
    assert editor.set(name, SPEC) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-32"])
def test_other_encodings_are_agreed_on(tmp_path: Path, encoding: str) -> None:
    write_project(tmp_path)
    editor = Editor(tmp_path, [encoding])
    result = editor.start()
    assert result.capabilities.position_encoding == encoding
    text = SPEC.replace('"team@example.com"', '"🚲🚲 é"')
    editor.open("pipeline.mlops", text)
    characters = text.split("\n")[0].index("}")
    column = characters if encoding == "utf-32" else len(text[:characters].encode())
    (found,) = editor.type("pipeline.mlops", (0, column), (0, column), "ower = 1 ")
    assert found.range.start == types.Position(0, column)
    editor.stop()


def test_it_serves_over_tcp(tmp_path: Path) -> None:
    write_project(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([*COMMAND, "--tcp", str(port)], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        assert server.stderr.readline() == f"listening on 127.0.0.1:{port} for one editor\n"
        editor = Editor(tmp_path)
        editor.start(port=port)
        assert editor.open("pipeline.mlops") == []
        editor.stop()
        assert server.wait(20) == 0


@pytest.mark.parametrize("encoding", list(Encoding))
@pytest.mark.parametrize("text", ["", "\n", "a\r\nb\rc\n", "é🚲x\n🚲\u2028y\fz", "x" * 50])
def test_offsets_and_positions_are_each_others_inverse(text: str, encoding: Encoding) -> None:
    lines = Lines(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":
            assert lines.offset(lines.position(offset)) == offset
    assert lines.offset(types.Position(99, 0)) == len(text)
    assert lines.offset(types.Position(0, 999)) == len(text.replace("\r", "\n").split("\n")[0])


def test_lines_end_as_the_protocol_says() -> None:
    assert Lines("a\rb\r\nc\nd\u2028e\f").starts == [0, 2, 5, 7]


def test_without_the_library_the_next_step_is_told(tmp_path: Path) -> None:
    script = "import sys; sys.modules['pygls'] = None; from mlopsc.compiler.cli.main import run; sys.exit(run(['lsp']))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 4
    assert 'pip install "mlopsc[editor]"' in done.stderr
    assert "Traceback" not in done.stderr
