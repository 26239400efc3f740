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

    def any_within(self, start: int, end: int, message: Message[...] | None = None) -> bool:
        """Whether a mistake (of one kind, if it is given) begins in this range of offsets."""
        code = message.code.id if message else None
        return any(start <= problem.span.start <= end and code in (None, problem.code) for problem in self.found)
