"""Whatever an editor sends, the server answers, goes on, and ends when it should: after each, a hover works."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lsp_project import SPEC, write_project
from lsp_raw import COMMAND, PATIENCE, Raw

NAME = "pipeline.mlops"
_NUMBERS = count()

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, CANCELLED = -32700, -32600, -32601, -32602, -32800


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    """A server for all tests of this file; each has a folder of its own in it."""
    with Raw(tmp_path_factory.mktemp("projects")) as found:
        yield found.begin()
        assert found.leave() == 0


@pytest.fixture
def folder(server: Raw) -> str:
    name = f"p{next(_NUMBERS)}"
    write_project(server.folder / name)
    return name


@pytest.fixture(autouse=True)
def goes_on(server: Raw) -> Iterator[None]:
    """After each test somebody opens a spec, hovers over a name, and is told what it means; nothing failed inside."""
    seen = len(server.seen)
    yield
    assert server.process.poll() is None
    name = f"after{next(_NUMBERS)}"
    write_project(server.folder / name)
    server.open(f"{name}/{NAME}")
    line = SPEC.split("\n").index("  data      = rides")
    assert "rides" in json.dumps(server.hover(f"{name}/{NAME}", line, 16)["result"])
    server.tell("textDocument/didClose", {"textDocument": {"uri": server.uri(f"{name}/{NAME}")}})
    assert [one for one in server.seen[seen:] if "by a mistake of mlopsc" in json.dumps(one)] == []


def framed(message: Any) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def answered(server: Raw, number: object) -> Any:
    return server.until(lambda one: one.get("id") == number and "method" not in one)


def change(server: Raw, name: str, version: int, *changes: Any) -> None:
    document = {"uri": server.uri(name), "version": version}
    server.tell("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})


def errors(message: Any) -> list[Any]:
    return [one for one in message["params"]["diagnostics"] if one["severity"] == 1]


@pytest.mark.parametrize(
    "body",
    [
        b"{no json",
        b"",
        b"\xff\xfe{",
        b'{"a":' * 5000,
        b'"text"',
        b"[]",
        b"null",
        b"17",
        b'{"id": [1], "jsonrpc": "2.0"}',
        b'{"id": 1.5, "jsonrpc": "2.0", "method": "shutdown"}',
        b"{}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_message_is_refused_at_once(server: Raw, body: bytes) -> None:
    server.body(body)
    assert answered(server, None)["error"]["code"] in (PARSE_ERROR, INVALID_REQUEST)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 99999999999\r\n\r\n{}",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: many\r\n\r\n{}",
        b"Content-Type: application/json\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
        b"Content-Length: 3\r\n\r\n{} and more than was said",
        b"\x00\xff" * 1000,
    ],
    ids=lambda head: repr(head[:24]),
)
def test_after_a_header_that_is_wrong_the_next_message_is_found(server: Raw, head: bytes) -> None:
    server.send(head + framed({"jsonrpc": "2.0", "id": "next", "method": "mlopsc/nothing", "params": {}}))
    assert answered(server, "next")["error"]["code"] == NO_METHOD


def test_headers_may_have_more_in_them_and_come_in_pieces(server: Raw) -> None:
    body = b'{"jsonrpc":"2.0","id":"slowly","method":"mlopsc/nothing","params":{}}'
    message = b"content-length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n%s" % (
        len(body),
        body,
    )
    for start in range(0, len(message), 7):
        server.send(message[start : start + 7])
        time.sleep(0.001)
    assert answered(server, "slowly")["error"]["code"] == NO_METHOD


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("mlopsc/nothing", {}, NO_METHOD),
        ("textDocument/hover", {"x": 1}, INVALID_PARAMS),
        ("textDocument/hover", [1], INVALID_PARAMS),
        ("textDocument/hover", None, INVALID_PARAMS),
        ("textDocument/completion", {"textDocument": 4, "position": "here"}, INVALID_PARAMS),
        ("textDocument/rename", {"textDocument": {"uri": "file:///x"}}, INVALID_PARAMS),
        (17, {}, INVALID_REQUEST),
        (None, {}, INVALID_REQUEST),
    ],
)
def test_a_request_that_cannot_be_done_gets_an_error(server: Raw, method: Any, params: Any, code: int) -> None:
    assert server.ask(method, params)["error"]["code"] == code


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("mlopsc/nothing", {}),
        ("textDocument/didChange", {"a": []}),
        ("textDocument/didOpen", {"textDocument": {"uri": 3}}),
        ("textDocument/didClose", None),
        ("workspace/didChangeWatchedFiles", {"changes": [{"uri": "x", "type": 99}]}),
        ("$/cancelRequest", {"id": 4711}),
        ("$/cancelRequest", {}),
        ("$/cancelRequest", None),
    ],
)
def test_what_asks_for_no_answer_may_be_wrong_too(server: Raw, method: str, params: Any) -> None:
    server.tell(method, params)


def test_a_response_that_nobody_waits_for_is_let_go(server: Raw) -> None:
    server.body(b'{"jsonrpc":"2.0","id":"unknown","result":5}')
    server.body(b'{"jsonrpc":"2.0","id":"unknown","error":{"code":1,"message":"no"}}')


POINTING = ("hover", "completion", "definition", "references", "documentHighlight", "signatureHelp", "prepareRename")


@pytest.mark.parametrize("uri", ["", "file:///nowhere/x.mlops", "untitled:1", "https://example.com/x", "%%%", "file:"])
def test_of_files_that_are_not_open_there_is_nothing_to_say(server: Raw, uri: str) -> None:
    params = {"textDocument": {"uri": uri}, "position": {"line": 3, "character": 4}}
    for method in POINTING:
        more = {"context": {"includeDeclaration": True}} if method == "references" else {}
        assert "error" not in server.ask(f"textDocument/{method}", {**params, **more})


@pytest.mark.parametrize("place", [(0, 10**6), (10**6, 0), (2**31 - 1, 2**31 - 1), (0, 0)])
def test_places_outside_of_the_text_are_its_ends(server: Raw, folder: str, place: tuple[int, int]) -> None:
    name = f"{folder}/{NAME}"
    server.open(name)
    assert "error" not in server.hover(name, *place)
    at = {"line": place[0], "character": place[1]}
    change(server, name, 2, {"range": {"start": at, "end": at}, "text": "\n"})
    assert server.said_of(name)


@pytest.mark.parametrize("place", [(-1, 0), (0, -1), (2**40, 0), (0.5, 0), ("0", 0)])
def test_places_that_are_none_are_refused_or_clamped(server: Raw, folder: str, place: tuple[Any, Any]) -> None:
    server.open(f"{folder}/{NAME}")
    found = server.hover(f"{folder}/{NAME}", *place)
    assert "result" in found or found["error"]["code"] == INVALID_PARAMS


@pytest.mark.parametrize(("column", "expected"), [(3, "bc"), (4, "bc"), (5, "c")])
def test_halves_of_a_character_belong_to_it(server: Raw, folder: str, column: int, expected: str) -> None:
    """The bicycle has the columns 2 and 3: what is put into its middle comes behind it."""
    name = f"{folder}/{NAME}"
    server.open(name, "# 🚲bc = 1\n" + SPEC)
    at = {"line": 0, "character": column}
    change(server, name, 2, {"range": {"start": at, "end": at}, "text": "\n"})
    server.said_of(name)
    found = server.ask("textDocument/documentSymbol", {"textDocument": {"uri": server.uri(name)}})
    assert expected in [one["name"] for one in found["result"]]


def formatting(server: Raw, name: str) -> Any:
    return {"textDocument": {"uri": server.uri(name)}, "options": {"tabSize": 2, "insertSpaces": True}}


def test_a_lone_half_of_a_character_is_survived(server: Raw, folder: str) -> None:
    name = f"{folder}/{NAME}"
    item = (
        b'{"uri":"%s","languageId":"mlops","version":1,"text":"owner = \\"\\ud83d\\"\\n"}' % server.uri(name).encode()
    )
    server.body(b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":%s}}' % item)
    assert server.said_of(name)
    assert "error" not in server.hover(name, 0, 10)


def test_a_cancelled_request_is_answered_so_and_not_worked_on(server: Raw, folder: str) -> None:
    name = f"{folder}/{NAME}"
    server.open(name)
    ask = {"jsonrpc": "2.0", "method": "textDocument/formatting", "params": formatting(server, name)}
    cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "second"}}
    server.send(framed({**ask, "id": "first"}) + framed({**ask, "id": "second"}) + framed(cancel))
    assert answered(server, "second")["error"]["code"] == CANCELLED
    assert "result" in answered(server, "first")


def test_an_answer_is_not_taken_back(server: Raw, folder: str) -> None:
    server.open(f"{folder}/{NAME}")
    found = server.hover(f"{folder}/{NAME}", 0, 3)
    server.tell("$/cancelRequest", {"id": found["id"]})
    seen = len(server.seen)
    server.ask("mlopsc/nothing", {})
    assert [one for one in server.seen[seen:] if one.get("id") == found["id"]] == []


def test_older_edits_and_edits_of_closed_files_change_nothing(server: Raw, folder: str) -> None:
    name = f"{folder}/{NAME}"
    server.open(name)
    change(server, name, 7, {"text": SPEC + "\n"})
    assert errors(server.said_of(name)) == []
    change(server, name, 3, {"text": "nonsense {"})
    change(server, f"{folder}/closed.mlops", 1, {"text": "nonsense {"})
    start = {"line": 0, "character": 0}
    change(server, name, 8, {"range": {"start": start, "end": start}, "text": "\n"})
    found = server.said_of(name)
    assert (errors(found), found["params"]["version"]) == ([], 8)


@pytest.mark.parametrize("begins", ["\ufeff", ""])
@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_all_ends_of_lines_count(server: Raw, folder: str, begins: str, ends: str) -> None:
    name = f"{folder}/{NAME}"
    lines = SPEC.split("\n")
    text = begins + ends.join(lines)
    first = server.open(name, text)
    line = lines.index("  data      = rides")
    at = {"line": line, "character": 19}
    change(server, name, 2, {"range": {"start": at, "end": at}, "text": "x"})
    found = errors(server.said_of(name))
    if not errors(first):
        assert ("E201", {"line": line, "character": 14}) in [(one["code"], one["range"]["start"]) for one in found]


def test_a_file_that_is_renamed_is_another(server: Raw, folder: str) -> None:
    name, other = f"{folder}/{NAME}", f"{folder}/renamed.mlops"
    assert errors(server.open(name, "nonsense {"))
    (server.folder / name).rename(server.folder / other)
    server.tell("textDocument/didClose", {"textDocument": {"uri": server.uri(name)}})
    assert errors(server.said_of(name)) == []
    assert errors(server.open(other)) == []


def test_a_checkout_under_open_editors_is_seen(server: Raw, folder: str) -> None:
    """Files on disk change, come and go all at once; what is open counts as the editor has it."""
    name, limits = f"{folder}/{NAME}", f"{folder}/limits.mlops"
    (server.folder / limits).write_text("limit = 45\n", "utf-8")
    text = SPEC.replace("limit = 45", 'use "limits.mlops"')
    assert errors(server.open(name, text)) == []
    (server.folder / name).write_text("nonsense {", "utf-8")
    (server.folder / limits).write_text("limits = 45\n", "utf-8")
    (server.folder / folder / "prep.py").unlink()
    events = [{"uri": server.uri(one), "type": 2} for one in (name, limits)]
    server.tell("workspace/didChangeWatchedFiles", {"changes": events})
    assert "`limit`" in json.dumps(errors(server.said_of(name)))
    (server.folder / limits).write_text("limit = 45\n", "utf-8")
    server.tell("workspace/didChangeWatchedFiles", {"changes": events})
    assert errors(server.said_of(name)) == []


def test_a_file_that_is_used_from_now_on_is_checked_as_part_of_that_spec(server: Raw, folder: str) -> None:
    main, limits = f"{folder}/{NAME}", f"{folder}/limits.mlops"
    (server.folder / limits).write_text("limit = 45\n", "utf-8")
    alone = server.open(limits)["params"]["diagnostics"]
    assert [one["code"] for one in alone] == ["L004"]
    (server.folder / main).write_text(SPEC.replace("limit = 45", 'use "limits.mlops"'), "utf-8")
    server.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": server.uri(main), "type": 2}]})
    server.until(
        lambda one: one.get("params", {}).get("uri") == server.uri(limits) and not one["params"]["diagnostics"]
    )


def test_a_deleted_folder_under_an_open_editor_is_survived(server: Raw, folder: str) -> None:
    name = f"{folder}/{NAME}"
    server.open(name)
    for path in sorted((server.folder / folder).rglob("*"), reverse=True):
        path.unlink()
    (server.folder / folder).rmdir()
    change(server, name, 2, {"text": SPEC + "\n"})
    assert "rides.csv" in json.dumps(errors(server.said_of(name)))


def test_files_that_use_each_other_in_a_circle_are_told_so(server: Raw, folder: str) -> None:
    names = [f"{folder}/{name}.mlops" for name in "abc"]
    for name, used in zip(names, [*names[1:], names[0]], strict=True):
        (server.folder / name).write_text(f'use "{Path(used).name}"\n', "utf-8")
    seen = len(server.seen)
    for name in names:
        server.open(name)
    assert "circle" in json.dumps(server.seen[seen:]) or "itself" in json.dumps(server.seen[seen:])


def test_a_line_of_5_mb_is_edited_in_its_middle(server: Raw, folder: str) -> None:
    name = f"{folder}/{NAME}"
    assert [one["code"] for one in errors(server.open(name, "# " + "🚲" * 1_250_000 + "\n"))] == ["E102"]
    at = {"line": 0, "character": 1_000_001}
    change(server, name, 2, {"range": {"start": at, "end": at}, "text": "x"})
    assert errors(server.said_of(name))
    change(server, name, 3, {"text": SPEC})
    assert errors(server.said_of(name)) == []


def as_everybody() -> None:
    """Let permissions hold for root too: it loses the right to read whatever it likes."""
    drop, override, search = 24, 1, 2
    if os.getuid() == 0:
        for right in (override, search):
            assert ctypes.CDLL(None).prctl(drop, right, 0, 0, 0) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="who may read what is asked of Linux")
def test_what_may_not_be_read_is_told_of(tmp_path: Path) -> None:
    project = write_project(tmp_path / "open")
    (project / NAME).write_text('use "shut/limits.mlops"\nuse "own.mlops"\n' + SPEC, "utf-8")
    (project / "shut").mkdir()
    for name in ("shut/limits.mlops", "own.mlops"):
        (project / name).write_text("other = 45\n", "utf-8")
    closed = {project / "own.mlops": 0, project / "shut": 0, tmp_path: 0o100}
    for path, mode in closed.items():
        path.chmod(mode)
    try:
        with Raw(project, preexec_fn=as_everybody) as server:
            found = json.dumps(errors(server.begin().open(NAME)))
            assert "`own.mlops` may not be read" in found
            assert "`shut/limits.mlops` may not be read" in found
            line = (project / NAME).read_text("utf-8").split("\n").index("  data      = rides")
            assert "rides" in json.dumps(server.hover(NAME, line, 16)["result"])
            assert server.leave() == 0
    finally:
        for path in reversed(closed):
            path.chmod(0o700)


def test_leaving_without_a_word_has_code_1(tmp_path: Path) -> None:
    with Raw(tmp_path) as server:
        server.begin().tell("exit", None)
        assert server.process.wait(PATIENCE) == 1


def test_after_shutdown_requests_are_refused_and_the_code_is_0(tmp_path: Path) -> None:
    with Raw(tmp_path) as server:
        server.begin().ask("shutdown", None)
        assert server.hover("x.mlops", 0, 0)["error"]["code"] == INVALID_REQUEST
        server.tell("exit", None)
        assert server.process.wait(PATIENCE) == 0


def test_when_the_editor_closes_the_pipe_the_server_ends(tmp_path: Path) -> None:
    with Raw(tmp_path) as server:
        server.begin()
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert server.process.wait(PATIENCE) == 1


def test_when_nobody_reads_the_answers_the_server_ends(tmp_path: Path) -> None:
    with Raw(tmp_path) as server:
        server.begin()
        assert server.process.stdout is not None
        server.process.stdout.close()
        server.request("mlopsc/nothing", {})
        assert server.process.wait(PATIENCE) == 1


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the closed pipe says that the editor is gone")
def test_when_the_editor_is_killed_the_server_ends(tmp_path: Path) -> None:
    """Something else holds the pipe, so that nothing but the process says it."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"]) as editor, Raw(tmp_path) as server:
        server.begin(processId=editor.pid)
        time.sleep(1.2)
        editor.send_signal(signal.SIGKILL)
        editor.wait()
        assert server.process.wait(PATIENCE) == 1


def test_the_terminal_is_not_asked_for_anything(tmp_path: Path) -> None:
    done = subprocess.run(COMMAND, stdin=subprocess.DEVNULL, capture_output=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
