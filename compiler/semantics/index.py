"""Finding names by their place, for editors: what a name means, where it is used, what could stand at a place."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cached_property

from mlopsc.compiler.records import Record
from mlopsc.compiler.schema.declarations import Declaration
from mlopsc.compiler.schema.types import Type
from mlopsc.compiler.text import Location


class Namespace(StrEnum):
    """What kind of thing a name names; the first nine can be written before a name (`stage.quality`)."""

    STAGE = "stage"
    ENVIRONMENT = "environment"
    CONSTANT = "const"
    COLUMN = "column"
    SPLIT = "split"
    METRIC = "metric"
    EVENT = "event"
    FUNCTION = "function"
    SYMBOL = "symbol"
    KIND = "kind"
    SETTING = "setting"
    PARAMETER = "parameter"
    VERB = "verb"
    CLAUSE = "clause"
    TYPE = "type"
    PIPELINE = "pipeline"
    FILE = "file"
    PYTHON = "python"


class Symbol(Record):
    """What a name means.

    `owner` is what it belongs to (the stage of a column, the function of a parameter, the kind of a setting);
    `definition` is None for words of the language, which have a `declaration` instead; `detail` says in a few words
    what it is ("int in 0..23", "data stage"), and `told` is its documentation where that is not its declaration's.
    """

    namespace: Namespace
    name: str
    owner: str = ""
    definition: Location | None = None
    declaration: type[Declaration] | None = None
    detail: str = ""
    told: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it this symbol and no other."""
        return self.namespace, self.owner, self.name

    @property
    def documentation(self) -> str:
        """What there is to say about it: its own text, else that of its declaration."""
        return self.told or (self.declaration.summary() if self.declaration else "")


class Use(Record):
    """A place that names a symbol."""

    location: Location
    symbol: Symbol


class Expected(Record):
    """What may stand at a place: a value of a type (None where items are expected), and the names that would do."""

    type: Type | None
    symbols: tuple[Symbol, ...]


class ExpectedUse(Record):
    """A range of the text and what may stand there; the names are only gathered when somebody asks."""

    location: Location
    type: Type | None
    symbols: Callable[[], Iterable[Symbol]]


class Index:
    """Uses and expectations of a program, by file and place."""

    def __init__(self, uses: Iterable[Use], expectations: Iterable[ExpectedUse]) -> None:
        self._uses = tuple(uses)
        self._expectations = tuple(expectations)

    @cached_property
    def _by_file(self) -> dict[str, list[tuple[int, Use]]]:
        found: dict[str, dict[tuple[int, int], Use]] = defaultdict(dict)
        for use in self._uses:
            found[use.location.file.path].setdefault(use.location.span, use)
        return {path: sorted(((key[0], use) for key, use in uses.items()), key=_start) for path, uses in found.items()}

    @cached_property
    def _by_symbol(self) -> dict[Symbol, dict[Location, None]]:
        found: dict[Symbol, dict[Location, None]] = defaultdict(dict)
        for use in self._uses:
            if use.symbol.definition is not None:
                found[use.symbol][use.symbol.definition] = None
            found[use.symbol][use.location] = None
        return found

    def symbol_at(self, path: str, offset: int) -> Symbol | None:
        """What the name at an offset means; both ends of a name belong to it."""
        uses = self._by_file.get(path, [])
        at = bisect_right(uses, offset, key=_start)
        for _, use in reversed(uses[max(0, at - 2) : at]):
            if use.location.span.start <= offset <= use.location.span.end:
                return use.symbol
        return None

    def references(self, symbol: Symbol) -> tuple[Location, ...]:
        """Every place that names the symbol, its definition included."""
        return tuple(sorted(self._by_symbol.get(symbol, {}), key=lambda place: (place.file.path, place.span)))

    def expected_at(self, path: str, offset: int) -> Expected | None:
        """What may stand at an offset: the smallest range around it for which that is known."""
        around = [one for one in self._expectations if one.location.file.path == path and _reaches(one, offset)]
        if not around:
            return None
        best = min(around, key=lambda one: one.location.span.end - one.location.span.start)
        return Expected(best.type, tuple(best.symbols()))


def _reaches(one: ExpectedUse, offset: int) -> bool:
    """Whether an offset is in a range; where nothing is written yet, the blanks behind it belong to it."""
    start, end = one.location.span
    if start == end:
        rest = one.location.file.text[end:]
        end += len(rest) - len(rest.lstrip(" \t"))
    return start <= offset <= end


def _start(entry: tuple[int, Use]) -> int:
    return entry[0]
