"""Completion: a made-up name is put where the cursor is, and the compiler says what could stand in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.lsp.offers import Offer, argument_offers, items_of, limits, offer_of, subjects, text_offers
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.syntax import Around, around, comment_at
from mlopsc.compiler.records import Record
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Declaration, Function
from mlopsc.compiler.semantics.index import Expected
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.semantics.names import function_symbol
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Span

PROBE = "mlopsc_probe"
TRIGGERS = ("=", "(", ",", " ", '"', ".", "/", ":", "<")
_WORD_BEFORE = re.compile(r"[\w-]*\Z")
_WORD_AFTER = re.compile(r"[\w-]*")
_LONGEST_LINE = 2_000


class _Cursor(Record):
    """Where something is to be completed: the text with the made-up name, and what the name stands in for."""

    text: str
    offset: int
    replaced: Span
    in_text: str | None
    """What is typed so far of a text in quotes; None outside of one."""


def complete(project: Project, path: str, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    """What could be written at the cursor."""
    file = project.file(path)
    if file is None:
        return None
    lines = project.lines(file.source)
    cursor = _cursor(file.source.text, lines.offset(params.position))
    if cursor is None or comment_at(file, lines.offset(params.position)) is not None:
        return None
    found: dict[str, lsp.CompletionItem] = {}
    for number, offer in enumerate(offers_at(project.compilation, path, cursor)):
        edit = lsp.TextEdit(lines.range(cursor.replaced), offer.text or offer.name)
        found.setdefault(offer.name, offer.item(edit, number))
    return lsp.CompletionList(is_incomplete=False, items=list(found.values()))


def offers_at(compilation: Compilation, path: str, cursor: _Cursor) -> Iterable[Offer]:
    """The offers for a cursor, the likeliest first."""
    probed = compilation.edited(path, cursor.text)
    file = next((one for one in probed.files if one.source.path == path), None)
    if file is None or not file.chunks:
        return ()
    there = around(file, cursor.offset + 1)
    model = probed.focused({block.label.text for block in there.blocks if block.label})
    expected = model.expected_at(path, cursor.offset + 1)
    place = _Place(there, model, expected, compilation)
    if cursor.in_text is not None:
        return text_offers(expected.type if expected else None, cursor.in_text, compilation.workspace, expected)
    return place.offers()


def _cursor(text: str, offset: int) -> _Cursor | None:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    before, after = text[start:offset], text[offset : end if end >= 0 else len(text)]
    if len(before) + len(after) > _LONGEST_LINE:
        return None
    if before.count('"') % 2:
        opened = start + before.rindex('"') + 1
        close = text.find('"', offset, offset + len(after))
        last, tail = (close, "") if close >= 0 else (offset + len(after), '"')
        typed = text[opened:offset]
        return _Cursor(text[:opened] + PROBE + tail + text[last:], opened, Span(opened, last), typed)
    first = offset - len((_WORD_BEFORE.search(before) or [""])[0])
    last = offset + len((_WORD_AFTER.match(after) or [""])[0])
    return _Cursor(text[:first] + PROBE + text[last:], first, Span(first, last), None)


class _Place(Record):
    """Where the made-up name stands in the tree, and what the checker knows about it."""

    there: Around
    model: SemanticModel
    expected: Expected | None
    compilation: Compilation

    def offers(self) -> Iterable[Offer]:
        """What could stand there."""
        name, parent = self.there.nodes[-1] if self.there.nodes else None, self.there.parent
        if not isinstance(name, ast.Name) or name.text != PROBE:
            return self._items()
        match parent:
            case ast.Clause():
                return self._clauses()
            case ast.Rule() | ast.Setting():
                return self._items()
            case ast.Field() | None:
                return ()
            case ast.Block(kind=kind):
                return self._items() if kind is name else ()
            case ast.Argument():
                return self._expected()
        return self._value()

    @property
    def _block(self) -> ast.Block | None:
        blocks = self.there.blocks
        header_only = blocks and self.there.nodes[-1] in (blocks[-1].kind, blocks[-1].label)
        own = blocks[:-1] if header_only else blocks
        return own[-1] if own else None

    @property
    def _kind(self) -> str:
        """The kind of block that the place is in; for `override`, that of the stage it changes."""
        block = self._block
        if block is None:
            return ""
        if block.kind.text == "override" and block.label is not None:
            items = (item for file in self.model.files for item, _ in file.placed() if isinstance(item, ast.Block))
            named = (one for one in items if one.label and block.label and one.label.text == block.label.text)
            return next((one.kind.text for one in named), "")
        return block.kind.text

    def _items(self) -> Iterator[Offer]:
        registry, block = self.model.registry, self._block
        if block is None or block.kind.text != "schema":
            written = [item.name.text for item in block.items if isinstance(item, ast.Setting)] if block else []
            yield from items_of(registry, self._kind, written)

    def _clauses(self) -> Iterator[Offer]:
        rule = self.there.nearest(ast.Rule, ast.Field)
        declaration: type[Declaration] | None = self.model.registry.schema_field
        written: set[str] = set()
        if isinstance(rule, ast.Rule):
            declaration = self.model.registry.verb(rule.verb.text, self._kind)
        if isinstance(rule, ast.Rule | ast.Field):
            written = {one.name.text for one in rule.clauses} - {PROBE}
        for word, parameter in declaration.accepts().items() if declaration else ():
            if word not in written:
                operator = types.compared_with(parameter)
                text = f"{word} {operator} " if operator else f"{word} "
                yield Offer(word, lsp.CompletionItemKind.Keyword, "clause", parameter.description, text)

    def _expected(self) -> Iterator[Offer]:
        yield from (offer_of(symbol) for symbol in (self.expected.symbols if self.expected else ()))

    def _value(self) -> Iterator[Offer]:
        call = self.there.nearest(ast.Call)
        rule = self.there.nearest(ast.Rule)
        if isinstance(self.there.nearest(ast.Field, ast.Clause), ast.Field):
            families = self.model.registry.column_types.values()
            yield from (offer_of(function_symbol(one)) for one in families)
            return
        if isinstance(rule, ast.Rule) and self._is_bare(rule, call):
            yield from self._of_rule(rule)
            return
        if self.expected is not None and self.expected.type is not None and not self._is_of_call(call):
            yield from self._expected()
            if _takes_truth(self.expected.type):
                yield from (Offer(word, lsp.CompletionItemKind.Constant) for word in ("true", "false"))
        elif self._block is None:
            functions = (one for one in self.model.registry.functions if issubclass(one, Function))
            yield from (offer_of(function_symbol(one)) for one in functions)
        if isinstance(call, ast.Call):
            used = {one.name.text for one in call.arguments if one.name}
            yield from argument_offers(self.model.registry, call, used)
        yield from self._extended()

    def _is_of_call(self, call: ast.Node | None) -> bool:
        """Whether what is expected is the call around the place, and not its argument."""
        if not isinstance(call, ast.Call) or self.expected is None:
            return False
        at = self.there.origin.at(call.callee)
        whole = self.model.expected_at(at.file.path, at.span.start)
        return whole is not None and whole.type == self.expected.type and self.there.offset > at.span.end

    def _extended(self) -> Iterator[Offer]:
        """The blocks that `extends` could name."""
        setting, block = self.there.nearest(ast.Setting), self._block
        if isinstance(setting, ast.Setting) and setting.name.text == "extends" and block is not None:
            for file in self.model.files:
                for item, _ in file.placed():
                    if not isinstance(item, ast.Block) or item.kind.text != block.kind.text or item.label is None:
                        continue
                    if item.label.text != (block.label.text if block.label else ""):
                        yield Offer(item.label.text, lsp.CompletionItemKind.Class, block.kind.text)

    def _is_bare(self, rule: ast.Rule, call: ast.Node | None) -> bool:
        """Whether the name is what the rule is about, or what that is compared with: in no call and no clause."""
        at = self.there.offset - self.there.origin.start
        in_call = isinstance(call, ast.Call) and not call.callee.span.start <= at <= call.callee.span.end
        return rule.subject.span.start <= at <= rule.subject.span.end and not in_call

    def _of_rule(self, rule: ast.Rule) -> Iterator[Offer]:
        registry = self.model.registry
        verb = registry.verb(rule.verb.text, self._kind)
        comparison = self.there.nearest(ast.Comparison)
        at = self.there.offset - self.there.origin.start
        if isinstance(comparison, ast.Comparison) and at > comparison.first.span.end:
            yield from limits(registry, self.model)
        elif verb is not None and verb.events:
            block = self._block
            yield from _events(self.model, block.label.text if block and block.label else "")
        elif verb is not None:
            yield from subjects(registry, verb, self.model)


def _events(model: SemanticModel, monitor: str) -> Iterator[Offer]:
    from mlopsc.compiler.semantics.events import categories

    kind = lsp.CompletionItemKind.Event
    yield from (Offer(word, kind, "category of events") for word in categories(model.registry))
    yield from (Offer(word, kind, "event", event.summary()) for word, event in model.registry.events.items())
    for environment in model.environments.values():
        stage = environment.stages.get(monitor)
        for rule in stage.rules if stage else ():
            if rule.declaration.raises:
                yield Offer(rule.id, kind, "watch", rule.text)


def _takes_truth(type_: types.Type) -> bool:
    match type_:
        case types.OneOf(options=options):
            return any(_takes_truth(one) for one in options)
    return type_ == types.Plain("bool")
