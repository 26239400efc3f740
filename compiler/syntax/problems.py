"""The problems of a chunk, while it is parsed."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlopsc.compiler.diagnostics import Message
from mlopsc.compiler.syntax.ast import SyntaxProblem
from mlopsc.compiler.text import Span


@dataclass
class Problems:
    """What has been found so far."""

    found: list[SyntaxProblem] = field(default_factory=list)

    def add(self, message: Message[...], span: Span, **details: str | Span) -> None:
        """Note a mistake; the details are the arguments of its message, with spans where it takes locations."""
        self.found.append(SyntaxProblem(message.code.id, span, tuple(details.items())))

    def any_within(self, start: int, end: int) -> bool:
        """Whether a mistake begins in this range of offsets."""
        return any(start <= problem.span.start <= end for problem in self.found)
