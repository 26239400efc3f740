"""Code actions: each fix of a message, all safe ones at once, and what could be added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lsprotocol import types

from mlopsc.compiler.diagnostics import Diagnostic, Edit
from mlopsc.compiler.lsp import additions
from mlopsc.compiler.lsp.diagnostics import as_told
from mlopsc.compiler.lsp.projects import Project

FIX_ALL = types.CodeActionKind.SourceFixAll


def code_actions(project: Project, path: str, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What an editor offers for a range of a file, those kinds that it asks for."""
    wanted = params.context.only
    found = [*_fixes(project, path, params.range), *_fix_all(project, path)]
    if not wanted or any(_is_kind(additions.KIND, kind) for kind in wanted):
        found += _additions(project, path, params.range)
    return [one for one in found if not wanted or any(_is_kind(one.kind, kind) for kind in wanted)]


def workspace_edit(project: Project, edits: Iterable[Edit]) -> types.WorkspaceEdit:
    """Edits of files of a project, by URI."""
    changes: dict[str, list[types.TextEdit]] = defaultdict(list)
    for edit in edits:
        at = edit.location
        changes[project.uri(at.file.path)].append(types.TextEdit(project.lines(at.file).range(at.span), edit.text))
    return types.WorkspaceEdit(changes=dict(changes))


def _fixes(project: Project, path: str, range_: types.Range) -> Iterator[types.CodeAction]:
    for one in _messages_at(project, path, range_):
        for number, fix in enumerate(one.fixes):
            yield types.CodeAction(
                title=fix.title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[as_told(project, one)],
                is_preferred=fix.safe and number == 0,
                edit=workspace_edit(project, fix.edits),
            )


def _additions(project: Project, path: str, range_: types.Range) -> Iterator[types.CodeAction]:
    file = project.file(path)
    if file is None:
        return
    for one in additions.additions(project, path, project.lines(file.source).span(range_)):
        yield types.CodeAction(title=one.title, kind=additions.KIND, edit=workspace_edit(project, [one.edit]))


def _messages_at(project: Project, path: str, range_: types.Range) -> Iterator[Diagnostic]:
    """The messages about a range: those that it touches, and those on the line where it is no more than a caret."""
    file = project.file(path)
    if file is None:
        return
    span = project.lines(file.source).span(range_)
    for one in project.compilation.diagnostics:
        at = one.location
        if at.file.path == path and at.span.start <= span.end and span.start <= at.span.end:
            yield one


def _fix_all(project: Project, path: str) -> Iterator[types.CodeAction]:
    """One action that makes every safe fix of a file, until none is left."""
    here = [one for one in project.compilation.diagnostics if one.location.file.path == path]
    if not any(fix.safe for one in here for fix in one.fixes):
        return
    from mlopsc.compiler.fixes import apply_safe_fixes

    changes = {}
    for changed, text in apply_safe_fixes(project.compilation).texts.items():
        file = project.file(changed)
        if file is not None:
            whole = project.lines(file.source)
            end = whole.position(len(file.source.text))
            changes[project.uri(changed)] = [types.TextEdit(types.Range(types.Position(0, 0), end), text)]
    if changes:
        yield types.CodeAction("Make all safe fixes", kind=FIX_ALL, edit=types.WorkspaceEdit(changes=changes))


def _is_kind(kind: types.CodeActionKind | str | None, wanted: types.CodeActionKind | str) -> bool:
    """Whether an action is of a kind: `source.fixAll` is one of `source`."""
    return kind is not None and (kind == wanted or str(_text(kind)).startswith(f"{_text(wanted)}."))


def _text(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind
