"""What a program defines, and which of it each file can name: top-level items of all files, and `use`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from posixpath import normpath
from typing import Generic, TypeVar

from mlopsc.compiler.records import Entity, Record
from mlopsc.compiler.schema.declarations import Block, StageKind
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics import messages_blocks as blocks
from mlopsc.compiler.semantics import messages_words as words
from mlopsc.compiler.semantics.findings import Findings
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.project import ProjectReader
from mlopsc.compiler.semantics.quantities import Value
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location, Span

N = TypeVar("N", bound=ast.Node, covariant=True)

NESTED = {"schema": "data", "override": "environment"}
"""Blocks that stand inside others, and in which."""

_PLAIN_NAME = re.compile(r"[^\W\d][\w-]*")


class Home(Entity):
    """Where a chunk stands, and the names that its file knows; `is_damaged` if its syntax has mistakes, so that
    something that seems to be missing may have been written."""

    origin: ast.Origin
    scope: Scope
    is_damaged: bool

    def at(self, node: ast.Node | Span) -> Location:
        """Where a node of the chunk stands in its file."""
        return self.origin.at(node)


class Placed(Entity, Generic[N]):
    """A node and where it stands."""

    node: N
    home: Home

    @property
    def at(self) -> Location:
        """Where the node stands in its file."""
        return self.home.at(self.node)


class Definition(Entity):
    """Something with a name at the top of a file.

    `name` is that in the program, with the aliases that lead to its file; `local` is how its file calls it.
    """

    namespace: Namespace
    name: str
    local: str
    home: Home
    name_at: Location

    @property
    def symbol(self) -> Symbol:
        """The definition, for editors."""
        return Symbol(self.namespace, self.name, "", self.name_at, None, "constant")


class BlockDefinition(Definition):
    """A block."""

    kind: type[Block]
    block: ast.Block

    @property
    def symbol(self) -> Symbol:
        """The definition, for editors."""
        return Symbol(self.namespace, self.name, "", self.name_at, self.kind, self.kind.word)


class ConstantDefinition(Definition):
    """A constant: a setting at the top of a file."""

    setting: ast.Setting


class Scope:
    """The names that a file knows. `poisoned` are those of blocks that are wrong already."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.blocks: dict[Namespace, dict[str, BlockDefinition]] = defaultdict(dict)
        self.constants: dict[str, ConstantDefinition] = {}
        self.poisoned: set[str] = set()

    def empty(self) -> Scope:
        """Forget all names; it is the scope of the next state then, for what was kept of this one too."""
        for names in (self.blocks, self.constants, self.poisoned):
            names.clear()
        return self

    def add(self, name: str, found: Definition) -> Definition:
        """Know a definition by a name; what had this name before stays and is returned."""
        if isinstance(found, BlockDefinition):
            return self.blocks[found.namespace].setdefault(name, found)
        assert isinstance(found, ConstantDefinition)
        return self.constants.setdefault(name, found)

    def find(self, namespace: Namespace, name: str) -> BlockDefinition | None:
        """The block of this kind that a name means."""
        return self.blocks[namespace].get(name)


class UsedFile(Record):
    """`use "path" as alias`: `path` is relative to the spec, as that of every file."""

    path: str
    alias: str | None
    at: Location
    alias_at: Location | None = None


class Program(Entity):
    """Everything that the files define, by its name in the program, in the order of files and text.

    `values` are those of constants that have been asked for, `failed` the constants that have none, `pending` those
    whose value is being found.
    """

    registry: Registry
    project: ProjectReader
    findings: Findings
    pipelines: tuple[BlockDefinition, ...]
    stages: Mapping[str, BlockDefinition]
    environments: Mapping[str, BlockDefinition]
    metrics: Mapping[str, BlockDefinition]
    constants: Mapping[str, ConstantDefinition]
    values: MutableMapping[ConstantDefinition, Value]
    failed: set[ConstantDefinition]
    pending: list[ConstantDefinition]


def used_files(file: ast.File) -> tuple[UsedFile, ...]:
    """The files whose names a file brings in; what is no proper `use` is left out."""
    found = (_used_file(rule, origin) for rule, origin in _use_rules(file))
    return tuple(one for one in found if one is not None)


def _use_rules(file: ast.File) -> Iterator[tuple[ast.Rule, ast.Origin]]:
    for item, origin in file.placed():
        if isinstance(item, ast.Rule) and item.verb.text == "use":
            yield item, origin


