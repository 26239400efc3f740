"""The problems of a chunk, while it is parsed."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field

from mlopsc.compiler.diagnostics import Message
from mlopsc.compiler.syntax.ast import SyntaxProblem
from mlopsc.compiler.text import Span


@dataclass
class Problems:
    """What has been found so far."""

    found: list[SyntaxProblem] = field(default_factory=list)
    _places: list[tuple[int, str]] = field(default_factory=list)
    _codes: set[str] = field(default_factory=set)

    def add(self, message: Message[...], span: Span, **details: str | Span) -> None:
        """Note a mistake; the details are the arguments of its message, with spans where it takes locations."""
        self.found.append(SyntaxProblem(message.code.id, span, tuple(details.items())))
        self._codes.add(message.code.id)
        insort(self._places, (span.start, message.code.id))

    def any_within(self, start: int, end: int, message: Message[...] | None = None) -> bool:
        """Whether a mistake (of one kind, if it is given) begins in this range of offsets."""
        if message is not None and message.code.id not in self._codes:
            return False
        places = self._places[bisect_left(self._places, (start, "")) : bisect_left(self._places, (end + 1, ""))]
        return any(message is None or code == message.code.id for _, code in places)
