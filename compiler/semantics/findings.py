"""What is found while a program is checked: messages, each once, and what names mean, for editors."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.schema.types import Type
from mlopsc.compiler.semantics.index import ExpectedUse, Symbol, Use
from mlopsc.compiler.text import Location, Span


class Refused(Exception):  # noqa: N818 (it is the spec that has the error; here it is the way out)
    """A mistake has been reported; what depends on the thing is left out, so that one mistake gives one message."""


class Findings:
    """What has been found so far."""

    def __init__(self, faults: Iterable[Location] = ()) -> None:
        """`faults` are the places of mistakes of syntax: on their lines nothing more is said."""
        self._faulty = {(place.file.path, place.position.line) for place in faults}
        self.uses: list[Use] = []
        self.expectations: list[ExpectedUse] = []
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

    def refused(self, found: Diagnostic) -> Refused:
        """Report, and what to raise."""
        self.report(found)
        return Refused()

    def use(self, location: Location, symbol: Symbol) -> None:
        """Note what the name at a place means."""
        self.uses.append(Use(location, symbol))

    def expect(self, location: Location, type_: Type | None, symbols: Callable[[], Iterable[Symbol]]) -> None:
        """Note what may stand at a place."""
        self.expectations.append(ExpectedUse(location, type_, symbols))