def _used_file(rule: ast.Rule, origin: ast.Origin) -> UsedFile | None:
    if not isinstance(rule.subject, ast.Text) or not rule.subject.plain:
        return None
    path = normpath(rule.subject.plain)
    match rule.clauses:
        case ():
            return UsedFile(path, None, origin.at(rule.subject))
        case (ast.Clause(name=ast.Name(text="as"), operator=None, value=ast.Ref(parts=(alias,)) as ref),):
            return UsedFile(path, alias.text, origin.at(rule.subject), origin.at(ref))
    return None


def collect(
    files: Sequence[ast.File],
    registry: Registry,
    project: ProjectReader,
    findings: Findings,
    origins: Callable[[ast.File], Sequence[ast.Origin]] = ast.File.origins,
    scope: Callable[[str], Scope] = Scope,
) -> Program:
    """What the files define; the first is the main one.

    `origins` are those of the chunks of a file, and `scope` is an empty one for the names of a file.
    """
    return _Collector(files, registry, project, findings, origins, scope).collect()


class _Unit:
    """A file, what it defines itself, and the names that are known in it."""

    def __init__(self, file: ast.File, scope: Scope) -> None:
        self.file = file
        self.scope = scope
        self.own: list[Definition] = []
        self.used: tuple[UsedFile, ...] = ()


