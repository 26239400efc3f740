"""Completion in a `schema`: the columns that a file has, their types and their ranges."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.offers import Offer, escaped, offer_of
from mlopsc.compiler.lsp.tables import SeenColumn, Table, added_columns, table_of_stage
from mlopsc.compiler.scaffold.spec import quoted_name
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics.model import StageModel
from mlopsc.compiler.semantics.names import function_symbol
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.workspace import Workspace

_RANGES = (("0..", "zero and more"), ("0..1", "a share"), ("0..100", ""))


def column_lines(workspace: Workspace, stage: StageModel, written: Collection[str]) -> Iterator[Offer]:
    """Whole lines for the columns of the file that are not declared yet, all of them first, and for those added."""
    table = table_of_stage(workspace, stage)
    left = [one for one in table.columns if one.name not in written] if table else []
    kind = lsp.CompletionItemKind.Field
    if table and len(left) > 1:
        lines = "\n    ".join(one.line for one in left)
        doc = f"Types were guessed from {_rows(table)}; take out what you don't need.\n\n```mlops\n{lines}\n```"
        name = "all columns" if len(left) == len(table.columns) else "all other columns"
        yield Offer(name, lsp.CompletionItemKind.Snippet, f"{len(left)} columns of {table.path}", doc, lines)
    for name in added_columns(workspace, stage):
        if name not in written:
            doc = "A column that the function of `transform` adds."
            quoted = quoted_name(name)
            text = f"{quoted}: "
            yield Offer(name, kind, "added by `transform`", doc, text, f"{escaped(text)}${{1:float}}")
    for one in left:
        yield Offer(one.name, kind, one.declared, _told(one, table), one.line)


def column_types(
    workspace: Workspace, stage: StageModel | None, field: ast.Field, registry: Registry
) -> Iterator[Offer]:
    """The types of columns, the one that the values look like first."""
    seen = _seen(workspace, stage, field)
    families = sorted(registry.column_types.values(), key=lambda one: seen is not None and one.word != seen.type)
    for one in families:
        offer = offer_of(function_symbol(one))
        if seen is not None and one.word == seen.type:
            offer = offer.changed(detail=f"column type: the values are {seen.told}")
        yield offer


def ranges(
    workspace: Workspace, stage: StageModel | None, field: ast.Field, registry: Registry, *, is_begun: bool = False
) -> Iterator[Offer]:
    """`in` (unless it `is_begun`) with the range that the values of a column keep to, and others."""
    word = field.type.text if isinstance(field.type, ast.Ref) else ""
    family = registry.column_types.get(word)
    if family is None or not (family.ordered or family.lists):
        return
    seen, before = _seen(workspace, stage, field), "" if is_begun else "in "
    doc = "What every value must lie in: a range, or a list. A run stops at others."
    kind = lsp.CompletionItemKind.Value if is_begun else lsp.CompletionItemKind.Keyword
    if not is_begun:
        first = "0.." if family.ordered else '["a", "b"]'
        yield Offer("in", kind, "a range" if family.ordered else "a list", doc, "in ", f"in ${{1:{escaped(first)}}}")
    if seen is not None and seen.within and seen.type == word:
        yield Offer(f"{before}{seen.within}", kind, "what the first rows keep to", doc)
    for text, told in _RANGES if family.ordered and "number" in family.lists else ():
        yield Offer(f"{before}{text}", kind, told or "a range", doc)


def _seen(workspace: Workspace, stage: StageModel | None, field: ast.Field) -> SeenColumn | None:
    table = table_of_stage(workspace, stage) if stage is not None else None
    return next((one for one in table.columns if one.name == field.name.text), None) if table else None


def _told(column: SeenColumn, table: Table | None) -> str:
    return f"{column.told[:1].upper()}{column.told[1:]} in {_rows(table)}." if table and column.told else ""


def _rows(table: Table) -> str:
    return f"{'the' if table.is_whole else 'the first'} {table.rows:,} rows of `{table.path}`"
