"""Asks the server's functions without a server: for what has to be asked very often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.uris import from_fs_path

from mlopsc.compiler.lsp.documents import Documents
from mlopsc.compiler.lsp.features import FEATURES
from mlopsc.compiler.lsp.positions import lines_of
from mlopsc.compiler.lsp.projects import Projects
from mlopsc.compiler.lsp.refusal import Refusal
from mlopsc.stdlib import registry


class Asking:
    """One open file of a folder."""

    def __init__(self, folder: Path, name: str, text: str) -> None:
        self.documents = Documents()
        self.projects = Projects(self.documents, registry())
        self.uri = from_fs_path(str(folder / name)) or ""
        self.version = 0
        self.text = ""
        self.set(text)

    def set(self, text: str) -> None:
        self.version += 1
        self.text = text
        self.documents.open(types.TextDocumentItem(self.uri, "mlops", self.version, text))

    def ask(self, method: str, params: Any) -> Any:
        project = self.projects.of(self.uri)
        try:
            return FEATURES[method].answer(project, project.path(self.uri), params)
        except Refusal:
            return None

    def at(self, method: str, offset: int, **more: Any) -> Any:
        """A request about an offset."""
        document, position = types.TextDocumentIdentifier(self.uri), lines_of(self.text).position(offset)
        kind: Any = {
            types.TEXT_DOCUMENT_COMPLETION: types.CompletionParams,
            types.TEXT_DOCUMENT_HOVER: types.HoverParams,
            types.TEXT_DOCUMENT_DEFINITION: types.DefinitionParams,
            types.TEXT_DOCUMENT_REFERENCES: types.ReferenceParams,
            types.TEXT_DOCUMENT_RENAME: types.RenameParams,
            types.TEXT_DOCUMENT_PREPARE_RENAME: types.PrepareRenameParams,
            types.TEXT_DOCUMENT_SIGNATURE_HELP: types.SignatureHelpParams,
            types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: types.DocumentHighlightParams,
        }[method]
        return self.ask(method, kind(text_document=document, position=position, **more))

    def names(self, offset: int) -> list[str]:
        """What completion offers at an offset."""
        found = self.at(types.TEXT_DOCUMENT_COMPLETION, offset)
        return [one.label for one in found.items] if found else []
