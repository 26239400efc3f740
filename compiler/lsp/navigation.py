"""Where names come from and where they are used: definition, references, highlights, rename."""

from __future__ import annotations

import re

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.diagnostics import place
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.project import PythonSignature
from mlopsc.compiler.semantics.reader import WorkspaceReader
from mlopsc.compiler.text import Location, SourceFile, Span

_NAME = re.compile(r"[^\W\d][\w-]*")
_RENAMED = frozenset(
    {Namespace.STAGE, Namespace.ENVIRONMENT, Namespace.CONSTANT, Namespace.METRIC, Namespace.PIPELINE, Namespace.COLUMN}
)


def symbol_at(project: Project, path: str, position: lsp.Position) -> Symbol | None:
    """What the name at a position means."""
    file = project.file(path)
    if file is None:
        return None
    return project.compilation.model.symbol_at(path, project.lines(file.source).offset(position))


def python_signature(project: Project, symbol: Symbol) -> PythonSignature | None:
    """The function or class of the user's Python that a name means."""
    if symbol.namespace is not Namespace.PYTHON or ".py:" not in symbol.name:
        return None
    found = WorkspaceReader(project.compilation.workspace).signature(symbol.name)
    return found if isinstance(found, PythonSignature) else None


def definition(project: Project, path: str, params: lsp.DefinitionParams) -> list[lsp.Location]:
    """Where the name at a position was defined: in the specs, in the user's Python, or the file that it names."""
    symbol = symbol_at(project, path, params.position)
    if symbol is None:
        return []
    if symbol.definition is not None:
        return [place(project, symbol.definition)]
    signature = python_signature(project, symbol)
    start = lsp.Position(signature.line - 1 if signature else 0, 0)
    if signature is not None:
        return [lsp.Location(project.uri(signature.path), lsp.Range(start, start))]
    is_file = symbol.namespace is Namespace.FILE and "://" not in symbol.name
    if is_file and project.compilation.workspace.exists(symbol.name) and project.folder is not None:
        return [lsp.Location(project.uri(symbol.name), lsp.Range(start, start))]
    return []


def references(project: Project, path: str, params: lsp.ReferenceParams) -> list[lsp.Location]:
    """Every place that names the same thing, in all files of the program."""
    symbol = symbol_at(project, path, params.position)
    if symbol is None:
        return []
    found = project.compilation.model.references(symbol)
    declared = symbol.definition if not params.context.include_declaration else None
    return [place(project, one) for one in found if one != declared]


def highlights(project: Project, path: str, params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
    """The same, in one file: where a name is defined, and where it is read."""
    symbol = symbol_at(project, path, params.position)
    found = project.compilation.model.references(symbol) if symbol else ()
    write, read = lsp.DocumentHighlightKind.Write, lsp.DocumentHighlightKind.Read
    return [
        lsp.DocumentHighlight(place(project, one).range, write if symbol and one == symbol.definition else read)
        for one in found
        if one.file.path == path
    ]


def prepare_rename(project: Project, path: str, params: lsp.PrepareRenameParams) -> lsp.Range | None:
    """The name that would be renamed; nothing for words of the language."""
    symbol = symbol_at(project, path, params.position)
    file = project.file(path)
    if symbol is None or file is None or not _places(project, symbol):
        return None
    lines = project.lines(file.source)
    offset = lines.offset(params.position)
    here = (one for one in _places(project, symbol) if one.file.path == path)
    found = next((one for one in here if one.span.start <= offset <= one.span.end), None)
    return lines.range(found.span) if found else None


def rename(project: Project, path: str, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """The edits that give something another name everywhere; a name that needs them gets its backticks."""
    symbol = symbol_at(project, path, params.position)
    if symbol is None:
        return None
    plain = _NAME.fullmatch(params.new_name) is not None
    if not plain and (symbol.namespace is not Namespace.COLUMN or "`" in params.new_name or not params.new_name):
        return None
    new = params.new_name if plain else f"`{params.new_name}`"
    changes: dict[str, list[lsp.TextEdit]] = {}
    for one in _places(project, symbol):
        told = place(project, one)
        changes.setdefault(told.uri, []).append(lsp.TextEdit(told.range, new))
    return lsp.WorkspaceEdit(changes=changes) if changes else None


def _places(project: Project, symbol: Symbol) -> list[Location]:
    """The places of the name itself: the last part of `stage.demand`, and not of a text that mentions it."""
    if symbol.definition is None or symbol.namespace not in _RENAMED:
        return []
    found = {}
    for one in project.compilation.model.references(symbol):
        location = _last_part(one, symbol.definition.text)
        if location is not None:
            found[location.file.path, location.span] = location
    return list(found.values())


def _last_part(at: Location, name: str) -> Location | None:
    """The part of a place that is the name."""
    if not at.text.endswith(name):
        return None
    file: SourceFile = at.file
    return Location(file, Span(at.span.end - len(name), at.span.end))
