"""The shape of a file: symbols, folding, selection."""

from __future__ import annotations

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.syntax import around
from mlopsc.compiler.schema.declarations import StageKind
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Span

_KINDS = {"pipeline": lsp.SymbolKind.Package, "environment": lsp.SymbolKind.Module, "metric": lsp.SymbolKind.Function}


def symbols(project: Project, path: str, _: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
    """The blocks of a file with their settings, columns and rules, and its constants."""
    file = project.file(path)
    placed = file.placed() if file else ()
    return [found for item, origin in placed if (found := _symbol(project, item, origin)) is not None]


def _symbol(project: Project, item: ast.Item, origin: ast.Origin) -> lsp.DocumentSymbol | None:
    lines = project.lines(origin.file)
    whole, detail, children = lines.range(origin.at(item).span), "", None
    match item:
        case ast.Block(label=label, kind=word):
            name, chosen = (label.text, label.span) if label else (word.text, word.span)
            kind, detail = _kind_of(project, word.text), word.text
            found = (_symbol(project, one, origin) for one in item.items)
            children = [one for one in found if one is not None]
        case ast.Setting(name=word):
            name, chosen, kind = word.text, word.span, lsp.SymbolKind.Property
        case ast.Field(name=word, type=type_):
            name, chosen, kind = word.text, word.span, lsp.SymbolKind.Field
            detail = origin.at(type_).text
        case ast.Rule(verb=word, subject=subject):
            name = f"{word.text} {' '.join(origin.at(subject).text.split())}".strip()
            chosen, kind = word.span, lsp.SymbolKind.Event
    return lsp.DocumentSymbol(
        name or "…", kind, whole, lines.range(origin.at(chosen).span), detail or None, children=children
    )


def _kind_of(project: Project, word: str) -> lsp.SymbolKind:
    declaration = project.compilation.registry.blocks.get(word)
    is_stage = declaration is not None and issubclass(declaration, StageKind)
    return lsp.SymbolKind.Class if is_stage else _KINDS.get(word, lsp.SymbolKind.Struct)


def folds(project: Project, path: str, _: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
    """The blocks that take more than a line, and runs of comments."""
    file = project.file(path)
    found: list[lsp.FoldingRange] = []
    for chunk, start in zip(file.chunks, file.starts, strict=True) if file else ():
        assert file is not None
        lines = project.lines(file.source)
        nodes: list[ast.Node] = list(chunk.items)
        while nodes:
            node = nodes.pop()
            if isinstance(node, ast.Block):
                nodes += node.items
                range_ = lines.range(node.span.shifted(start))
                if range_.end.line > range_.start.line + 1:
                    found.append(lsp.FoldingRange(range_.start.line, range_.end.line - 1))
        rows = [lines.position(one.span.start + start) for one in chunk.comments]
        own = sorted(one.line for one in rows if not file.source.line(one.line + 1)[: one.character].strip())
        found += _runs(own)
    return sorted(found, key=lambda one: one.start_line)


def _runs(rows: list[int]) -> list[lsp.FoldingRange]:
    """The runs of comments that stand below each other."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and runs[-1][-1] == row - 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [lsp.FoldingRange(run[0], run[-1], kind=lsp.FoldingRangeKind.Comment) for run in runs if len(run) > 1]


def selections(project: Project, path: str, params: lsp.SelectionRangeParams) -> list[lsp.SelectionRange]:
    """For each position what holds it, from the smallest to the whole file."""
    file = project.file(path)
    if file is None:
        return []
    lines = project.lines(file.source)
    found = []
    for position in params.positions:
        there = around(file, lines.offset(position))
        spans = [Span(0, len(file.source.text)), *(there.origin.at(node).span for node in there.nodes)]
        range_ = None
        for span in dict.fromkeys(spans):
            range_ = lsp.SelectionRange(lines.range(span), range_)
        assert range_ is not None
        found.append(range_)
    return found
