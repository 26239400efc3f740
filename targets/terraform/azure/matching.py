"""Conditions of role assignments, read back and decided: of Azure's language the part that is written here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NoReturn


class UnreadableError(Exception):
    """Something that this evaluator does not know, so that it can say neither yes nor no."""


@dataclass(frozen=True)
class Asked:
    """What somebody wants to do: an action, which kind of it, and what is known of the thing and of the request.

    Attributes are by source and name: `Resource[Microsoft.Storage/storageAccounts:name]`.
    """

    action: str
    suboperation: str = ""
    attributes: Mapping[str, str] | None = None

    def attribute(self, name: str) -> str:
        """The value of an attribute; raises UnreadableError for one that is not known of this."""
        if self.attributes is None or name not in self.attributes:
            raise UnreadableError(f"nothing is known of @{name} when asking for {self.action}")
        return self.attributes[name]


Test = Callable[[Asked], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()!])|(?P<word>AND|OR|NOT)\b|(?P<match>ActionMatches|SubOperationMatches)\{'(?P<what>[^']*)'\}"
    r"|@(?P<attribute>(?:Resource|Request)\[[^\]]+\])\s+(?P<operator>[A-Za-z:]+)\s+(?P<value>'[^']*'|\{[^{}]*\}))"
)
_SETS = ("ForAnyOfAnyValues:GuidEquals", "ForAnyOfAllValues:GuidNotEquals")
_LIKE = "ForAnyOfAnyValues:StringLike"


def holds(condition: str, asked: Asked) -> bool:
    """Whether a condition lets somebody do it; raises UnreadableError for anything that is not written here."""
    return _parsed(condition)(asked)


@cache
def _parsed(condition: str) -> Test:
    reader = _Reader(_tokens(condition), condition)
    found = reader.expression()
    return found if reader.is_done else reader.fail()


def _tokens(condition: str) -> Sequence[re.Match[str]]:
    found, at = [], 0
    while at < len(condition.rstrip()):
        token = _TOKEN.match(condition, at)
        if token is None:
            raise UnreadableError(f"a condition says {condition[at : at + 60]!r}")
        found.append(token)
        at = token.end()
    return found


class _Reader:
    """Reads an expression from tokens; `AND` and `OR` side by side need parentheses, as in all that is written here."""

    def __init__(self, tokens: Sequence[re.Match[str]], condition: str) -> None:
        self._tokens = tokens
        self._condition = condition
        self._at = 0

    @property
    def is_done(self) -> bool:
        return self._at == len(self._tokens)

    def fail(self) -> NoReturn:
        raise UnreadableError(f"token {self._at + 1} of a condition cannot be read: {self._condition}")

    def expression(self) -> Test:
        terms = [self._term()]
        word = self._peek("word")
        while self._peek("word") in ("AND", "OR"):
            if self._peek("word") != word:
                self.fail()
            self._at += 1
            terms.append(self._term())
        if len(terms) == 1:
            return terms[0]
        together = all if word == "AND" else any
        return lambda asked: together(term(asked) for term in terms)

    def _term(self) -> Test:
        if self._peek("mark") == "!" or self._peek("word") == "NOT":
            self._at += 1
            inner = self._term()
            return lambda asked: not inner(asked)
        if self._peek("mark") == "(":
            self._at += 1
            found = self.expression()
            if self._peek("mark") != ")":
                self.fail()
            self._at += 1
            return found
        if self.is_done or self._peek("mark") or self._peek("word"):
            self.fail()
        token = self._tokens[self._at]
        self._at += 1
        return _match(token) if token["match"] else _comparison(token)

    def _peek(self, kind: str) -> str | None:
        return None if self.is_done else self._tokens[self._at][kind]


def _match(token: re.Match[str]) -> Test:
    what = token["what"]
    match token["match"]:
        case "ActionMatches":
            return lambda asked: matches(what, asked.action)
        case "SubOperationMatches":
            return lambda asked: asked.suboperation.lower() == what.lower()
    raise UnreadableError(f"a condition asks for {token['match']}")


def _comparison(token: re.Match[str]) -> Test:
    name, operator, value = token["attribute"], token["operator"], token["value"]
    if operator in _SETS and value.startswith("{"):
        among = {one.strip().lower() for one in value[1:-1].split(",")}
        wanted = operator == _SETS[0]
        return lambda asked: (asked.attribute(name).lower() in among) == wanted
    if operator == _LIKE and value.startswith("{"):
        patterns = re.findall(r"'([^'?\\]*)'", value)
        if ", ".join(f"'{one}'" for one in patterns) == value[1:-1]:
            return lambda asked: any(_like(one, asked.attribute(name)) for one in patterns)
    text = value[1:-1]
    if value.startswith("'"):
        match operator:
            case "StringEquals":
                return lambda asked: asked.attribute(name) == text
            case "StringEqualsIgnoreCase":
                return lambda asked: asked.attribute(name).lower() == text.lower()
    raise UnreadableError(f"a condition compares with {operator} {value}")


def matches(pattern: str, action: str) -> bool:
    """Whether an action is one of those that a pattern with `*` names; Azure knows no case there."""
    return _like(pattern.lower(), action.lower())


def _like(pattern: str, text: str) -> bool:
    """Whether a text is like a pattern, in which `*` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
