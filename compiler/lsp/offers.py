"""What completion offers: words of the language, names of the program, files and Python of the project."""

from __future__ import annotations

import ast as python
from collections.abc import Collection, Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.records import Record
from mlopsc.compiler.render.wording import takes
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Baseline, Verb
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics import estimators
from mlopsc.compiler.semantics.index import Expected, Namespace, Symbol
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.semantics.names import function_symbol
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.workspace import SourceProblem, Workspace

KINDS = {
    Namespace.STAGE: lsp.CompletionItemKind.Class,
    Namespace.ENVIRONMENT: lsp.CompletionItemKind.Module,
    Namespace.CONSTANT: lsp.CompletionItemKind.Constant,
    Namespace.COLUMN: lsp.CompletionItemKind.Field,
    Namespace.SPLIT: lsp.CompletionItemKind.EnumMember,
    Namespace.METRIC: lsp.CompletionItemKind.Function,
    Namespace.FUNCTION: lsp.CompletionItemKind.Function,
    Namespace.SYMBOL: lsp.CompletionItemKind.EnumMember,
    Namespace.SETTING: lsp.CompletionItemKind.Property,
    Namespace.PARAMETER: lsp.CompletionItemKind.Property,
    Namespace.VERB: lsp.CompletionItemKind.Keyword,
    Namespace.CLAUSE: lsp.CompletionItemKind.Keyword,
}
_UNITS_OF_LANGUAGE = ("extends", "abstract")


class Offer(Record):
    """One thing that could be written; `text` is written where it is more than the name."""

    name: str
    kind: lsp.CompletionItemKind
    detail: str = ""
    documentation: str = ""
    text: str = ""

    def item(self, edit: lsp.TextEdit, number: int) -> lsp.CompletionItem:
        """What the editor shows; offers stay in their order."""
        told = lsp.MarkupContent(lsp.MarkupKind.Markdown, self.documentation) if self.documentation else None
        return lsp.CompletionItem(
            self.name,
            kind=self.kind,
            detail=self.detail or None,
            documentation=told,
            sort_text=f"{number:04}",
            text_edit=edit,
        )


def offer_of(symbol: Symbol) -> Offer:
    """A name that the checker knows."""
    kind = KINDS.get(symbol.namespace, lsp.CompletionItemKind.Text)
    text = f"{symbol.name} = " if symbol.namespace is Namespace.PARAMETER else ""
    return Offer(symbol.name, kind, symbol.detail or symbol.owner, symbol.documentation, text)


def items_of(registry: Registry, kind: str, written: Collection[str]) -> Iterator[Offer]:
    """What a block of some kind may hold and does not yet; what a file may, for the empty kind."""
    if not kind:
        for word, block in registry.blocks.items():
            yield Offer(word, lsp.CompletionItemKind.Class, "block", block.summary(), f"{word} ")
        yield Offer("use", lsp.CompletionItemKind.Keyword, "", "Brings in the names of another file.", 'use "')
        return
    declaration = registry.blocks.get(kind)
    if declaration is None:
        return
    for word, parameter in sorted(declaration.accepts().items(), key=lambda one: not one[1].is_required):
        if word not in written:
            detail = takes(parameter, registry)
            yield Offer(word, lsp.CompletionItemKind.Property, detail, parameter.description, f"{word} = ")
    for word, verb in registry.verbs_of(kind).items():
        yield Offer(word, lsp.CompletionItemKind.Keyword, "rule", verb.summary(), f"{word} ")
    for word in _UNITS_OF_LANGUAGE:
        if word not in written:
            yield Offer(word, lsp.CompletionItemKind.Property, "", "", f"{word} = ")
    stage = registry.stage_kinds.get(kind)
    if stage is not None and stage.has_schema:
        yield Offer("schema", lsp.CompletionItemKind.Class, "block", "The columns and their types.", "schema {")
    if kind == "environment":
        doc = "Changes one stage in this environment."
        yield Offer("override", lsp.CompletionItemKind.Class, "block", doc, "override ")


