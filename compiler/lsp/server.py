"""The server itself: documents come in, answers and messages go out."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from mlopsc.compiler.lsp.commands import Commands
from mlopsc.compiler.lsp.configuration import Configuration
from mlopsc.compiler.lsp.connection import LARGEST, Connection, Stdout, standard_input
from mlopsc.compiler.lsp.documents import SUFFIX, Documents
from mlopsc.compiler.lsp.features import FEATURES, Answer
from mlopsc.compiler.lsp.positions import Encoding
from mlopsc.compiler.lsp.projects import Projects
from mlopsc.compiler.lsp.publisher import Publisher
from mlopsc.compiler.lsp.refusal import Refusal
from mlopsc.compiler.schema.registry import Registry

WATCHED = f"**/*{{{SUFFIX},.py,.csv,.parquet,.sql,.lock,.txt,.toml}}"
"""The files on disk whose coming, going and changing is to be told: what specs name."""

OBJECTS_BETWEEN_COLLECTIONS = 2_000_000
"""Looking for garbage takes longer than a keystroke may: the server does it when nobody types, or after so many."""


class Protocol(LanguageServerProtocol):
    """The protocol with documents of our own: those of pygls lose their place where a line ends unusually."""

    _server: Server
    left: int | None = None
    """The code to end with, once the editor has left."""

    @property
    def is_shut(self) -> bool:
        """Whether the editor said that it will leave."""
        return bool(self._shutdown)

    @property
    def editor(self) -> int | None:
        """The process of the editor, if it said so."""
        return self._server.process_id

    def refuse(self, number: int | str | None, error: JsonRpcException) -> None:
        """Answer a request with an error; without its number, what could not be read at all."""
        self._send_response(number, error=error.to_response_error())  # type: ignore[arg-type]

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]
        """The editor leaves: with 0 if it said so beforehand, else with 1."""
        self.left = int(not self.is_shut)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """A text is open."""
        self._server.documents.open(params.text_document)
        self._server.projects.forget()
        self._server.publisher.soon()

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A text was edited."""
        self._server.documents.change(params.text_document, params.content_changes)
        self._server.publisher.soon()

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """A text is not open any more."""
        self._server.documents.close(params.text_document.uri)
        self._server.projects.forget()
        self._server.publisher.soon()


class Server(LanguageServer):
    """A language server for one editor."""

    protocol: Protocol

    def __init__(self, version: str, registry: Registry, targets: Sequence[str]) -> None:
        self.documents = Documents()
        self.projects = Projects(self.documents, registry)
        self.publisher = Publisher(
            self.documents, self.projects, targets, lambda told: self.text_document_publish_diagnostics(told)
        )
        super().__init__("mlopsc", version, protocol_cls=Protocol)
        self.configuration = Configuration(self, self.documents)
        self.commands = Commands(self, self.documents, self.projects)
        for method, feature in FEATURES.items():
            self.feature(method, feature.options)(self._answering(feature.answer))
        self.feature(types.INITIALIZED)(lambda _: self._begin())
        self.feature(types.TEXT_DOCUMENT_DID_SAVE)(lambda _: self._disk_changed())
        self.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(lambda _: self._disk_changed())

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ARG002 (pygls' signature)
        """What could not be understood is noted in the editor's log, and interrupts nobody."""
        if not isinstance(error, Refusal):
            self.note(f"{type(error).__name__}: {error}")

    def _answering(self, answer: Answer) -> Callable[[Any], Any]:
        """What answers requests; a mistake of ours is noted, and there is no answer then."""

        def handle(params: Any) -> Any:
            try:
                uri = params.text_document.uri
                project = self.projects.of(uri)
                return answer(project, project.path(uri), params)
            except Refusal:
                raise
            except Exception as error:
                self.note(f"no answer, by a mistake of mlopsc: {type(error).__name__}: {error}")
                return None

        return handle

    def _begin(self) -> None:
        """The editor knows who it speaks to: agree on columns, and ask to be told of changes on disk."""
        self.documents.encoding = Encoding(self.workspace.position_encoding or Encoding.Utf16)
        self.configuration.begin()
        workspace = self.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        if watching and watching.dynamic_registration:
            options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(WATCHED)])
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            self.client_register_capability(types.RegistrationParams([types.Registration("watched", method, options)]))

    def _disk_changed(self) -> None:
        self.documents.touch()
        self.projects.forget()
        self.publisher.soon()

    def note(self, text: str) -> None:
        """Write into the editor's log."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, text))


def serve(version: str, registry: Registry, targets: Sequence[str], address: tuple[str, int] | None) -> int:
    """Serve one editor over stdio, or over TCP at an address, until it leaves; the code to end with."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    server = Server(version, registry, targets)
    return asyncio.run(_serve_stdio(server) if address is None else _serve_tcp(server, address))


async def _serve_stdio(server: Server) -> int:
    output = Stdout()
    connection = Connection(server.protocol, standard_input(), server.note)
    output.lost = connection.end
    server.protocol.set_writer(output)
    return await connection.serve()


async def _serve_tcp(server: Server, address: tuple[str, int]) -> int:
    """The first who comes is the editor."""
    came: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Future()

    def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close() if came.done() else came.set_result((reader, writer))

    listening = await asyncio.start_server(come, *address, limit=LARGEST)
    reader, writer = await came
    listening.close()
    server.protocol.set_writer(writer)
    try:
        return await Connection(server.protocol, reader, server.note).serve()
    finally:
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()
