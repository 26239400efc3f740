"""What stands in one block, each thing once and in its place; nothing is resolved yet."""

from __future__ import annotations

from collections.abc import Mapping

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.records import Entity
from mlopsc.compiler.schema.declarations import Baseline, Block, Declaration, Function, StageKind, Verb
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics import messages_blocks as messages
from mlopsc.compiler.semantics import messages_words
from mlopsc.compiler.semantics.findings import Findings
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.scopes import NESTED, Home, Placed
from mlopsc.compiler.semantics.spelling import CHAMPION, left_side, names_compared
from mlopsc.compiler.syntax import ast

EXTENDS, ABSTRACT = "extends", "abstract"
WAIVE = "waive"
LANGUAGE_SETTINGS = {
    EXTENDS: "The block of the same kind from which it inherits what it does not say itself.",
    ABSTRACT: "Whether it is there only to be extended.",
}


class RulePart(Entity):
    """A rule before its names are resolved; `left` is what its identity has after the verb."""

    placed: Placed[ast.Rule]
    verb: type[Verb]
    id: str
    left: str


class Body(Entity):
    """What stands in one block. `is_damaged` if something may be missing because of mistakes of syntax.

    `guessed` are the settings that misspelt ones were probably meant as; `has_lost_rules` if a rule has no known verb.
    """

    settings: Mapping[str, Placed[ast.Setting]]
    columns: Mapping[str, Placed[ast.Field]]
    rules: Mapping[str, RulePart]
    waivers: tuple[Placed[ast.Rule], ...]
    overrides: tuple[Placed[ast.Block], ...]
    schema_at: Placed[ast.Block] | None
    is_damaged: bool
    guessed: frozenset[str]
    has_lost_rules: bool


def setting_symbol(kind: type[Block], word: str) -> Symbol:
    """A setting, for editors."""
    parameter = kind.accepts().get(word)
    documentation = parameter.description if parameter else LANGUAGE_SETTINGS[word]
    return Symbol(Namespace.SETTING, word, kind.word, None, kind, "", documentation)


def verb_symbol(verb: type[Verb], kind: str) -> Symbol:
    """A verb, for editors."""
    return Symbol(Namespace.VERB, verb.word, kind, None, verb)


def clause_symbol(declaration: type[Declaration], word: str) -> Symbol:
    """A clause, for editors."""
    documentation = declaration.accepts()[word].description
    return Symbol(Namespace.CLAUSE, word, declaration.word, None, declaration, "", documentation)


