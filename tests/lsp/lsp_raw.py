"""A client that writes bytes: for what no proper editor sends, and for measuring without the weight of one."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "mlopsc.compiler.cli", "lsp")
PATIENCE = 30
PUBLISH = "textDocument/publishDiagnostics"

Message = Mapping[str, Any]


class Raw:
    """A server over stdio, and the messages that came from it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, **options
        )
        self.seen: list[Message] = []
        self._buffer = b""
        self._number = 0

    def begin(self, **more: Any) -> Raw:
        """Introduce ourselves; the answer is the last message seen."""
        self.ask("initialize", {"capabilities": {}, "processId": None, "rootUri": self.folder.as_uri(), **more})
        self.tell("initialized", {})
        return self

    def send(self, data: bytes) -> None:
        """Bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def body(self, content: bytes) -> None:
        """A message with a proper header, whatever it holds."""
        self.send(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))

    def tell(self, method: str, params: Any) -> None:
        self.body(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode())

    def request(self, method: str, params: Any) -> int:
        """Ask and do not wait; the number by which the answer is known."""
        self._number += 1
        content = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self.body(json.dumps(content).encode())
        return self._number

    def ask(self, method: str, params: Any) -> Message:
        """The answer to a request, with its `result` or `error`."""
        number = self.request(method, params)
        return self.until(lambda one: one.get("id") == number and "method" not in one)

    def until(self, wanted: Callable[[Message], object], patience: float = PATIENCE) -> Message:
        """The next message that is wanted."""
        deadline = time.monotonic() + patience
        while True:
            message = self.read(deadline)
            if wanted(message):
                return message

    def read(self, deadline: float) -> Message:
        """The next message."""
        while True:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            length = int(head.partition(b"Content-Length:")[2].split(b"\r\n")[0]) if found else 0
            if found and len(rest) >= length:
                self._buffer = rest[length:]
                message: Message = json.loads(rest[:length])
                self.seen.append(message)
                return message
            self._receive(deadline)

    def _receive(self, deadline: float) -> None:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
        data = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
        assert data, f"the server said nothing more; the last was {self.seen[-1:]}"
        self._buffer += data

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None) -> Message:
        """Open a file, and what is said of it."""
        content = (self.folder / name).read_text("utf-8") if text is None else text
        item = {"uri": self.uri(name), "languageId": "mlops", "version": 1, "text": content}
        self.tell("textDocument/didOpen", {"textDocument": item})
        return self.said_of(name)

    def said_of(self, name: str) -> Message:
        """The next that is said of a file."""
        return self.until(lambda one: one.get("method") == PUBLISH and one["params"]["uri"] == self.uri(name))

    def change(self, name: str, version: int, text: str) -> None:
        """The whole text of an open file anew."""
        document = {"uri": self.uri(name), "version": version}
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    @property
    def cpu(self) -> float:
        """CPU seconds that the server's loop has taken so far; Linux only."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text("utf-8").split()[0]) / 1e9

    @property
    def memory(self) -> float:
        """Megabytes that the server has in memory; Linux only."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def hover(self, name: str, line: int, character: int) -> Message:
        document = {"uri": self.uri(name)}
        return self.ask(
            "textDocument/hover", {"textDocument": document, "position": {"line": line, "character": character}}
        )

    def leave(self) -> int:
        """End the server as an editor does, and the code that it ends with."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
