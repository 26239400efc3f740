"""Where names come from and where they are used: definition, references, highlights, rename."""

from __future__ import annotations

import re

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.diagnostics import place
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.refusal import Refusal
from mlopsc.compiler.program import uses
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.project import PythonSignature
from mlopsc.compiler.semantics.reader import WorkspaceReader
from mlopsc.compiler.text import Location, SourceFile, Span

_NAME = re.compile(r"[^\W\d][\w-]*")
_NOUNS = {
    Namespace.STAGE: "stage or constant",
    Namespace.CONSTANT: "stage or constant",
    Namespace.ENVIRONMENT: "environment",
    Namespace.METRIC: "metric",
    Namespace.PIPELINE: "pipeline",
    Namespace.COLUMN: "column",
}
"""What can be renamed."""


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
        return _used(project, path, params.position)
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


def _used(project: Project, path: str, position: lsp.Position) -> list[lsp.Location]:
    """The spec that `use` names at a position."""
    file = project.file(path)
    if file is None or project.folder is None:
        return []
    offset, start = project.lines(file.source).offset(position), lsp.Position(0, 0)
    named = [used for used, at in uses(file) if at.span.start <= offset <= at.span.end]
    there = [used for used in named if project.compilation.workspace.exists(used)]
    return [lsp.Location(project.uri(used), lsp.Range(start, start)) for used in there]


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
    """The name that would be renamed; a Refusal for what this spec has not named."""
    file = project.file(path)
    if file is None:
        return None
    symbol, places = _renamed(project, path, params.position)
    lines = project.lines(file.source)
    offset = lines.offset(params.position)
    here = (one for one in places if one.file.path == path)
    found = next((one for one in here if one.span.start <= offset <= one.span.end), None)
    if found is None:
        raise Refusal(f"`{symbol.name}` is only mentioned here: put the cursor where it stands by itself")
    return lines.range(found.span)


def rename(project: Project, path: str, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """The edits that give something another name everywhere; a name that needs them gets its backticks."""
    if project.file(path) is None:
        return None
    symbol, places = _renamed(project, path, params.position)
    name = params.new_name.strip("`") if symbol.namespace is Namespace.COLUMN else params.new_name
    plain = _NAME.fullmatch(name) is not None
    if not plain and (symbol.namespace is not Namespace.COLUMN or "`" in name or "\n" in name or not name):
        raise Refusal(f"`{params.new_name}` is no name: write letters, digits and `_`, a letter first")
    if name != symbol.name and name in _taken(project, symbol):
        noun = _NOUNS[symbol.namespace]
        raise Refusal(f"there is a {noun} `{name}` already: choose another name, or rename that first")
    changes: dict[str, list[lsp.TextEdit]] = {}
    for one in places:
        told = place(project, one)
        changes.setdefault(told.uri, []).append(lsp.TextEdit(told.range, name if plain else f"`{name}`"))
    return lsp.WorkspaceEdit(changes=changes)


def _renamed(project: Project, path: str, position: lsp.Position) -> tuple[Symbol, list[Location]]:
    """What is to be renamed and where it stands; a Refusal where that is nothing of this spec's."""
    symbol = symbol_at(project, path, position)
    if symbol is None:
        raise Refusal("there is no name here: put the cursor on one that this spec gives")
    places = _places(project, symbol)
    if places:
        return symbol, places
    if symbol.namespace in (Namespace.PYTHON, Namespace.FILE):
        raise Refusal(f"`{symbol.name}` is not named by the spec: rename it where it is, and then what is written here")
    raise Refusal(f"`{symbol.name}` is a word of the language: what a spec names itself can be renamed")


def _taken(project: Project, symbol: Symbol) -> set[str]:
    """The names of the same kind that would clash."""
    tops = {Namespace.STAGE, Namespace.CONSTANT}
    kinds = tops if symbol.namespace in tops else {symbol.namespace}
    defined = (use.symbol for use in project.compilation.model.uses if use.symbol.definition is not None)
    return {one.name for one in defined if one.namespace in kinds and one.owner == symbol.owner}


def _places(project: Project, symbol: Symbol) -> list[Location]:
    """The places of the name itself: the last part of `stage.demand`, and not of a text that mentions it."""
    if symbol.definition is None or symbol.namespace not in _NOUNS:
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
