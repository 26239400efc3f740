"""Blocks as they are after `extends`, `override`, `waive` and `= none`: still syntax, each part with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from mlopsc.compiler.diagnostics import Label
from mlopsc.compiler.records import Entity
from mlopsc.compiler.schema.declarations import Baseline, Block
from mlopsc.compiler.semantics import messages_blocks as messages
from mlopsc.compiler.semantics import messages_graph, messages_names, messages_types
from mlopsc.compiler.semantics.bodies import ABSTRACT, EXTENDS, Body, BodyReader, RulePart
from mlopsc.compiler.semantics.scopes import BlockDefinition, Home, Placed, Program
from mlopsc.compiler.semantics.spelling import left_side
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location


class Waived(Entity):
    """A rule that is left out, and the `waive` that says so."""

    placed: Placed[ast.Rule]
    rule: RulePart
    reason: str


class Merged(Entity):
    """A block with all that it inherits; `home` is where its own part stands.

    `overridden` are the settings that an environment changes. `parts` are the blocks that were merged.
    """

    definition: BlockDefinition
    home: Home
    settings: Mapping[str, Placed[ast.Setting]]
    columns: Mapping[str, Placed[ast.Field]]
    rules: Mapping[str, RulePart]
    waived: tuple[Waived, ...]
    overrides: tuple[Placed[ast.Block], ...]
    has_schema: bool
    is_abstract: bool
    is_damaged: bool
    guessed: frozenset[str] = frozenset()
    has_lost_rules: bool = False
    overridden: Mapping[str, Placed[ast.Setting]] = MappingProxyType({})
    parts: tuple[Placed[ast.Block], ...] = ()

    @property
    def name(self) -> str:
        """The name in the program."""
        return self.definition.name

    @property
    def header_at(self) -> Location:
        """Where its kind and name stand."""
        return self.definition.home.at(self.definition.block.header)

    @property
    def written(self) -> frozenset[str]:
        """The settings that are there, or were meant to be."""
        return self.guessed.union(self.settings)


class Merger:
    """Merges the blocks of a program; each is read once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._findings = program.findings
        self._merged: dict[BlockDefinition, Merged] = {}
        self._bases = {one: self._base(one) for one in self._extensible()}
        self._cyclic = self._circles()

    def merged(self, definition: BlockDefinition) -> Merged:
        """A block with what it inherits through `extends`."""
        found = self._merged.get(definition)
        if found is None:
            found = self._merged[definition] = self._merge(definition)
        return found

    def overridden(self, merged: Merged, override: Placed[ast.Block]) -> Merged:
        """A stage with what the `override` of an environment changes."""
        body = self._read(override.node, override.home, merged.definition.kind, is_override=True)
        found = self._combined(merged, body)
        return found.changed(overridden={**merged.overridden, **body.settings}, parts=(*merged.parts, override))

    def _read(self, block: ast.Block, home: Home, kind: type[Block], *, is_override: bool = False) -> Body:
        return BodyReader(self._program.registry, self._findings, kind, home, is_override).read(block)

    def _extensible(self) -> Iterable[BlockDefinition]:
        program = self._program
        return [*program.stages.values(), *program.environments.values(), *program.metrics.values()]

    def _base(self, definition: BlockDefinition) -> BlockDefinition | None:
        """The block that a block says it extends, if there is one of its kind."""
        said = (item for item in definition.block.items if isinstance(item, ast.Setting) and item.name.text == EXTENDS)
        setting = next(said, None)
        if setting is None or isinstance(setting.value, ast.Missing):
            return None
        at, kind = definition.home.at(setting.value), definition.kind
        if not isinstance(setting.value, ast.Ref):
            self._findings.report(messages_names.extends_no_name(at, kind.word))
            return None
        base = self._named(definition, setting.value)
        if base is None or base.kind is kind:
            return base
        self._findings.report(messages_names.extends_other_kind(at, base.name, base.kind.word, kind.word, base.name_at))
        return None

    def _named(self, definition: BlockDefinition, ref: ast.Ref) -> BlockDefinition | None:
        scope, at = definition.home.scope, definition.home.at(ref)
        name = ref.text.removeprefix(f"{definition.namespace}.")
        base = scope.find(definition.namespace, name)
        if base is not None:
            self._findings.use(at, base.symbol)
        elif name not in scope.poisoned:
            known = [name for name, one in scope.blocks[definition.namespace].items() if one.kind is definition.kind]
            self._findings.report(messages_names.unknown_base(at, name, definition.kind.word, known))
        return base

    def _circles(self) -> set[BlockDefinition]:
        """Blocks that extend themselves, each circle reported once."""
        found: set[BlockDefinition] = set()
        while True:
            graph = {one: [base] for one, base in self._bases.items() if base is not None and one not in found}
            try:
                TopologicalSorter(graph).prepare()
            except CycleError as error:
                circle: list[BlockDefinition] = list(reversed(error.args[1]))[:-1]
                self._findings.report(messages_graph.extends_circle(_steps(circle)))
                found.update(circle)
            else:
                return found

    def _merge(self, definition: BlockDefinition) -> Merged:
        home, base = definition.home, self._bases.get(definition)
        body = self._read(definition.block, home, definition.kind)
        start = Merged(definition, home, {}, {}, {}, (), (), False, False, False)
        if base is not None and definition not in self._cyclic:
            start = self.merged(base).changed(definition=definition, home=home, is_abstract=False)
        elif EXTENDS in body.settings:
            start = start.changed(is_damaged=True)
        return self._combined(start.changed(parts=(*start.parts, Placed(definition.block, home))), body)

    def _combined(self, start: Merged, body: Body) -> Merged:
        rules, waived = dict(start.rules), list(start.waived)
        for waiver in body.waivers:
            rule = self._found(waiver, rules)
            if rule is not None:
                waived.append(Waived(waiver, rule, self._reason(waiver)))
                del rules[rule.id]
        settings = {**start.settings, **body.settings}
        settings.pop(EXTENDS, None)
        abstract = settings.pop(ABSTRACT, None)
        return start.changed(
            settings={name: one for name, one in settings.items() if not isinstance(one.node.value, ast.Nothing)},
            columns={**start.columns, **body.columns},
            rules={**rules, **body.rules},
            waived=tuple(waived),
            overrides=(*start.overrides, *body.overrides),
            has_schema=start.has_schema or body.schema_at is not None,
            is_abstract=start.is_abstract or self._is_true(abstract),
            is_damaged=start.is_damaged or body.is_damaged,
            guessed=start.guessed | body.guessed,
            has_lost_rules=start.has_lost_rules or body.has_lost_rules,
        )

    def _is_true(self, setting: Placed[ast.Setting] | None) -> bool:
        if setting is None or isinstance(setting.node.value, ast.Missing):
            return False
        if not isinstance(setting.node.value, ast.Boolean):
            self._findings.report(messages_types.abstract_no_truth(setting.home.at(setting.node.value)))
            return False
        return setting.node.value.value

    def _found(self, waiver: Placed[ast.Rule], rules: Mapping[str, RulePart]) -> RulePart | None:
        """The rule that a `waive` names: by its `as` name, or by its left side."""
        subject = waiver.node.subject
        if isinstance(subject, ast.Missing):
            return None
        words = {one.left.partition("(")[0] for one in rules.values()}
        baselines = self._program.registry.functions_of(Baseline)
        wanted = left_side(waiver.node, lambda name: name.text in words, baselines)
        exact = [one for one in rules.values() if wanted in (one.id, one.left)]
        found = exact or [one for one in rules.values() if one.left.startswith(f"{wanted} ")]
        at = waiver.home.at(subject)
        if len(found) == 1:
            return found[0]
        if found:
            self._findings.report(messages.ambiguous_waiver(at, wanted, [(one.placed.at, one.left) for one in found]))
        else:
            self._findings.report(messages.unknown_waiver(at, wanted, [one.left for one in rules.values()]))
        return None

    def _reason(self, waiver: Placed[ast.Rule]) -> str:
        clauses = [clause for clause in waiver.node.clauses if clause.name.text != "by"]
        match clauses:
            case [ast.Clause(name=ast.Name(text="because"), value=ast.Text(plain=str() as reason))] if reason.strip():
                return reason
        if not waiver.home.is_damaged:
            self._findings.report(messages.waiver_without_reason(waiver.at))
        return ""


def _steps(circle: list[BlockDefinition]) -> list[Label]:
    after = [*circle[1:], circle[0]]
    return [Label(one.name_at, f"`{one.name}` extends `{base.name}`") for one, base in zip(circle, after, strict=True)]