class _Collector:
    def __init__(
        self,
        files: Sequence[ast.File],
        registry: Registry,
        project: ProjectReader,
        findings: Findings,
        origins: Callable[[ast.File], Sequence[ast.Origin]],
        scope: Callable[[str], Scope],
    ) -> None:
        self._origins = origins
        self._units = {file.source.path: _Unit(file, scope(file.source.path)) for file in files}
        self._main = next(iter(self._units))
        self._registry = registry
        self._project = project
        self._findings = findings
        self._pipelines: list[BlockDefinition] = []
        self._clashes: set[frozenset[Definition]] = set()

    def collect(self) -> Program:
        for unit in self._units.values():
            unit.used = tuple(self._distinct(used_files(unit.file)))
        for path, prefix in self._prefixes().items():
            self._read(self._units[path], prefix)
        for unit in self._units.values():
            self._open(unit)
        every = Scope("")
        for unit in self._units.values():
            for one in unit.own:
                every.add(one.name, one)
        return Program(
            self._registry,
            self._project,
            self._findings,
            tuple(self._pipelines),
            stages=every.blocks[Namespace.STAGE],
            environments=every.blocks[Namespace.ENVIRONMENT],
            metrics=every.blocks[Namespace.METRIC],
            constants=every.constants,
            values={},
            failed=set(),
            pending=[],
        )

    def _distinct(self, used: Iterable[UsedFile]) -> Iterator[UsedFile]:
        """The files that could be read, each prefix once."""
        aliases: dict[str, UsedFile] = {}
        for one in used:
            first = aliases.setdefault(one.alias, one) if one.alias else one
            if first is not one and first.alias_at and one.alias_at:
                symbol = Symbol(Namespace.FILE, one.alias or "", detail="prefix")
                self._findings.report(blocks.duplicate_definition(one.alias_at, symbol, first.alias_at))
            elif one.path in self._units:
                yield one

    def _prefixes(self) -> dict[str, str]:
        """How each file's names begin in the program: by the shortest way that leads to it."""
        prefixes = {self._main: ""}
        queue = [self._main]
        for path in queue:
            for used in sorted(self._units[path].used, key=lambda one: one.alias is not None):
                if used.path not in prefixes:
                    prefixes[used.path] = prefixes[path] + (f"{used.alias}." if used.alias else "")
                    queue.append(used.path)
        return prefixes

    def _read(self, unit: _Unit, prefix: str) -> None:
        file = unit.file
        for chunk, origin in zip(file.chunks, self._origins(file), strict=True):
            home = Home(origin, unit.scope, bool(chunk.problems))
            for item in chunk.items:
                found = self._definition(item, home, prefix)
                if found is not None:
                    unit.own.append(found)

    def _definition(self, item: ast.Item, home: Home, prefix: str) -> Definition | None:
        match item:
            case ast.Block():
                return self._block(Placed(item, home), prefix)
            case ast.Setting():
                return self._constant(Placed(item, home), prefix)
            case ast.Rule():
                self._top_level_rule(item, home)
            case ast.Field(name=name):
                self._findings.report(blocks.misplaced_field(home.at(name), "at the top of a file"))
        return None

    def _constant(self, placed: Placed[ast.Setting], prefix: str) -> Definition | None:
        name, at = placed.node.name.text, placed.home.at(placed.node.name)
        if not _PLAIN_NAME.fullmatch(name):
            self._findings.report(blocks.unusable_name(at, "constant", name))
            return None
        found = ConstantDefinition(Namespace.CONSTANT, prefix + name, name, placed.home, at, placed.node)
        self._findings.use(at, found.symbol)
        return found

    def _top_level_rule(self, rule: ast.Rule, home: Home) -> None:
        word = rule.verb.text
        if word == "use":
            if _used_file(rule, home.origin) is None and not home.is_damaged:
                self._findings.report(blocks.malformed_use(home.at(rule)))
            return
        kinds = sorted({kind for verb in self._registry.verbs if verb.word == word for kind in verb.kinds})
        if word == "waive":
            kinds = ["override"]
        at = home.at(rule.verb)
        self._findings.report(
            words.rule_outside_block(at, word, kinds)
            if kinds
            else words.unknown_word(at, word, [*self._registry.blocks, "use"])
        )

    def _block(self, placed: Placed[ast.Block], prefix: str) -> Definition | None:
        block, home = placed.node, placed.home
        word = block.kind.text
        kind = self._registry.blocks.get(word)
        if kind is None:
            self._misplaced_block(placed)
            return None
        self._findings.use(home.at(block.kind), Symbol(Namespace.KIND, word, "", None, kind))
        if block.label is None:
            if not home.is_damaged:
                self._findings.report(blocks.unnamed_block(home.at(block.kind), word))
            return None
        name = block.label.parts[-1]
        if len(block.label.parts) > 1 or not _PLAIN_NAME.fullmatch(name.text):
            self._findings.report(blocks.unusable_name(home.at(block.label), f"`{word}` block", block.label.text))
            home.scope.poisoned.add(block.label.text)
            return None
        found = BlockDefinition(
            _namespace(kind), prefix + name.text, name.text, home, home.at(block.label), kind, block
        )
        self._findings.use(found.name_at, found.symbol)
        if found.namespace is Namespace.PIPELINE:
            self._pipelines.append(found)
            return None
        if kind.defines is not None and self._shadows(found, kind):
            return None
        return found

    def _shadows(self, found: BlockDefinition, kind: type[Block]) -> bool:
        """Whether a block defines a function that the language has already."""
        assert kind.defines is not None
        standard = self._registry.functions_of(kind.defines).get(found.name)
        if standard is not None:
            self._findings.report(blocks.shadowed_function(found.name_at, found.name, standard))
        return standard is not None

    def _misplaced_block(self, placed: Placed[ast.Block]) -> None:
        block, home = placed.node, placed.home
        word = block.kind.text
        if block.label is not None:
            home.scope.poisoned.add(block.label.text)
        if word in NESTED:
            self._findings.report(blocks.nested_at_top(home.at(block.header), word, NESTED[word]))
        else:
            self._findings.report(words.unknown_kind(home.at(block.kind), word, self._registry.blocks))

    def _open(self, unit: _Unit) -> None:
        """Fill the scope of a file: its own names, those of files used flat, and those under an alias."""
        for name, found in self._visible(unit, (unit.file.source.path,)):
            first = unit.scope.add(name, found)
            pair = frozenset((first, found))
            if first is not found and pair not in self._clashes:
                self._clashes.add(pair)
                self._findings.report(blocks.duplicate_definition(found.name_at, found.symbol, first.name_at))

    def _visible(self, unit: _Unit, way: tuple[str, ...]) -> Iterator[tuple[str, Definition]]:
        for path in self._flat(unit):
            here = self._units[path]
            unit.scope.poisoned |= here.scope.poisoned
            yield from ((found.local, found) for found in here.own)
            for used in here.used:
                if used.alias and used.path not in way:
                    below = self._visible(self._units[used.path], (*way, used.path))
                    yield from ((f"{used.alias}.{name}", found) for name, found in below)

    def _flat(self, unit: _Unit) -> list[str]:
        """The file and all that it uses without an alias, directly or not."""
        found = [unit.file.source.path]
        for path in found:
            found += [used.path for used in self._units[path].used if not used.alias and used.path not in found]
        return found


def _namespace(kind: type[Block]) -> Namespace:
    if issubclass(kind, StageKind):
        return Namespace.STAGE
    if kind.defines is not None:
        return Namespace.METRIC
    return Namespace.PIPELINE if kind.word == "pipeline" else Namespace.ENVIRONMENT
