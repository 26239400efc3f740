"""Where an expression is checked: the program, the file it stands in, and the stage whose columns it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.records import Entity, Record
from mlopsc.compiler.schema.declarations import Block, Task
from mlopsc.compiler.schema.types import Type
from mlopsc.compiler.semantics.findings import Findings, Refused
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.model import ColumnModel, SettingModel
from mlopsc.compiler.semantics.scopes import Home, Program
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location, Span

if TYPE_CHECKING:
    from pydantic import JsonValue


class DataView(Entity):
    """A data stage as the names of another stage (or its own) see it.

    `is_complete` is False where mistakes have left something out; then nothing is said to be missing. `splits` are
    the shares by name, None where they are not known. `written` are the names of its settings.
    """

    stage: str
    at: Location
    columns: Mapping[str, ColumnModel]
    is_complete: bool
    written: frozenset[str]
    settings: Mapping[str, SettingModel]
    splits: Mapping[str, float] | None

    @property
    def target(self) -> ColumnModel | None:
        """The column to predict, if it is known."""
        setting = self.settings.get("target")
        return self.columns.get(setting.value) if setting and isinstance(setting.value, str) else None

    def task(self, tasks: Mapping[str, Task | None]) -> Task | None:
        """What a model of the target predicts, by the tasks of column types; two listed categories are binary."""
        target = self.target
        if target is None:
            return None
        task = tasks.get(str(target.type["function"]))
        is_pair = task == "multiclass" and target.values is not None and len(target.values) == 2
        return "binary" if is_pair else task


class Claim(Record):
    """What a function asks of another stage that it names: a setting of it, or (`gated`) that a gate judges it."""

    need: str
    function: str
    stage: str
    at: Location


class Trace:
    """What the values of a stage name, in the order of the text: stages, files, and what they ask of stages."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.files: list[str] = []
        self.claims: list[Claim] = []

    def of_rules(self) -> Trace:
        """What rules name: their files and claims are the stage's, but the stages are no inputs."""
        found = Trace()
        found.files, found.claims = self.files, self.claims
        return found


class View(Entity):
    """What names may mean in one block, whose header is `at`.

    `data` are the data stages whose columns its names mean: None where that is not known because of another mistake,
    none where it has none. `settings` are those that are checked already; of those with mistakes, `mistaken` has the
    calls as far as they are plain, for what is said about their parameters elsewhere.
    """

    kind: type[Block]
    name: str
    at: Location
    written: frozenset[str]
    settings: dict[str, SettingModel]
    mistaken: dict[str, JsonValue]
    data: tuple[DataView, ...] | None = ()

    @property
    def only_data(self) -> DataView | None:
        """The data stage, if there is exactly one."""
        return self.data[0] if self.data and len(self.data) == 1 else None


class Context(Entity):
    """Everything that checking an expression needs. `view` is None outside blocks; `is_output` where files are
    named that the stage writes."""

    program: Program
    home: Home
    trace: Trace
    view: View | None = None
    is_output: bool = False

    @property
    def findings(self) -> Findings:
        """Where messages go."""
        return self.program.findings

    def at(self, node: ast.Node | Span) -> Location:
        """Where a node stands."""
        return self.home.at(node)

    def moved(self, home: Home) -> Context:
        """The same for an expression that stands elsewhere, such as an inherited setting."""
        return self if home is self.home else self.changed(home=home)

    def report(self, found: Diagnostic) -> None:
        """Add a message."""
        self.program.findings.report(found)

    def refused(self, found: Diagnostic) -> Refused:
        """Add a message, and what to raise."""
        return self.program.findings.refused(found)

    def use(self, node: ast.Node | Span, symbol: Symbol) -> None:
        """Note what a name means."""
        self.program.findings.use((self.home.origin, node), symbol)

    def expect(
        self, node: ast.Node, type_: Type | None, symbols: Callable[..., Iterable[Symbol]], *arguments: object
    ) -> None:
        """Note what may stand at a node."""
        self.program.findings.expect((self.home.origin, node), type_, symbols, *arguments)


def column_symbol(stage: str, column: ColumnModel) -> Symbol:
    """A column, for editors."""
    name, _, declared = column.at.text.partition(":")
    definition = column.at.part(0, len(name.rstrip()))
    return Symbol(Namespace.COLUMN, column.name, stage, definition, None, " ".join(declared.split()))
