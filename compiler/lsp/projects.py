"""Which spec a file belongs to, and its compilation with what is open in the editor laid over the disk."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.lsp.documents import SUFFIX, Documents, path_of, uri_of
from mlopsc.compiler.lsp.positions import Encoding, Lines, lines_of
from mlopsc.compiler.lsp.wishes import Wishes
from mlopsc.compiler.program import uses
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics.memory import Memory
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import SourceFile
from mlopsc.compiler.workspace import DiskWorkspace, MemoryWorkspace, SourceProblem

_MAIN = "pipeline.mlops"
MOST_STATES = 200
"""After so many edits everything is checked anew, when nobody types."""
_HIGHEST = 4
"""How many folders above a file may hold the spec that uses it."""


class Project:
    """A spec: the folder that its paths count from, and its main file. Without a folder it is one text alone."""

    def __init__(self, documents: Documents, registry: Registry, folder: Path | None, main: str, uri: str) -> None:
        self.folder = folder
        self.main = main
        self._uri = uri
        self._documents = documents
        self._registry = registry
        self._state: tuple[int, int] | None = None
        self._uris: tuple[str, ...] = (uri,)
        self._memory = Memory()
        self._compilation = Compilation(MemoryWorkspace(), registry, main)

    @property
    def compilation(self) -> Compilation:
        """The compilation of the texts as they are now; what has not changed since the last one is not parsed again."""
        if self._state != self.state:
            known = {file.source.path: file for file in self._compilation.files}
            below = DiskWorkspace(self.folder) if self.folder is not None else None
            workspace = MemoryWorkspace(self._texts(), below)
            self._compilation = Compilation(workspace, self._registry, self.main, known, self._memory)
            paths = dict.fromkeys([self.main, *(path for file in self._compilation.files for path, _ in uses(file))])
            self._uris = tuple(self.uri(path) for path in paths)
            self._state = self.state
        return self._compilation

    @property
    def state(self) -> tuple[int, int]:
        """What the compilation depends on: it is the same as long as this is."""
        return self._documents.touches, self._documents.edits(self._uris)

    def tidy(self) -> None:
        """When nobody types: what is kept of many states holds a part of each of them, so all is checked anew."""
        if self._memory.states > MOST_STATES:
            self._memory, self._state = Memory(), None
            self.compilation.diagnostics  # noqa: B018 (it is kept)

    def file(self, path: str) -> ast.File | None:
        """The tree of a file of the program."""
        return next((file for file in self.compilation.files if file.source.path == path), None)

    @property
    def encoding(self) -> Encoding:
        """How the editor counts columns."""
        return self._documents.encoding

    @property
    def wishes(self) -> Wishes:
        """What the editor can do with an answer, and what its user wants to see."""
        return self._documents.wishes

    def lines(self, source: SourceFile) -> Lines:
        """The lines of a file, as its editor counts them."""
        return lines_of(source.text, self.encoding)

    def path(self, uri: str) -> str:
        """A file of the project as the compiler calls it."""
        path = path_of(uri)
        return relative(path, self.folder) if path is not None and self.folder is not None else self.main

    def uri(self, path: str) -> str:
        """The URI of a file of the project: the one that the editor uses, if it is open."""
        if self.folder is None:
            return self._uri
        full = Path(normpath((self.folder / path).as_posix()))
        return next((one.uri for one in self._documents if one.path == full), None) or uri_of(full)

    def _texts(self) -> Mapping[str, str]:
        if self.folder is None:
            document = self._documents.get(self._uri)
            return {self.main: document.text} if document else {}
        return {relative(one.path, self.folder): one.text for one in self._documents if one.path is not None}


class Projects:
    """The specs of the files that are open."""

    def __init__(self, documents: Documents, registry: Registry) -> None:
        self.documents = documents
        self._registry = registry
        self._projects: dict[tuple[Path | None, str], Project] = {}
        self._homes: dict[str, Project] = {}
        self._used: dict[Path, dict[str, Project]] = {}

    def of(self, uri: str) -> Project:
        """The project of a file: that of a spec that uses it, else its own."""
        found = self._homes.get(uri)
        if found is None:
            found = self._homes[uri] = self._found(uri)
        return found

    def opened(self) -> list[Project]:
        """The projects of the specs that are open, each once."""
        specs = (one.uri for one in self.documents if one.is_spec)
        return list(dict.fromkeys(self.of(uri) for uri in specs))

    def forget(self) -> None:
        """Which spec uses which file may have changed."""
        self._homes.clear()
        self._used.clear()

    def _found(self, uri: str) -> Project:
        path = path_of(uri)
        if path is None:
            return self._project(None, unquote(uri.rpartition("/")[2].rpartition(":")[2]) or _MAIN, uri)
        for folder in [path.parent, *path.parent.parents][:_HIGHEST]:
            project = self._used_in(folder).get(relative(path, folder))
            if project is not None:
                return project
        return self._project(path.parent, path.name, uri)

    def _used_in(self, folder: Path) -> Mapping[str, Project]:
        """The files that the specs of a folder use, each with the first spec that does."""
        found = self._used.get(folder)
        if found is None:
            found = self._used[folder] = {}
            for main in (one for one in _specs(folder) if _mentions_use(folder, one)):
                project = self._project(folder, main, uri_of(folder / main))
                for file in project.compilation.files[1:]:
                    found.setdefault(file.source.path, project)
        return found

    def _project(self, folder: Path | None, main: str, uri: str) -> Project:
        key = folder, uri if folder is None else main
        if key not in self._projects:
            self._projects[key] = Project(self.documents, self._registry, folder, main, uri)
        return self._projects[key]


def relative(path: Path, folder: Path) -> str:
    """A path as the compiler writes it: from the folder of the spec, with `/`."""
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive
        return path.as_posix()


def _specs(folder: Path) -> list[str]:
    """The specs of a folder, the one of the usual name first."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(SUFFIX) and name != SUFFIX]  # noqa: PTH208
    except OSError:
        return []
    return sorted(names, key=lambda name: (name != _MAIN, name))


def _mentions_use(folder: Path, main: str) -> bool:
    try:
        return re.search(r"^use\s", DiskWorkspace(folder).read(main), re.MULTILINE) is not None
    except SourceProblem:
        return False
