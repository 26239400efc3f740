"""The extension for VS Code, built as it is published, unpacked, and activated on a stand-in for VS Code's API."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from editor_tools import EDITORS, needs, node
from vscode_package import build

HERE = Path(__file__).parent
SERVER = """#!PYTHON
import json, sys
def take():
    length = 0
    while line := sys.stdin.buffer.readline().strip():
        length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
    return json.loads(sys.stdin.buffer.read(length))
with open("LOG", "w") as log:
    while True:
        message = take()
        print(message["method"], *sys.argv[1:], file=log, flush=True)
        if message["method"] == "exit":
            sys.exit()
        if "id" in message:
            result = {"capabilities": {}} if message["method"] == "initialize" else None
            answer = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
            sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n%s" % (len(answer), answer))
            sys.stdout.buffer.flush()
"""
"""A language server that notes what it is asked, and by which arguments it was started."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs(tools=True)
    return build(tmp_path_factory.mktemp("work") / "vscode", tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def extension(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that VS Code would install."""
    folder = tmp_path_factory.mktemp("unpacked")
    with ZipFile(package) as archive:
        archive.extractall(folder)
    return folder / "extension"


def activated(extension: Path, folder: Path, program: str = "", *more: str) -> dict[str, Any]:
    """What the extension does when a folder is opened."""
    done = node(HERE / "activate.cjs", extension / "dist" / "extension.js", folder, program, *more)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def server(path: Path) -> Path:
    """A program that can be started as the server; what it notes is in server.log beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = SERVER.replace("PYTHON", sys.executable).replace("LOG", str(path.with_name("server.log")))
    path.write_text(written, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_package_holds_what_it_names_and_nothing_of_node(package: Path, extension: Path) -> None:
    listed = json.loads((extension / "package.json").read_text("utf-8"))
    given = listed["contributes"]
    named = [*given["grammars"], *given["snippets"]]
    files = [listed["main"], given["languages"][0]["configuration"], *(one["path"] for one in named)]
    assert [path for path in files if not (extension / path).is_file()] == []
    assert listed["engines"]["vscode"] == "^1.91.0"
    assert given["languages"][0]["extensions"] == [".mlops"]
    with ZipFile(package) as archive:
        names = set(archive.namelist())
        assert [name for name in names if "node_modules" in name or name.endswith((".ts", ".map"))] == []
        assert {"extension.vsixmanifest", "[Content_Types].xml", "extension/LICENSE.txt"} <= names
        assert sum(one.file_size for one in archive.infolist()) < 1_000_000


def test_the_package_names_the_licences_of_what_is_bundled(extension: Path) -> None:
    notices = (extension / "NOTICES.txt").read_text("utf-8")
    assert "vscode-languageclient" in notices
    assert "Permission is hereby granted" in notices


def test_what_is_packed_is_what_is_in_the_repository(extension: Path) -> None:
    for path in ("syntaxes/mlops.tmLanguage.json", "snippets/mlops.json", "language-configuration.json"):
        assert (extension / path).read_bytes() == (EDITORS / "vscode" / path).read_bytes()


def test_it_starts_the_server_of_the_folders_environment_and_stops_it(extension: Path, tmp_path: Path) -> None:
    program = server(tmp_path / ".venv" / "bin" / "mlopsc")
    said = activated(extension, tmp_path)
    assert said["spawned"] == [[str(program), ["lsp"], str(tmp_path)]]
    assert (said["running"], said["messages"], said["commands"]) == (True, [], ["mlops.restart"])
    asked = program.with_name("server.log").read_text("utf-8").splitlines()
    assert asked == ["initialize lsp", "initialized lsp", "shutdown lsp", "exit lsp"]


def test_a_program_that_is_set_comes_first(extension: Path, tmp_path: Path) -> None:
    server(tmp_path / ".venv" / "bin" / "mlopsc")
    program = server(tmp_path / "mine" / "mlopsc")
    for written in (str(program), "mine/mlopsc"):
        assert activated(extension, tmp_path, written)["spawned"][0][0] == str(program)


def test_it_speaks_to_the_real_server(extension: Path, tmp_path: Path) -> None:
    said = activated(extension, tmp_path, str(Path(sys.executable).parent / "mlopsc"))
    assert (said["running"], said["messages"]) == (True, [])


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program"])
def test_a_program_that_is_missing_is_told_once(program: str, extension: Path, tmp_path: Path) -> None:
    said = activated(extension, tmp_path, program)
    assert (said["spawned"], len(said["messages"])) == ([], 1)
    assert f"There is no `{program}`" in said["messages"][0]
    assert 'pip install "mlopsc[editor]"' in said["messages"][0]


def test_nothing_is_started_in_a_folder_that_is_not_trusted(extension: Path, tmp_path: Path) -> None:
    server(tmp_path / ".venv" / "bin" / "mlopsc")
    assert activated(extension, tmp_path, "", "untrusted")["spawned"] == []
