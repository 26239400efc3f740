"""What is found while a program is checked: messages, each once, and what names mean, for editors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, partial
from typing import Any, TypeAlias

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.schema.types import Type
from mlopsc.compiler.semantics.index import ExpectedUse, Symbol, Use
from mlopsc.compiler.syntax.ast import Node, Origin
from mlopsc.compiler.text import Location, Span

Place: TypeAlias = tuple[Origin, Node | Span]
"""A node and where its chunk stands: located only when somebody asks, which is seldom."""


_Expectation: TypeAlias = tuple[Place, Type | None, Callable[..., Iterable[Symbol]], tuple[Any, ...]]


class Refused(Exception):  # noqa: N818 (it is the spec that has the error; here it is the way out)
    """A mistake has been reported; what depends on the thing is left out, so that one mistake gives one message."""


class Findings:
    """What has been found so far."""

    def __init__(self, faults: Iterable[Location] = ()) -> None:
        """`faults` are the places of mistakes of syntax: on their lines nothing more is said."""
        self._faulty = {(place.file.path, place.position.line) for place in faults}
        self._uses: list[Notes | tuple[Location | Place, Symbol]] = []
        self._expectations: list[Notes | _Expectation] = []
        self._facts: set[str] = set()
        self._diagnostics: dict[tuple[str, str, Span, str], Diagnostic] = {}

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The messages, in the order of the text."""
        return tuple(sorted(self._diagnostics.values(), key=lambda found: found.order))

    def report(self, found: Diagnostic) -> None:
        """Add a message, unless the same was found before: in another environment, or through `extends`."""
        place = found.location
        if self._faulty and (place.file.path, place.position.line) in self._faulty:
            return
        self._diagnostics.setdefault((found.code.id, place.file.path, place.span, found.message), found)

    def report_once(self, fact: str, found: Diagnostic) -> None:
        """Add a message about a fact that shows in several places, at the first of them."""
        if fact not in self._facts:
            self._facts.add(fact)
            self.report(found)

    def refused(self, found: Diagnostic) -> Refused:
        """Report, and what to raise."""
        self.report(found)
        return Refused()

    def adopt(self, notes: Notes) -> None:
        """Add what was found in one stage."""
        for fact, found in notes.reports:
            if fact:
                self.report_once(fact, found)
            else:
                self.report(found)
        self._uses.append(notes)
        self._expectations.append(notes)

    def use(self, place: Location | Place, symbol: Symbol) -> None:
        """Note what the name at a place means."""
        self._uses.append((place, symbol))

    def expect(
        self, place: Place, type_: Type | None, symbols: Callable[..., Iterable[Symbol]], *arguments: Any
    ) -> None:
        """Note what may stand at a place; the names are `symbols(*arguments)`, called only when somebody asks."""
        self._expectations.append((place, type_, symbols, arguments))

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every place that names something."""
        found: list[Use] = []
        for one in self._uses:
            if isinstance(one, Notes):
                found += one.uses
            else:
                found.append(Use(_located(one[0]), one[1]))
        return tuple(found)

    @cached_property
    def expectations(self) -> tuple[ExpectedUse, ...]:
        """Every range of the text for which it is known what may stand there."""
        found: list[ExpectedUse] = []
        for one in self._expectations:
            if isinstance(one, Notes):
                found += one.expectations
            else:
                place, type_, symbols, arguments = one
                found.append(ExpectedUse(_located(place), type_, partial(symbols, *arguments)))
        return tuple(found)


class Notes(Findings):
    """What is found in one stage: kept apart, for the states of the program in which it is found again."""

    def __init__(self) -> None:
        super().__init__()
        self.reports: list[tuple[str, Diagnostic]] = []
        """The messages; with a fact, those about what shows in several places."""

    def report(self, found: Diagnostic) -> None:
        """Note a message."""
        self.reports.append(("", found))

    def report_once(self, fact: str, found: Diagnostic) -> None:
        """Note a message about a fact that shows in several places."""
        self.reports.append((fact, found))


def _located(place: Location | Place) -> Location:
    if isinstance(place, Location):
        return place
    origin, node = place
    return origin.at(node)
