"""Completion: a made-up name is put where the cursor is, and the compiler says what could stand in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.lsp.allowing import allowed_offers
from mlopsc.compiler.lsp.drafts import blocks_offered, call_of, first_spec, names_for
from mlopsc.compiler.lsp.estimators import value_offers
from mlopsc.compiler.lsp.offers import Offer, clauses_of, items_of, offer_of
from mlopsc.compiler.lsp.places import kind_of, verb_at
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.schemas import column_lines, column_types, ranges
from mlopsc.compiler.lsp.syntax import Around, around, comment_at
from mlopsc.compiler.lsp.values import Values
from mlopsc.compiler.records import Record
from mlopsc.compiler.schema.declarations import Declaration, Function
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.semantics.names import function_symbol
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Span

PROBE = "mlopsc_probe"
_WORD_BEFORE = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d*)?[^\W\d]*\Z|[\w-]*\Z")
_WORD_AFTER = re.compile(r"[\w-]*")
_LONGEST_LINE = 2_000


class _Cursor(Record):
    """Where something is to be completed: the text with the made-up name, and what the name stands in for."""

    text: str
    offset: int
    replaced: Span
    in_text: str | None
    """What is typed so far of a text in quotes; None outside of one."""
    number: str = ""
    """The number that is begun there."""


def complete(project: Project, path: str, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    """What could be written at the cursor."""
    file = project.file(path)
    if file is None:
        return None
    lines = project.lines(file.source)
    offset = lines.offset(params.position)
    offers: Iterable[Offer]
    comment = comment_at(file, offset)
    if comment is not None:
        replaced, offers = allowed_offers(project, file, comment, offset)
    else:
        cursor = _cursor(file.source.text, offset)
        if cursor is None:
            return None
        replaced, offers = cursor.replaced, offers_at(project, path, cursor)
    found: dict[str, lsp.CompletionItem] = {}
    range_, behind = lines.range(replaced), _behind(file.source.text, replaced.end)
    for number, full in enumerate(offers):
        offer = full.alone() if _continues(full, behind) else full
        found.setdefault(offer.name, offer.item(range_, number, snippets=project.wishes.snippets))
    return lsp.CompletionList(is_incomplete=False, items=list(found.values()))


def _behind(text: str, offset: int) -> str:
    """What stands on the line behind what is replaced."""
    end = text.find("\n", offset)
    return text[offset : end if end >= 0 else len(text)].lstrip(" \t")


def _continues(offer: Offer, behind: str) -> bool:
    """Whether what an offer writes behind its name is there already: `=`, the arguments, the rest of a block."""
    written = (offer.snippet or offer.text).removeprefix(offer.name).lstrip()
    if behind.startswith("==") or not written:
        return False
    is_header = offer.detail == "block" and (behind[:1] == "{" or behind[:1].isidentifier())
    return is_header or (written[0] == behind[:1] and written[0] in "=(")


def offers_at(project: Project, path: str, cursor: _Cursor) -> Iterable[Offer]:
    """The offers for a cursor, the likeliest first."""
    compilation = project.compilation
    probed = compilation.edited(path, cursor.text)
    file = next((one for one in probed.files if one.source.path == path), None)
    if file is None or not file.chunks:
        return ()
    there = around(file, cursor.offset + 1)
    model = probed.focused({block.label.text for block in there.blocks if block.label})
    expected = model.expected_at(path, cursor.offset + 1)
    values = Values(there, model, expected, compilation.workspace, cursor.number)
    if cursor.in_text is not None:
        return values.in_text(cursor.in_text)
    return _Place(there, model, values, project).offers()


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
    word = (_WORD_BEFORE.search(before) or [""])[0]
    first = offset - len(word)
    last = offset + len((_WORD_AFTER.match(after) or [""])[0])
    number = (re.match(r"[\d_.]*", word) or [""])[0]
    return _Cursor(text[:first] + PROBE + text[last:], first, Span(first, last), None, number)


class _Place(Record):
    """Where the made-up name stands in the tree, and what the checker knows about it."""

    there: Around
    model: SemanticModel
    values: Values
    project: Project

    @property
    def compilation(self) -> Compilation:
        """The spec as it is, without the made-up name."""
        return self.project.compilation

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
            case ast.Field():
                return self._columns() if parent.name is name else ()
            case None:
                return ()
            case ast.Block(kind=kind):
                return self._items() if kind is name else ()
            case ast.Argument():
                call = self.there.nearest(ast.Call)
                return self.values.arguments(call) if isinstance(call, ast.Call) else ()
            case ast.Ref() if self.there.blocks and parent is self.there.blocks[-1].label:
                return self._names(self.there.blocks[-1].kind.text)
        return self._value()

    @property
    def _block(self) -> ast.Block | None:
        blocks = self.there.blocks
        header_only = blocks and self.there.nodes[-1] in (blocks[-1].kind, blocks[-1].label)
        own = blocks[:-1] if header_only else blocks
        return own[-1] if own else None

    @property
    def _blocks(self) -> list[ast.Block]:
        """The blocks at the top of all files."""
        items = (item for file in self.compilation.files for item, _ in file.placed())
        return [item for item in items if isinstance(item, ast.Block)]

    def _names(self, kind: str) -> Iterator[Offer]:
        return names_for(kind, self._blocks, self.compilation.workspace)

    def _items(self) -> Iterator[Offer]:
        registry, block = self.model.registry, self._block
        if block is None:
            if not any(True for file in self.compilation.files for chunk in file.chunks for _ in chunk.items):
                yield from first_spec(self.compilation.workspace)
            yield from blocks_offered(self.project, self._blocks)
            return
        if block.kind.text == "schema":
            yield from self._columns()
            return
        written = [item.name.text for item in block.items if isinstance(item, ast.Setting)]
        written += [item.verb.text for item in block.items if isinstance(item, ast.Rule)]
        written += [item.kind.text for item in block.items if isinstance(item, ast.Block)]
        yield from items_of(registry, kind_of(self.there, self.model), written)

    def _columns(self) -> Iterator[Offer]:
        block, stage = self._block, self.values.stage
        if block is not None and stage is not None:
            written = {item.name.text for item in block.items if isinstance(item, ast.Field)} - {PROBE}
            yield from column_lines(self.compilation.workspace, stage, written)

    def _clauses(self) -> Iterator[Offer]:
        rule = self.there.nearest(ast.Rule, ast.Field)
        declaration: type[Declaration] | None = self.model.registry.schema_field
        written: set[str] = set()
        if isinstance(rule, ast.Rule):
            if self._block is None and rule.verb.text in self.model.registry.blocks:
                return
            declaration = verb_at(self.there, self.model)
            yield from self.values.comparisons(rule)
        elif isinstance(rule, ast.Field) and rule.within is None and not [one for one in rule.clauses if one.value]:
            yield from ranges(self.compilation.workspace, self.values.stage, rule, self.model.registry)
        if isinstance(rule, ast.Rule | ast.Field):
            written = {one.name.text for one in rule.clauses} - {PROBE}
        yield from clauses_of(declaration, written)

    def _value(self) -> Iterator[Offer]:
        call, rule = self.there.nearest(ast.Call), self.there.nearest(ast.Rule)
        field = self.there.nearest(ast.Field, ast.Clause)
        if isinstance(field, ast.Field):
            about = self.compilation.workspace, self.values.stage, field, self.model.registry
            yield from ranges(*about, is_begun=True) if self._is_range(field) else column_types(*about)
            return
        if isinstance(rule, ast.Rule) and self._block is None and rule.verb.text != "use":
            yield from self._names(rule.verb.text)
            return
        if isinstance(rule, ast.Rule) and rule.verb.text == "override":
            yield from self._names("override")
            return
        if isinstance(rule, ast.Rule) and self._is_bare(rule, call):
            yield from self.values.of_rule()
            return
        if self.values.wanted is not None and not self._is_of_call(call):
            yield from self.values.of_parameter()
            yield from value_offers(self.there, self.model)
        elif self._block is None:
            functions = (one for one in self.model.registry.functions if issubclass(one, Function))
            for one in functions:
                yield offer_of(function_symbol(one)).changed(snippet=call_of(one, lambda _: ""))
        argument = self.there.nearest(ast.Argument, ast.Setting)
        if isinstance(call, ast.Call) and isinstance(argument, ast.Argument) and argument.name is None:
            yield from self.values.arguments(call)
        yield from self._extended()

    def _is_range(self, field: ast.Field) -> bool:
        """Whether the place is behind the `in` of a column."""
        at = self.there.offset - self.there.origin.start
        return field.within is not None and field.within.span.start <= at <= field.within.span.end

    def _is_of_call(self, call: ast.Node | None) -> bool:
        """Whether what is expected is the call around the place, and not its argument."""
        expected = self.values.expected
        if not isinstance(call, ast.Call) or expected is None:
            return False
        at = self.there.origin.at(call.callee)
        whole = self.model.expected_at(at.file.path, at.span.start)
        return whole is not None and whole.type == expected.type and self.there.offset > at.span.end

    def _extended(self) -> Iterator[Offer]:
        """The blocks that `extends` could name."""
        setting, block = self.there.nearest(ast.Setting), self._block
        if isinstance(setting, ast.Setting) and setting.name.text == "extends" and block is not None:
            for item in self._blocks:
                if item.kind.text != block.kind.text or item.label is None:
                    continue
                if item.label.text != (block.label.text if block.label else ""):
                    yield Offer(item.label.text, lsp.CompletionItemKind.Class, block.kind.text)

    def _is_bare(self, rule: ast.Rule, call: ast.Node | None) -> bool:
        """Whether the name is what the rule is about, or what that is compared with: in no call and no clause."""
        at = self.there.offset - self.there.origin.start
        in_call = isinstance(call, ast.Call) and not call.callee.span.start <= at <= call.callee.span.end
        return rule.subject.span.start <= at <= rule.subject.span.end and not in_call
