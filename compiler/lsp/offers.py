"""What completion offers: one thing that could be written, and the words of a block, a rule or a column."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.examples import Example
from mlopsc.compiler.records import Record
from mlopsc.compiler.render.wording import takes
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Block, Declaration, StageKind
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics.index import Namespace, Symbol

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
FIRST_DRAFT = {"pipeline": ("owner",), "environment": ("platform",), "data": ("source", "target", "split")}
"""Settings that a first draft of a block has though the language does not demand them."""
_OF_EVERY_BLOCK = {
    "extends": "The block of the same kind that this one starts from.",
    "abstract": "Whether it is only there to be extended.",
}


class Offer(Record):
    """One thing that could be written: `text` where it is more than the name, `snippet` where an editor can ask for
    the parts of it one after the other, `filtered` what typing is held against where that is not the name."""

    name: str
    kind: lsp.CompletionItemKind
    detail: str = ""
    documentation: str = ""
    text: str = ""
    snippet: str = ""
    filtered: str = ""

    def alone(self) -> Offer:
        """The name without what would follow it."""
        return self.changed(text=self.name, snippet="")

    def item(self, range_: lsp.Range, number: int, *, snippets: bool) -> lsp.CompletionItem:
        """What the editor shows; offers stay in their order."""
        told = lsp.MarkupContent(lsp.MarkupKind.Markdown, self.documentation) if self.documentation else None
        is_snippet = snippets and bool(self.snippet)
        return lsp.CompletionItem(
            self.name,
            kind=self.kind,
            detail=self.detail or None,
            documentation=told,
            sort_text=f"{number:04}",
            filter_text=self.filtered or None,
            insert_text_format=lsp.InsertTextFormat.Snippet if is_snippet else lsp.InsertTextFormat.PlainText,
            text_edit=lsp.TextEdit(range_, self.snippet if is_snippet else self.text or self.name),
        )


def escaped(text: str) -> str:
    """A text as it stands in a snippet."""
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")


def offer_of(symbol: Symbol, documentation: str = "") -> Offer:
    """A name that the checker knows."""
    kind = KINDS.get(symbol.namespace, lsp.CompletionItemKind.Text)
    text = f"{symbol.name} = " if symbol.namespace is Namespace.PARAMETER else ""
    return Offer(symbol.name, kind, symbol.detail or symbol.owner, symbol.documentation or documentation, text)


def offer_of_value(example: Example, parameter: Parameter | None, *, quoted: bool = True) -> Offer:
    """A value that could stand there; one that everybody writes differently is selected once it is written."""
    text = example.text if quoted else example.text.strip('"')
    snippet = f'"${{1:{escaped(text[1:-1])}}}"' if example.is_own and quoted else ""
    told = parameter.description if parameter else ""
    return Offer(text, lsp.CompletionItemKind.Value, example.told or "a value", told, text, snippet)


def setting_offer(word: str, parameter: Parameter, registry: Registry, *, needed: bool = False) -> Offer:
    """A setting or parameter, with what it takes."""
    detail = takes(parameter, registry)
    if needed:
        detail = f"needed: {detail}"
    return Offer(word, lsp.CompletionItemKind.Property, detail, parameter.description, f"{word} = ")


def items_of(registry: Registry, kind: str, written: Collection[str]) -> Iterator[Offer]:
    """What a block may hold and does not yet: first what it needs, last what every block may have."""
    declaration = registry.blocks.get(kind)
    if declaration is None:
        return
    settings = {word: one for word, one in declaration.accepts().items() if word not in written}
    needed = [word for word in settings if _is_needed(declaration, word, written)]
    yield from (setting_offer(word, settings[word], registry, needed=True) for word in needed)
    verbs = {word: verb for word, verb in registry.verbs_of(kind).items() if not (verb.direction and word in written)}
    wanted = [word for word in verbs if _is_wanted(declaration, registry, kind, word, written)]
    if issubclass(declaration, StageKind) and declaration.has_schema and "schema" not in written:
        doc = "The columns and their types."
        snippet = "schema {\n    $0\n  }"
        yield Offer("schema", lsp.CompletionItemKind.Class, "needed: block", doc, "schema {", snippet)
    yield from (
        Offer(word, lsp.CompletionItemKind.Keyword, "needed: rule", verbs[word].summary(), f"{word} ")
        for word in wanted
    )
    inherited = {word for base in declaration.__mro__[1:] if issubclass(base, Declaration) for word in base.accepts()}
    for word in settings:
        if word not in needed and word not in inherited:
            yield setting_offer(word, settings[word], registry)
    for word, verb in verbs.items():
        if word not in wanted:
            yield Offer(word, lsp.CompletionItemKind.Keyword, "rule", verb.summary(), f"{word} ")
    if kind == "environment":
        doc = "Changes one stage in this environment."
        yield Offer("override", lsp.CompletionItemKind.Class, "block", doc, "override ")
    yield from (setting_offer(word, settings[word], registry) for word in settings if word in inherited)
    for word, doc in _OF_EVERY_BLOCK.items():
        if word not in written:
            yield Offer(word, lsp.CompletionItemKind.Property, "setting", doc, f"{word} = ")


def _is_needed(declaration: type[Block], word: str, written: Collection[str]) -> bool:
    """Whether a setting must be written still, or belongs to a first draft."""
    parameter = declaration.accepts()[word]
    if parameter.is_required or word in FIRST_DRAFT.get(declaration.word, ()):
        return True
    choice = declaration.one_of if issubclass(declaration, StageKind) else ()
    return word in choice and not any(one in written for one in choice)


def _is_wanted(declaration: type[Block], registry: Registry, kind: str, word: str, written: Collection[str]) -> bool:
    """Whether the stage is not complete without a rule of a verb."""
    if not issubclass(declaration, StageKind) or word in written:
        return False
    if word in declaration.must_hold:
        return True
    verbs = registry.verbs_of(kind)
    aims = [one for one, verb in verbs.items() if verb.direction]
    return word in aims and not any(one in written for one in aims)


def clauses_of(declaration: type[Declaration] | None, written: Collection[str]) -> Iterator[Offer]:
    """The clauses that a rule or a column does not have yet."""
    for word, parameter in declaration.accepts().items() if declaration else ():
        if word not in written:
            operator = types.compared_with(parameter)
            text = f"{word} {operator} " if operator else f"{word} "
            yield Offer(word, lsp.CompletionItemKind.Keyword, "clause", parameter.description, text)
