"""The texts that are open in the editor, as it last told them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from mlopsc.compiler.lsp.positions import Encoding, Lines
from mlopsc.compiler.lsp.wishes import Wishes
from mlopsc.compiler.records import Record

SUFFIX = ".mlops"
"""How the names of specs end."""


class Document(Record):
    """An open text; `path` is None where it is on no disk (a tab that was never saved)."""

    uri: str
    text: str
    version: int | None
    path: Path | None

    @property
    def is_spec(self) -> bool:
        """Whether it is a spec, and not the Python beside one; a tab that was never saved is."""
        return self.path is None or self.path.suffix == SUFFIX


class Documents:
    """The open texts by URI. What is said of a text that is not open changes nothing."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}
        self.encoding = Encoding.Utf16
        self.wishes = Wishes()
        self._edits: dict[str, int] = {}
        self.touches = 0
        """Counts what has changed that may matter to every spec: files on disk, and those that are no specs."""

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def get(self, uri: str) -> Document | None:
        """The open text of that URI."""
        return self._open.get(uri)

    def edits(self, uris: Iterable[str]) -> int:
        """Grows whenever one of these texts is opened, changed or closed."""
        return sum(self._edits.get(uri, 0) for uri in uris)

    def open(self, item: types.TextDocumentItem) -> Document:
        """A text is open from now on; one that is open already is told anew."""
        found = self._open[item.uri] = Document(item.uri, item.text, item.version, path_of(item.uri))
        self._count(found)
        return found

    def change(
        self, identifier: types.VersionedTextDocumentIdentifier, changes: Sequence[types.TextDocumentContentChangeEvent]
    ) -> Document | None:
        """The text after edits, each of which counts from what the one before it made; None where it is not open.

        Edits of a state older than the one that is known came out of order: to make them would spoil the text.
        """
        known = self._open.get(identifier.uri)
        if known is None or (known.version is not None and identifier.version < known.version):
            return None
        text = known.text
        for change in changes:
            text = self._changed(text, change)
        found = self._open[identifier.uri] = known.changed(text=text, version=identifier.version)
        self._count(found)
        return found

    def close(self, uri: str) -> None:
        """A text is not open any more: what is on disk counts."""
        known = self._open.pop(uri, None)
        if known is not None:
            self._count(known)

    def touch(self) -> None:
        """Something on disk has changed."""
        self.touches += 1

    def _count(self, document: Document) -> None:
        if document.is_spec:
            self._edits[document.uri] = self._edits.get(document.uri, 0) + 1
        else:
            self.touch()

    def _changed(self, text: str, change: types.TextDocumentContentChangeEvent) -> str:
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return change.text
        span = Lines(text, self.encoding).span(change.range)
        return text[: span.start] + change.text + text[span.end :]


def path_of(uri: str) -> Path | None:
    """Where a file is, by its URI; None for what is no file."""
    try:
        found = to_fs_path(uri) if uri.startswith("file:") else None
    except ValueError:
        return None
    return Path(found) if found else None


def uri_of(path: Path) -> str:
    """The URI of a file."""
    return from_fs_path(str(path)) or path.as_uri()
