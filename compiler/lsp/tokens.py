"""Semantic tokens: what the names of a file mean, for colours that a grammar of words cannot know."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.text import Span

_TYPES = {
    Namespace.STAGE: "class",
    Namespace.ENVIRONMENT: "namespace",
    Namespace.PIPELINE: "namespace",
    Namespace.CONSTANT: "variable",
    Namespace.COLUMN: "property",
    Namespace.SPLIT: "enumMember",
    Namespace.METRIC: "function",
    Namespace.EVENT: "event",
    Namespace.FUNCTION: "function",
    Namespace.SYMBOL: "enumMember",
    Namespace.KIND: "keyword",
    Namespace.SETTING: "property",
    Namespace.PARAMETER: "parameter",
    Namespace.VERB: "keyword",
    Namespace.CLAUSE: "keyword",
    Namespace.TYPE: "type",
}
_OWN = frozenset(
    {Namespace.FUNCTION, Namespace.KIND, Namespace.SETTING, Namespace.VERB, Namespace.CLAUSE, Namespace.SYMBOL}
)
LEGEND = lsp.SemanticTokensLegend(sorted(set(_TYPES.values())), ["declaration", "defaultLibrary"])
_NUMBERS = {name: number for number, name in enumerate(LEGEND.token_types)}


def tokens(project: Project, path: str, _: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
    """The names of a file, each as five numbers: lines and columns from the one before, length, type, modifiers."""
    file = project.file(path)
    data: list[int] = []
    line = column = 0
    for span, kind, modifiers in _names(project, path) if file else ():
        assert file is not None
        range_ = project.lines(file.source).range(span)
        if range_.start.line != range_.end.line:
            continue
        across = range_.start.character - (column if range_.start.line == line else 0)
        data += [range_.start.line - line, across, range_.end.character - range_.start.character, kind, modifiers]
        line, column = range_.start.line, range_.start.character
    return lsp.SemanticTokens(data)


def _names(project: Project, path: str) -> Iterator[tuple[Span, int, int]]:
    """The names in the order of the text; of those that lie upon each other, the first."""
    found: dict[Span, Symbol] = {}
    for use in project.compilation.model.uses:
        if use.location.file.path == path and use.symbol.namespace in _TYPES:
            found.setdefault(use.location.span, use.symbol)
    end = 0
    for span, symbol in sorted(found.items()):
        if span.start >= end and span.end > span.start:
            is_declared = symbol.definition is not None and symbol.definition.span == span
            modifiers = is_declared + 2 * (symbol.namespace in _OWN)
            yield span, _NUMBERS[_TYPES[symbol.namespace]], modifiers
            end = span.end
