"""Parses tokens by the tables that lark made of the grammar; lark itself is not imported for that.

Importing lark costs more than checking a spec, so it is only there when the tables are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mlopsc.compiler.syntax.tokens import Token

END = "$END"


class Production(NamedTuple):
    """A rule of the grammar as it is reduced: `size` values become one.

    `kept` are the places of the values that count and whether each is a list to be spliced in. `build` names what is
    made of them; empty means that the list itself is kept. A `passes_one` rule with a single value is that value.
    """

    origin: str
    size: int
    build: str
    passes_one: bool
    kept: tuple[tuple[int, bool], ...]


@dataclass(frozen=True)
class ParseTable:
    """For each state what a kind of token (or a rule) leads to: a state from 0 on, or `-1 - production` to reduce."""

    states: Sequence[Mapping[str, int]]
    productions: Sequence[Production]
    start: int
    end: int


class UnexpectedTokenError(Exception):
    """No rule goes on with this token."""

    def __init__(self, token: Token) -> None:
        super().__init__(token)
        self.token = token


class Parser:
    """A parse at some token: the stacks of states and of the values made so far."""

    def __init__(self, table: ParseTable, builders: Mapping[str, Callable[[Any], Any]]) -> None:
        """`builders` make a value of a token of their kind, or of the values of a rule of their name."""
        self._table = table
        self._builders = builders
        self.states = [table.start]
        self.values: list[Any] = []

    def feed(self, token: Token) -> Any:
        """Take a token; gives the value of the whole when it is the last one. Raises UnexpectedTokenError."""
        while True:
            action = self._table.states[self.states[-1]].get(token.type)
            if action is None:
                raise UnexpectedTokenError(token)
            if action >= 0:
                build = self._builders.get(token.type)
                self.states.append(action)
                self.values.append(build(token) if build else token)
                return None
            self._reduce(self._table.productions[-1 - action])
            if token.type == END and self.states[-1] == self._table.end:
                return self.values[-1]

    def accepts(self) -> set[str]:
        """The kinds of token that could come next."""
        return {kind for kind in self._table.states[self.states[-1]] if kind.isupper() and self._could_take(kind)}

    def _reduce(self, production: Production) -> None:
        size = production.size
        if size == 1 and production.passes_one:
            self.states.pop()
        else:
            values = self.values[-size:] if size else []
            if size:
                del self.values[-size:]
                del self.states[-size:]
            self.values.append(self._made(production, values))
        self.states.append(self._table.states[self.states[-1]][production.origin])

    def _made(self, production: Production, values: Sequence[Any]) -> Any:
        kept: list[Any] = []
        for place, is_list in production.kept:
            if is_list and not kept:
                kept = values[place]  # nobody else holds the list: copying it would make long lists quadratic
            elif is_list:
                kept += values[place]
            else:
                kept.append(values[place])
        if production.passes_one and len(kept) == 1:
            return kept[0]
        return self._builders[production.build](kept) if production.build else kept

    def _could_take(self, kind: str) -> bool:
        states = [*self.states]
        while True:
            action = self._table.states[states[-1]].get(kind)
            if action is None or action >= 0:
                return action is not None
            production = self._table.productions[-1 - action]
            if production.size:
                del states[-production.size :]
            states.append(self._table.states[states[-1]][production.origin])
            if kind == END and states[-1] == self._table.end:
                return True
