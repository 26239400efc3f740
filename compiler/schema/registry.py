"""The declarations that are in force, found by name: what the checker and the editor ask about the language."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType

from mlopsc.compiler.schema.declarations import (
    Block,
    ColumnType,
    Declaration,
    Event,
    Function,
    SchemaField,
    StageKind,
    Verb,
)


@dataclass(frozen=True)
class Registry:
    """All declarations. `prefix.word` is the name of what an installed package brings (`acme.detector`)."""

    blocks: Mapping[str, type[Block]] = field(default_factory=dict)
    verbs: tuple[type[Verb], ...] = ()
    functions: tuple[type[Function], ...] = ()
    schema_field: type[SchemaField] = SchemaField
    events: Mapping[str, type[Event]] = field(default_factory=dict)

    @classmethod
    def collect(cls, modules: Iterable[ModuleType]) -> "Registry":
        """The declarations that stand in these modules: every class there that has a word."""
        found = [declaration for module in modules for declaration in _declared(module)]
        return cls(
            blocks={one.word: one for one in found if issubclass(one, Block)},
            verbs=tuple(one for one in found if issubclass(one, Verb)),
            functions=tuple(one for one in found if issubclass(one, Function)),
            schema_field=next((one for one in found if issubclass(one, SchemaField)), SchemaField),
            events={one.word: one for one in found if issubclass(one, Event)},
        )

    @cached_property
    def stage_kinds(self) -> Mapping[str, type[StageKind]]:
        """The kinds of stage, by word."""
        return {word: block for word, block in self.blocks.items() if issubclass(block, StageKind)}

    @cached_property
    def runtimes(self) -> Mapping[str, str]:
        """The function (`"module:name"`) that does the work of each kind of stage that can be run."""
        return {word: kind.runtime for word, kind in self.stage_kinds.items() if kind.runtime}

    def verb(self, word: str, kind: str) -> type[Verb] | None:
        """What a verb means in a kind of stage."""
        return next((verb for verb in self.verbs if verb.word == word and kind in verb.kinds), None)

    def verbs_of(self, kind: str) -> dict[str, type[Verb]]:
        """The rules that a kind of stage may hold."""
        return {verb.word: verb for verb in self.verbs if kind in verb.kinds}

    def function(self, word: str, families: Iterable[type[Function]]) -> type[Function] | None:
        """The function of that name in one of the families."""
        wanted = tuple(families)
        return next((one for one in self.functions if one.word == word and issubclass(one, wanted)), None)

    def functions_of(self, family: type[Function]) -> dict[str, type[Function]]:
        """The functions of a family, by name."""
        return {one.word: one for one in self.functions if issubclass(one, family)}

    @cached_property
    def column_types(self) -> Mapping[str, type[ColumnType]]:
        """The types of columns, by name."""
        return {one.word: one for one in self.functions if issubclass(one, ColumnType)}

    @cached_property
    def clause_words(self) -> frozenset[str]:
        """Every word that can begin a clause, of a rule or of a schema field."""
        words = {word for verb in self.verbs for word in verb.accepts()}
        return frozenset(words | set(self.schema_field.accepts()) | {"because"})

    @cached_property
    def verb_words(self) -> frozenset[str]:
        """Every word that begins a rule."""
        return frozenset({verb.word for verb in self.verbs} | {"use", "waive"})

    @cached_property
    def block_words(self) -> frozenset[str]:
        """Every word that begins a block."""
        return frozenset({*self.blocks, "schema", "override"})

    def all(self) -> Iterator[type[Declaration]]:
        """Every declaration, for the reference pages and the catalogue's tests."""
        yield from self.blocks.values()
        yield from self.verbs
        yield from self.functions
        yield self.schema_field
        yield from self.events.values()


def _declared(module: ModuleType) -> Iterator[type[Declaration]]:
    for value in vars(module).values():
        is_declaration = isinstance(value, type) and issubclass(value, Declaration) and value.word
        if is_declaration and value.__module__ == module.__name__:
            yield value