class BodyReader:
    """Sorts the items of a block of one kind."""

    def __init__(
        self, registry: Registry, findings: Findings, kind: type[Block], home: Home, is_override: bool = False
    ) -> None:
        self.registry = registry
        self.findings = findings
        self.kind = kind
        self.home = home
        self.is_override = is_override
        self.settings: dict[str, Placed[ast.Setting]] = {}
        self.columns: dict[str, Placed[ast.Field]] = {}
        self.rules: dict[str, RulePart] = {}
        self.waivers: list[Placed[ast.Rule]] = []
        self.overrides: list[Placed[ast.Block]] = []
        self.schema: Placed[ast.Block] | None = None
        self.guessed: set[str] = set()
        self.has_lost_rules = False

    def read(self, block: ast.Block) -> Body:
        """The parts of the block; what does not belong there is reported and left out."""
        for item in block.items:
            match item:
                case ast.Setting():
                    self._setting(item)
                case ast.Rule():
                    self._rule(item)
                case ast.Block():
                    self._block(item)
                case ast.Field(name=name):
                    self.findings.report(messages.misplaced_field(self.home.at(name), f"in `{self.kind.word}`"))
        return Body(
            self.settings,
            self.columns,
            self.rules,
            tuple(self.waivers),
            tuple(self.overrides),
            self.schema,
            self.home.is_damaged,
            frozenset(self.guessed),
            self.has_lost_rules,
        )

    def _setting(self, setting: ast.Setting) -> None:
        name = setting.name.text
        parameter = self.kind.accepts().get(name)
        inherited = {} if self.is_override or self.kind.word == "pipeline" else LANGUAGE_SETTINGS
        if parameter is None and name not in inherited:
            known = [*self.kind.accepts(), *inherited]
            self.guessed.add(did_you_mean(name, known) or name)
            at, elsewhere = self.home.at(setting.name), self._kinds_with(name)
            self.findings.report(messages_words.unknown_setting(at, name, self.kind, known, elsewhere))
            return
        self.findings.use((self.home.origin, setting.name), setting_symbol(self.kind, name))
        first = self.settings.setdefault(name, Placed(setting, self.home))
        if first.node is not setting:
            at = self.home.at(setting.name)
            self.findings.report(messages.duplicate_setting(at, name, self.home.at(first.node.name)))

    def _kinds_with(self, name: str) -> list[str]:
        return [word for word, block in self.registry.blocks.items() if name in block.accepts()]

    def _block(self, block: ast.Block) -> None:
        word, at = block.kind.text, self.home.at(block.header)
        if word == "schema" and issubclass(self.kind, StageKind) and self.kind.has_schema:
            self._schema(block)
        elif word == "override" and self.kind.word == NESTED["override"]:
            self._override(block)
        elif word in NESTED:
            self.findings.report(messages.nested_elsewhere(at, word, NESTED[word], self.kind.word))
        elif word in self.registry.blocks:
            self.findings.report(messages.block_in_block(at, word, self.kind.word))
        else:
            known = [nested for nested, kind in NESTED.items() if kind == self.kind.word]
            self.findings.report(messages_words.unknown_block(self.home.at(block.kind), word, self.kind.word, known))

    def _schema(self, block: ast.Block) -> None:
        if block.label is not None:
            self.findings.report(messages.named_schema(self.home.at(block.label)))
        if self.schema is not None:
            at = self.home.at(block.kind)
            self.findings.report(messages.duplicate_setting(at, "schema", self.home.at(self.schema.node.kind)))
            return
        self.schema = Placed(block, self.home)
        self.findings.use(self.home.at(block.kind), Symbol(Namespace.KIND, "schema", self.kind.word))
        for item in block.items:
            if isinstance(item, ast.Field):
                self._field(item)
            else:
                self.findings.report(messages.no_field(self.home.at(item)))

    def _field(self, item: ast.Field) -> None:
        first = self.columns.setdefault(item.name.text, Placed(item, self.home))
        if first.node is not item:
            at, first_at = self.home.at(item.name), self.home.at(first.node.name)
            self.findings.report(messages.duplicate_column(at, item.name.text, first_at))

    def _override(self, block: ast.Block) -> None:
        if block.label is None:
            if not self.home.is_damaged:
                self.findings.report(messages.unnamed_block(self.home.at(block.kind), "override"))
            return
        self.findings.use(self.home.at(block.kind), Symbol(Namespace.KIND, "override", self.kind.word))
        self.overrides.append(Placed(block, self.home))

    def _rule(self, rule: ast.Rule) -> None:
        word = rule.verb.text
        if word == WAIVE and issubclass(self.kind, StageKind):
            self.findings.use(self.home.at(rule.verb), Symbol(Namespace.VERB, WAIVE))
            self.waivers.append(Placed(rule, self.home))
            return
        if word == "use":
            self.findings.report(messages.use_inside(self.home.at(rule.verb), self.kind.word))
            return
        verb = self.registry.verb(word, self.kind.word)
        if verb is None:
            self._unknown_verb(rule)
            return
        self.findings.use((self.home.origin, rule.verb), verb_symbol(verb, self.kind.word))
        self._identified(rule, verb)

    def _unknown_verb(self, rule: ast.Rule) -> None:
        self.has_lost_rules = True
        word, at = rule.verb.text, self.home.at(rule.verb)
        elsewhere = sorted({kind for verb in self.registry.verbs if verb.word == word for kind in verb.kinds})
        here = self.registry.verbs_of(self.kind.word)
        if word == WAIVE:
            elsewhere = ["override"]
        if elsewhere:
            self.findings.report(messages_words.verb_elsewhere(at, word, self.kind.word, elsewhere, list(here)))
        else:
            self.findings.report(messages_words.unknown_verb(at, word, self.kind, here))

    def _identified(self, rule: ast.Rule, verb: type[Verb]) -> None:
        left = left_side(rule, lambda name: self._is_subject(name, verb), self.registry.functions_of(Baseline))
        given = next((clause.value for clause in rule.clauses if clause.name.text == "as"), None)
        name = given.text if isinstance(given, ast.Ref) else f"{rule.verb.text} {left}"
        part = RulePart(Placed(rule, self.home), verb, name, left)
        first = self.rules.setdefault(name, part)
        if first is part:
            return
        if any(self._is_unknown(compared) for compared in names_compared(rule.subject)):
            self.rules[f"{name} at {rule.span.start}"] = part  # the name that was meant may make it another rule
            return
        self.findings.report(messages.duplicate_rule(self.home.at(rule), name, first.placed.at))

    def _is_unknown(self, name: ast.Ref) -> bool:
        known = self.registry.function(name.text, (Function,)) is not None or name.text == CHAMPION
        return not known and name.text not in self.home.scope.constants and not self._is_metric(name)

    def _is_subject(self, name: ast.Ref, verb: type[Verb]) -> bool:
        return self.registry.function(name.text, verb.subjects) is not None or self._is_metric(name)

    def _is_metric(self, name: ast.Ref) -> bool:
        return self.home.scope.find(Namespace.METRIC, name.text) is not None
