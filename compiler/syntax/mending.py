"""Where the tokens of a chunk stand while they are put right one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlopsc.compiler.syntax.problems import Problems
from mlopsc.compiler.syntax.tokens import LINE_ENDS, Token, end_of, kind_at, made, start_of
from mlopsc.compiler.syntax.vocabulary import Vocabulary
from mlopsc.compiler.text import Span


@dataclass
class Mending:
    """The tokens of a chunk while they are put right: `done` is what the parser will see."""

    text: str
    tokens: list[Token]
    vocabulary: Vocabulary
    problems: Problems
    done: list[Token] = field(default_factory=list)
    index: int = 0
    brackets: int = 0

    @property
    def token(self) -> Token:
        """The token at hand."""
        return self.tokens[self.index]

    @property
    def next_kind(self) -> str:
        """The kind of the token after the one at hand, or ""."""
        return kind_at(self.tokens, self.index + 1)

    @property
    def last_kind(self) -> str:
        """The kind of the last token done, or ""."""
        return kind_at(self.done, len(self.done) - 1)

    @property
    def at_line_start(self) -> bool:
        """Whether the token at hand begins a line or the first item of a block."""
        return not self.done or self.done[-1].type in LINE_ENDS

    def keep(self) -> None:
        """The token at hand is right as it is."""
        self.done.append(self.token)

    def put(self, kind: str, text: str, span: Span | None = None) -> None:
        """A token in the place of the one at hand, or of all characters of `span`."""
        span = span or Span(start_of(self.token), end_of(self.token))
        self.done.append(made(kind, text, span, self.token))

    def skip_to(self, offset: int) -> None:
        """Pass over the tokens that begin before an offset; the one at hand is passed anyway."""
        while self.index + 1 < len(self.tokens) and start_of(self.tokens[self.index + 1]) < offset:
            self.index += 1