def subjects(registry: Registry, verb: type[Verb], model: SemanticModel) -> Iterator[Offer]:
    """What a rule can be about: functions of the language, and metrics of the spec."""
    for family in verb.subjects:
        yield from (offer_of(function_symbol(one)) for one in registry.functions_of(family).values())
    for name in model.metrics:
        yield Offer(name, lsp.CompletionItemKind.Function, "metric")


def limits(registry: Registry, model: SemanticModel) -> Iterator[Offer]:
    """What a subject can be compared with, beside a number."""
    doc = "The same metric of the model that is served."
    yield Offer("champion", lsp.CompletionItemKind.EnumMember, "the model in service", doc)
    yield from (offer_of(function_symbol(one)) for one in registry.functions_of(Baseline).values())
    for name, constant in model.constants.items():
        if isinstance(constant.value, int | float):
            yield Offer(name, lsp.CompletionItemKind.Constant, "constant")


def argument_offers(registry: Registry, call: ast.Call, used: Collection[str]) -> Iterator[Offer]:
    """The parameters of a call that are not written yet, those of an estimator among them."""
    seen: set[str] = set(used)
    for function in registry.functions:
        if function.word == call.callee.text:
            for word, parameter in function.accepts().items():
                if word not in seen and not types.rest_of([(word, parameter)]):
                    seen.add(word)
                    detail = takes(parameter, registry)
                    yield Offer(word, lsp.CompletionItemKind.Property, detail, parameter.description, f"{word} = ")
    first = call.arguments[0].value if call.arguments else None
    known = estimators.estimator(first.plain) if isinstance(first, ast.Text) and first.plain else None
    for word, one in known.parameters.items() if known else ():
        if word not in seen:
            detail = f"{one.type}, by default {one.default}"
            yield Offer(word, lsp.CompletionItemKind.Property, detail, "", f"{word} = ")


def text_offers(
    type_: types.Type | None, typed: str, workspace: Workspace, expected: Expected | None
) -> Iterator[Offer]:
    """What a text in quotes could say: an estimator, a file, a function of the user's Python."""
    match type_:
        case types.OneOf(options=options):
            for option in options:
                yield from text_offers(option, typed, workspace, expected)
        case types.ListOf(item=item):
            yield from text_offers(item, typed, workspace, expected)
        case types.EstimatorName():
            yield from (Offer(name, lsp.CompletionItemKind.Class, "scikit-learn") for name in estimators.names())
        case types.PythonName():
            yield from _python_names(typed, workspace)
        case types.FilePath():
            yield from _files(typed, workspace)
        case None:
            yield from _files(typed, workspace, ".mlops")


def _files(typed: str, workspace: Workspace, ending: str = "") -> Iterator[Offer]:
    folder = typed.rpartition("/")[0]
    for name in workspace.list(folder or "."):
        if not name.startswith(".") and (name.endswith(ending) or "." not in name):
            yield Offer(f"{folder}/{name}" if folder else name, lsp.CompletionItemKind.File)


def _python_names(typed: str, workspace: Workspace) -> Iterator[Offer]:
    """The Python files, and the functions and classes of the one that is typed already."""
    path, colon, _ = typed.partition(":")
    if not colon:
        yield from (one for one in _files(typed, workspace, ".py") if one.name.endswith(".py") or "/" not in one.name)
        return
    for node in _tree(path, workspace).body:
        if isinstance(node, python.FunctionDef | python.ClassDef) and not node.name.startswith("_"):
            is_class = isinstance(node, python.ClassDef)
            kind = lsp.CompletionItemKind.Class if is_class else lsp.CompletionItemKind.Function
            yield Offer(f"{path}:{node.name}", kind, path, python.get_docstring(node) or "")


def _tree(path: str, workspace: Workspace) -> python.Module:
    try:
        return python.parse(workspace.read(path))
    except (SourceProblem, SyntaxError, ValueError, RecursionError, MemoryError):
        return python.Module([], [])
