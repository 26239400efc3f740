"""Who may speak to the playground: its own page, and nobody else, whatever they claim to be."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import pytest
from conftest import Program
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from mlopsc.compiler.playground.guard import Guard, Refused


def get(bike: Program, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    link = http.client.HTTPConnection("127.0.0.1", bike.port, timeout=10)
    try:
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
    finally:
        link.close()


def socket_of(bike: Program, **options: Any) -> ClientConnection:
    options.setdefault("origin", f"http://127.0.0.1:{bike.port}")
    options.setdefault("compression", None)
    address = options.pop("address", bike.address).replace("http:", "ws:") + "lsp"
    return connect(address, **options)


def test_the_page_is_there_with_a_strict_policy(bike: Program) -> None:
    status, headers, content = get(bike, f"/{bike.token}/")
    assert status == 200
    assert b"page.js" in content
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert nonce.encode() in content
    assert nonce not in get(bike, f"/{bike.token}/")[1]["content-security-policy"], "another one each time"


@pytest.mark.parametrize("path", ["/", "/page.js", "/0123456789/", "/0123456789/page.js", "//", "/%2e%2e/"])
def test_without_the_token_nothing_is_told(bike: Program, path: str) -> None:
    status, _, content = get(bike, path)
    assert status == 403
    assert bike.token.encode() not in content
    assert b"mlopsc playground" in content


@pytest.mark.parametrize(
    "path",
    ["../session.py", "..%2fsession.py", "%2e%2e/session.py", "/etc/passwd", "bike.json", "x/../page.js", "built-of"],
)
def test_nothing_but_the_page_is_served(bike: Program, path: str) -> None:
    assert get(bike, f"/{bike.token}/{path}")[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_a_foreign_host_or_origin_is_refused(bike: Program, headers: dict[str, str]) -> None:
    assert get(bike, f"/{bike.token}/", **headers)[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:1", None])
def test_a_foreign_page_gets_no_socket(bike: Program, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as caught, socket_of(bike, origin=origin):
        pass
    assert caught.value.response.status_code == 403


def test_a_socket_needs_the_token(bike: Program) -> None:
    address = f"http://127.0.0.1:{bike.port}/guessed/"
    with pytest.raises(InvalidStatus), socket_of(bike, address=address):
        pass


def test_it_listens_on_one_address_of_this_machine_only(bike: Program) -> None:
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", bike.port), timeout=2):  # noqa: PT011
        pass


def ask(link: ClientConnection, method: str, params: dict[str, Any]) -> Any:
    link.send(json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}))
    while True:
        told = json.loads(link.recv(20))
        if told.get("id") == 7 and "method" not in told:
            return told


def test_only_files_of_the_project_are_read_and_only_the_spec_is_written(bike: Program) -> None:
    spec, outside = bike.folder / "pipeline.mlops", bike.folder.parent / "secret.txt"
    outside.write_text("secret", encoding="utf-8")
    (bike.folder / "link.txt").symlink_to(outside)
    before = spec.read_bytes()
    with socket_of(bike) as link:
        ask(link, "initialize", {"capabilities": {}})
        for path in (outside, bike.folder / ".." / "secret.txt", bike.folder / "link.txt"):
            told = ask(link, "playground/read", {"uri": path.as_uri() if path.is_absolute() else str(path)})
            assert "is no file of this project" in told["result"]["cannot"]
        assert (
            "Calendar"
            in ask(link, "playground/read", {"uri": (bike.folder / "features.py").as_uri()})["result"]["text"]
        )
        for path in (outside, bike.folder / "features.py"):
            told = ask(link, "playground/save", {"files": [{"uri": path.as_uri(), "text": "x"}]})
            assert "only files of the spec are saved" in told["result"]["cannot"]
        told = ask(link, "playground/save", {"files": [{"uri": spec.as_uri(), "text": "x"}]})
        assert "has been changed" in told["result"]["cannot"], "it was never read here"
        assert "cannot" in ask(link, "playground/save", {"nonsense": 1})["result"]
        assert "error" in ask(link, "playground/nothing", {})
        link.send("no json")
        link.send(b"\xff\xfe")
        assert "open" not in ask(link, "playground/open", {}).get("error", {})
    assert spec.read_bytes() == before
    assert outside.read_text("utf-8") == "secret"


def test_what_the_guard_lets_pass() -> None:
    guard = Guard(8000, "word")
    assert guard.part("/word/", ["localhost:8000"], []) == ""
    assert guard.part("/word/page.js?x=1", ["127.0.0.1:8000"], []) == "page.js"
    assert guard.part("/word/lsp", ["127.0.0.1:8000"], ["http://127.0.0.1:8000"]) == "lsp"
    for hosts in ([], ["127.0.0.1:8000", "evil.example"], ["localhost.evil.example:8000"]):
        with pytest.raises(Refused):
            guard.part("/word/", hosts, [])
    with pytest.raises(Refused):
        guard.part("/word/lsp", ["127.0.0.1:8000"], [])
