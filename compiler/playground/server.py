"""The page and its language server on one port of this machine."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.asyncio.server import Server as PageServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from mlopsc.compiler.lsp.connection import LARGEST, Connection
from mlopsc.compiler.lsp.server import OBJECTS_BETWEEN_COLLECTIONS
from mlopsc.compiler.playground.assets import NONCE, PAGE, asset
from mlopsc.compiler.playground.guard import SOCKET, Guard, Refused, headers, new_token
from mlopsc.compiler.playground.session import Session
from mlopsc.compiler.schema.registry import Registry

if TYPE_CHECKING:
    from mlopsc.compiler.playground.desk import Desk

HOST = "127.0.0.1"


class Playground:
    """What answers a browser: parts of the page, and the connection to the language server."""

    def __init__(self, desk: Desk, version: str, registry: Registry, targets: Sequence[str]) -> None:
        self.guard = Guard(0, new_token())
        self._new_session: Callable[[], Session] = lambda: Session(desk, version, registry, targets)

    async def serve(self, port: int, is_up: Callable[[str], None]) -> None:
        """Answer until somebody stops the program; `is_up` is told the address. Raises OSError for a taken port."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # on Windows, Ctrl-C interrupts the loop instead
                loop.add_signal_handler(one, stopped.set)
        async with await self._listen(port) as server:
            (socket,) = server.sockets
            self.guard = self.guard.changed(port=socket.getsockname()[1])
            is_up(self.guard.address)
            await stopped.wait()

    async def _listen(self, port: int) -> PageServer:
        return await serve(
            self._connected,
            HOST,
            port,
            process_request=self._asked,
            compression=None,
            max_size=LARGEST,
            close_timeout=1,
            server_header=None,
        )

    def _asked(self, _: ServerConnection, request: Request) -> Response | None:
        """A part of the page, or a refusal; None for the socket, which goes on to be opened."""
        nonce = secrets.token_urlsafe(12)
        try:
            asked = request.headers
            name = self.guard.part(request.path, asked.get_all("Host"), asked.get_all("Origin"))
            if name == SOCKET:
                return None
            found = asset(name or PAGE)
            if found is None:
                raise Refused(404, "there is no such part of the page")
        except Refused as refused:
            return self._response(refused.status, f"{refused.message}\n".encode(), "text/plain; charset=utf-8", nonce)
        content, kind = found
        return self._response(
            200, content.replace(NONCE.encode(), nonce.encode()) if not name else content, kind, nonce
        )

    def _response(self, status: int, content: bytes, kind: str, nonce: str) -> Response:
        told = {"Content-Type": kind, "Content-Length": str(len(content)), "Connection": "close"}
        return Response(status, HTTPStatus(status).phrase, Headers({**headers(self.guard, nonce), **told}), content)

    async def _connected(self, connection: ServerConnection) -> None:
        """A page is open: it has a language server of its own until it is closed."""
        session, stream = self._new_session(), asyncio.StreamReader(limit=LARGEST)
        session.protocol.set_writer(_Writer(connection), include_headers=False)
        reading = asyncio.create_task(_read(connection, stream))
        try:
            await Connection(session.protocol, stream, session.note).serve()
        finally:
            reading.cancel()
            session.leave()


async def _read(connection: ServerConnection, stream: asyncio.StreamReader) -> None:
    """Hand on what the page sends as if it came by a pipe, where each message says its length."""
    with suppress(ConnectionClosed):
        async for message in connection:
            body = message if isinstance(message, bytes) else message.encode()
            stream.feed_data(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    stream.feed_eof()


class _Writer:
    """The socket as pygls writes to it; what is said to a page that has just been closed is lost."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def write(self, data: bytes) -> None:
        """Send a message."""
        with suppress(ConnectionClosed):
            await self._connection.send(data)

    async def close(self) -> None:
        """Hang up."""
        await self._connection.close()


def serve_playground(
    desk: Desk,
    version: str,
    registry: Registry,
    targets: Sequence[str],
    port: int,
    is_up: Callable[[str], None],
) -> None:
    """Serve the page until somebody stops the program; raises OSError where the port is taken."""
    for name in ("pygls", "websockets"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    with suppress(KeyboardInterrupt):
        asyncio.run(Playground(desk, version, registry, targets).serve(port, is_up))
