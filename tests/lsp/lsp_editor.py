"""An editor for tests: pygls' own client in a thread of its own, speaking to `mlopsc lsp` over stdio or TCP."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.uris import from_fs_path

T = TypeVar("T")
PATIENCE = 30
COMMAND = (sys.executable, "-m", "mlopsc.compiler.cli", "lsp")

CAPABILITIES = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
        did_change_configuration=types.DidChangeConfigurationClientCapabilities(dynamic_registration=True),
        configuration=True,
        inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True),
        code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
    ),
    window=types.WindowClientCapabilities(work_done_progress=True),
    text_document=types.TextDocumentClientCapabilities(
        completion=types.CompletionClientCapabilities(
            completion_item=types.ClientCompletionItemOptions(snippet_support=True)
        )
    ),
)


class Editor:
    """One editor and its server; `folder` is what is open in it."""

    def __init__(self, folder: Path, encodings: list[str] | None = None) -> None:
        self.folder = folder
        self.versions: dict[str, int] = {}
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = defaultdict(list)
        self.log: list[str] = []
        self.registered: list[str] = []
        self.settings: dict[str, Any] | None = None
        self.shown: list[types.ShowMessageParams] = []
        self.progress: list[str] = []
        self.refreshed: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._news = threading.Condition()
        self._encodings = encodings
        self.client = self._client()

    def _client(self) -> LanguageClient:
        client = LanguageClient("tests", "1")

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _told(params: types.PublishDiagnosticsParams) -> None:
            with self._news:
                self.published[params.uri].append(params)
                self._news.notify_all()

        @client.feature(types.WINDOW_LOG_MESSAGE)
        def _logged(params: types.LogMessageParams) -> None:
            with self._news:
                self.log.append(params.message)
                self._news.notify_all()

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def _registered(params: types.RegistrationParams) -> None:
            self.registered += [one.method for one in params.registrations]

        self._answer(client)
        return client

    def _answer(self, client: LanguageClient) -> None:
        """What the server asks of an editor, and what it has to show."""

        @client.feature(types.WORKSPACE_CONFIGURATION)
        def _configured(params: types.ConfigurationParams) -> list[Any]:
            return [self.settings if one.section == "mlops" else None for one in params.items]

        @client.feature(types.WINDOW_SHOW_MESSAGE)
        def _shown(params: types.ShowMessageParams) -> None:
            with self._news:
                self.shown.append(params)
                self._news.notify_all()

        @client.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
        def _created(_: types.WorkDoneProgressCreateParams) -> None:
            self.progress.append("create")

        @client.feature(types.PROGRESS)
        def _went_on(params: types.ProgressParams) -> None:
            kind = params.value["kind"] if isinstance(params.value, dict) else params.value.kind
            self.progress.append(kind)

        @client.feature(types.WORKSPACE_INLAY_HINT_REFRESH)
        def _hints(_: None) -> None:
            self._refreshed("hints")

        @client.feature(types.WORKSPACE_CODE_LENS_REFRESH)
        def _lenses(_: None) -> None:
            self._refreshed("lenses")

    def _refreshed(self, what: str) -> None:
        with self._news:
            self.refreshed.append(what)
            self._news.notify_all()

    def until(self, holds: Callable[[], bool], patience: float = PATIENCE) -> bool:
        """Wait until something holds of what the server has told."""
        with self._news:
            return self._news.wait_for(holds, patience)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def start(self, *command: str, port: int | None = None) -> types.InitializeResult:
        if port is None:
            program, *arguments = command or COMMAND
            self.wait(self.client.start_io(program, *arguments))
        else:
            self.wait(self._reach(port))
        capabilities = CAPABILITIES
        if self._encodings:
            capabilities.general = types.GeneralClientCapabilities(
                position_encodings=[types.PositionEncodingKind(one) for one in self._encodings]
            )
        uri = from_fs_path(str(self.folder))
        result = self.wait(
            self.client.initialize_async(types.InitializeParams(capabilities=capabilities, root_uri=uri))
        )
        capabilities.general = None
        self.client.initialized(types.InitializedParams())
        return result

    async def _reach(self, port: int) -> None:
        """The server says where it listens a little before it does."""
        for _ in range(PATIENCE * 10):
            try:
                return await self.client.start_tcp("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.1)
        raise AssertionError(f"nobody listens on port {port}")

    def stop(self) -> None:
        self.wait(self.client.shutdown_async(None))
        self.client.exit(None)
        self.wait(self.client.stop())
        self.close_loop()

    def close_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def ask(self, method: str, params: Any) -> Any:
        async def answer() -> Any:
            return await self.client.protocol.send_request_async(method, params)

        return self.wait(answer())

    def uri(self, name: str) -> str:
        return from_fs_path(str(self.folder / name)) or ""

    def open(self, name: str, text: str | None = None) -> list[types.Diagnostic]:
        """Open a file (with a text that was not saved, if one is given), and what is wrong with it."""
        path = self.folder / name
        content = path.read_text("utf-8") if text is None else text
        self.versions[name] = 1
        item = types.TextDocumentItem(self.uri(name), "mlops", 1, content)
        return self.after(name, lambda: self.client.text_document_did_open(types.DidOpenTextDocumentParams(item)))

    def close(self, name: str) -> None:
        document = types.TextDocumentIdentifier(self.uri(name))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def set(self, name: str, text: str) -> list[types.Diagnostic]:
        """The whole text anew."""
        return self.edit(name, types.TextDocumentContentChangeWholeDocument(text))

    def type(self, name: str, start: tuple[int, int], end: tuple[int, int], text: str) -> list[types.Diagnostic]:
        """Replace what stands between two positions."""
        range_ = types.Range(types.Position(*start), types.Position(*end))
        return self.edit(name, types.TextDocumentContentChangePartial(range_, text))

    def edit(self, name: str, *changes: Any) -> list[types.Diagnostic]:
        return self.after(name, lambda: self.send_edit(name, *changes))

    def send_edit(self, name: str, *changes: Any, version: int | None = None) -> None:
        self.versions[name] += 1
        number = self.versions[name] if version is None else version
        document = types.VersionedTextDocumentIdentifier(number, self.uri(name))
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, list(changes)))

    def after(self, name: str, work: Any) -> list[types.Diagnostic]:
        """The errors of a file after some work, as soon as something new is said of it; what is only advice is not."""
        uri = self.uri(name)
        count = len(self.published[uri])
        work()
        with self._news:
            said = self._news.wait_for(lambda: len(self.published[uri]) > count, PATIENCE)
        assert said, f"nothing was said of {name}; the log: {self.log}"
        return [one for one in self.published[uri][-1].diagnostics if one.severity is types.DiagnosticSeverity.Error]

    def document(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))


def apply(text: str, edits: list[types.TextEdit]) -> str:
    """A text with edits made, as an editor makes them (columns are characters here)."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def offset(position: types.Position) -> int:
        return starts[position.line] + position.character

    for edit in sorted(edits, key=lambda one: offset(one.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text
