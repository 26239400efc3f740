"""Policies of AWS, as far as one that gets weaker shows: what they allow to all, and whom they trust."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ALL = re.compile(r"\*|\*:\*|[\w-]+:\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:\*")
"""Actions and resources that name everything, or everything of one service."""
_EVERYTHING = ("*", "*:*")


@dataclass(frozen=True)
class Trust:
    """Who may take a role, and under which conditions: values by operator and key."""

    principal: str
    conditions: Mapping[str, frozenset[str]]

    def is_within(self, other: Trust) -> bool:
        """Whether everybody that this lets in is let in by the other, too."""
        return self.principal == other.principal and all(self._keeps(key, one) for key, one in other.conditions.items())

    def _keeps(self, condition: str, values: frozenset[str]) -> bool:
        """Whether whoever fulfils the conditions of this fulfils that one, too."""
        own = self.conditions.get(condition)
        if own is not None and own <= values:
            return True
        exact = self.conditions.get(condition.replace("StringLike ", "StringEquals ", 1))
        is_pattern = condition.startswith("StringLike ") and exact is not None
        return is_pattern and all(any(_is_like(one, pattern) for pattern in values) for one in exact or ())

    def __str__(self) -> str:
        """In words."""
        if not self.conditions:
            return f"{self.principal} without a condition"
        return f"{self.principal} if {', '.join(f'{key} is {_either(one)}' for key, one in self.conditions.items())}"


def widened(before: str, after: str) -> Iterator[str]:
    """What a policy allows to all, or to all things, that it did not before; and what it does not forbid any more."""
    had = {*_wide(_statements(before))}
    yield from (one for one in _wide(_statements(after)) if one not in had)
    kept = [_key(one) for one in _statements(after) if one.get("Effect") == "Deny"]
    for one in _statements(before):
        if one.get("Effect") == "Deny" and _key(one) not in kept:
            yield f"it does not forbid {_either(_texts(one.get('Action', '*')))} any more as it did"


def wide_from_the_start(after: str) -> Iterator[str]:
    """What a new policy allows that none should."""
    for statement in _allowing(_statements(after)):
        if {*_texts(statement.get("Action"))}.intersection(_EVERYTHING):
            yield "it allows every action"
        if _is_for_all(statement):
            yield "it lets in everybody"


def trusts_widened(before: str, after: str) -> Iterator[str]:
    """Whom a trust policy lets in that it did not before."""
    had = [*_trusts(before)]
    yield from (str(one) for one in _trusts(after) if not any(one.is_within(other) for other in had))


def _wide(statements: list[Mapping[str, Any]]) -> Iterator[str]:
    for statement in _allowing(statements):
        actions = _texts(statement.get("Action"))
        yield from (f"it allows `{one}`" for one in actions if _ALL.fullmatch(one))
        for resource in _texts(statement.get("Resource")):
            if _ALL.fullmatch(resource):
                yield from (f"it allows `{action}` on `{resource}`" for action in actions)
        if _is_for_all(statement):
            yield "it lets in everybody"
        yield from (f"it allows all but some, by `{one}`" for one in statement if one.startswith("Not"))


def _allowing(statements: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (one for one in statements if one.get("Effect") == "Allow")


def _is_for_all(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.values() if isinstance(principal, Mapping) else [principal]
    return any("*" in _texts(one) for one in named) and not statement.get("Condition")


def _trusts(text: str) -> Iterator[Trust]:
    for statement in _allowing(_statements(text)):
        conditions = {
            f"{operator} {key}": frozenset(_texts(values))
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, values in keys.items()
        }
        principal = statement.get("Principal")
        named = principal if isinstance(principal, Mapping) else {"": principal}
        for kind, values in named.items():
            yield from (Trust(f"{kind} {one}".strip(), conditions) for one in _texts(values))


def _is_like(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern of AWS, in which `*` and `?` are the only signs."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


def _statements(text: str) -> list[Mapping[str, Any]]:
    """The statements of a policy; none of a text that is no policy."""
    try:
        found = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError):
        return []
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)]


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _key(statement: Mapping[str, Any]) -> str:
    return json.dumps({name: one for name, one in statement.items() if name != "Sid"}, sort_keys=True)


def _either(values: Any) -> str:
    return " or ".join(f"`{one}`" for one in sorted(values))
