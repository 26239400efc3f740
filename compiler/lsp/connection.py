"""One editor's messages, in their order: what is malformed is answered or noted, and never ends the server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcRequestCancelled,
)

LARGEST = 64_000_000
"""The longest message that is read, in bytes: a header that says more is wrong."""

TURNS = 3
"""How often others get their turn between two messages: as often as it takes for what has arrived to be seen."""

LOOKS = 1.0
"""Seconds between two looks at whether the editor's process is still there."""

_LENGTH = re.compile(rb"content-length: *(\d{1,18})\r\n", re.IGNORECASE)
_CHUNK = 1 << 16


class Speaking(Protocol):
    """What messages are handed to: the protocol of a server."""

    left: int | None
    """The code to end with, once the editor has left."""

    @property
    def is_shut(self) -> bool:
        """Whether the editor said that it will leave."""

    @property
    def editor(self) -> int | None:
        """The process of the editor, if it said so."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message by its type; raises JsonRpcException."""

    def get_message_type(self, method: str) -> type[Any] | None:
        """The type of the messages of a method, if there is such a method."""

    def handle_message(self, message: Any) -> None:
        """Do what a message asks for."""

    def refuse(self, number: int | str | None, error: JsonRpcException) -> None:
        """Answer a request with an error."""


class Connection:
    """Reads what an editor sends and hands it to the server, one message after the other.

    All that has arrived is read before the next message is handed on, so that a request that was cancelled meanwhile
    is not worked on.
    """

    def __init__(self, protocol: Speaking, stream: asyncio.StreamReader, note: Callable[[str], None]) -> None:
        self._protocol = protocol
        self._stream = stream
        self._note = note
        self._inbox: deque[dict[str, Any]] = deque()
        self._news = asyncio.Event()
        self._is_over = False

    async def serve(self) -> int:
        """Until the editor leaves; 0 if it said so beforehand, else 1."""
        tasks = [asyncio.create_task(work) for work in (self._listen(), self._watch_editor())]
        try:
            while self._protocol.left is None and (self._inbox or not self._is_over):
                if self._inbox:
                    self._hand_on(self._inbox.popleft())
                    for _ in range(TURNS):
                        await asyncio.sleep(0)
                else:
                    self._news.clear()
                    await self._news.wait()
        finally:
            for task in tasks:
                task.cancel()
        return int(not self._protocol.is_shut) if self._protocol.left is None else self._protocol.left

    def end(self) -> None:
        """The editor is gone."""
        self._is_over = True
        self._inbox.clear()
        self._news.set()

    async def _listen(self) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = await self._head()
                if length is not None:
                    self._arrived(await self._stream.readexactly(length))
        self._is_over = True
        self._news.set()

    async def _head(self) -> int | None:
        """The length of the next message. What cannot be understood is skipped, up to what looks like a header."""
        try:
            head = await self._stream.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            await self._stream.readexactly(error.consumed)
            return None
        lengths = _LENGTH.findall(head)
        if lengths and int(lengths[-1]) <= LARGEST:
            return int(lengths[-1])
        self._note(f"a message of {int(lengths[-1]):,} bytes is too long" if lengths else "a header without a length")
        return None

    def _arrived(self, body: bytes) -> None:
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            self._refuse(None, JsonRpcParseError(f"no JSON: {error}"))
            return
        if not isinstance(message, dict):
            message = {}
        number = message.get("id")
        is_numbered = isinstance(number, int | str)
        is_whole = "jsonrpc" in message and isinstance(message.get("method", ""), str)
        if not is_whole or (not is_numbered and "id" in message):
            self._refuse(number if is_numbered else None, JsonRpcInvalidRequest("no message of JSON-RPC 2.0"))
        elif message.get("method") != types.CANCEL_REQUEST or not self._cancelled(message):
            self._inbox.append(message)
            self._news.set()

    def _cancelled(self, message: dict[str, Any]) -> bool:
        """Whether the request that is to be cancelled has waited until now; then it is answered so."""
        params = message.get("params")
        number = params.get("id") if isinstance(params, dict) else None
        waiting = next((one for one in self._inbox if one.get("id") == number and "method" in one), None)
        if waiting is None or number is None:
            return False
        self._inbox.remove(waiting)
        self._refuse(number, JsonRpcRequestCancelled("cancelled"))
        return True

    def _hand_on(self, message: dict[str, Any]) -> None:
        """Give a message to the server; a request always gets an answer."""
        number = message.get("id") if "method" in message else None
        try:
            if self._protocol.is_shut and number is not None:
                raise JsonRpcInvalidRequest("the server was told to shut down")
            self._protocol.handle_message(self._structured(message))
        except JsonRpcException as error:
            self._refuse(number, error)
        except Exception as error:
            self._refuse(number, JsonRpcInternalError(f"{type(error).__name__}: {error}"))

    def _structured(self, message: dict[str, Any]) -> Any:
        method = message.get("method")
        try:
            return self._protocol.structure_message(message)
        except JsonRpcException as error:
            if isinstance(method, str) and self._protocol.get_message_type(method) is not None:
                raise JsonRpcInvalidParams(f"no parameters of `{method}`") from error
            raise JsonRpcMethodNotFound(f"there is no `{method}` here") from error

    def _refuse(self, number: int | str | None, error: JsonRpcException) -> None:
        """Note what was wrong, and say so where an answer is waited for."""
        if not isinstance(error, JsonRpcRequestCancelled):
            self._note(error.message)
        if number is not None or isinstance(error, JsonRpcParseError | JsonRpcInvalidRequest):
            self._protocol.refuse(number, error)

    async def _watch_editor(self) -> None:
        """An editor that was killed says nothing; where something else holds its end of the pipe, nothing is heard."""
        watched: int | None = None
        while watched is None or _lives(watched):
            await asyncio.sleep(LOOKS)
            editor = self._protocol.editor
            watched = editor if watched is None and editor and _lives(editor) else watched
        self.end()


def _lives(process: int) -> bool:
    """Whether a process is there; where that cannot be asked without harm, it is taken to be."""
    if os.name != "posix" or process <= 0:
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


class Stdout:
    """Standard output as pygls writes to it; when nobody reads any more, that is told once."""

    def __init__(self) -> None:
        self.lost: Callable[[], None] = lambda: None

    def write(self, data: bytes) -> None:
        """Send bytes."""
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except (OSError, ValueError):
            self.lost()

    def close(self) -> None:
        """It stays open: it is not ours."""


def standard_input() -> asyncio.StreamReader:
    """Standard input as a stream, on every system: a thread reads and the loop is told."""
    loop, stream = asyncio.get_running_loop(), asyncio.StreamReader(limit=LARGEST)

    def feed() -> None:
        data = b"begun"
        while data:
            try:
                data = os.read(sys.stdin.fileno(), _CHUNK)
            except OSError:
                data = b""
            with suppress(RuntimeError):  # the loop is closed: nobody listens
                loop.call_soon_threadsafe(partial(stream.feed_data, data) if data else stream.feed_eof)

    threading.Thread(target=feed, name="stdin", daemon=True).start()
    return stream
