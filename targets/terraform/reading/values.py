"""Two values as Terraform's JSON has them, and where they differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SENSITIVE = "(sensitive)"
UNKNOWN = "(known after apply)"
NOTHING = "(nothing)"


@dataclass(frozen=True)
class Difference:
    """An attribute that changes: its path, and what is shown of it before and after."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Side:
    """A value, and which parts of it must not be shown or are not known yet, in the same shape."""

    value: Any
    sensitive: Any = False
    unknown: Any = False

    @property
    def is_whole(self) -> bool:
        """Whether it is one thing to show: hidden, unknown, or a value without parts."""
        return self.sensitive is True or self.unknown is True or not isinstance(self.value, Mapping | list)

    @property
    def shown(self) -> str:
        """As a person reads it; where a part of it is sensitive, nothing of it is shown."""
        if _is_marked(self.sensitive):
            return SENSITIVE
        if self.unknown is True:
            return UNKNOWN
        if self.value is None:
            return NOTHING
        return self.value if isinstance(self.value, str) else json.dumps(self.value, ensure_ascii=False)

    def part(self, key: str | int) -> Side:
        """What is below a key; nothing where there is no such thing."""
        return Side(_below(self.value, key), _mark(self.sensitive, key), _mark(self.unknown, key))

    @property
    def keys(self) -> list[str | int]:
        """The keys of its parts."""
        if isinstance(self.value, list):
            marks = len(self.unknown) if isinstance(self.unknown, list) else 0
            return [*range(max(len(self.value), marks))]
        found = [*self.value] if isinstance(self.value, Mapping) else []
        return [
            *found,
            *(key for key in (self.unknown if isinstance(self.unknown, Mapping) else ()) if key not in found),
        ]


def secrets(value: Any, marks: Any) -> Iterator[str]:
    """Every text and number that is marked as sensitive."""
    if marks is True:
        yield from _leaves(value)
    elif isinstance(marks, Mapping | list):
        keys = marks.keys() if isinstance(marks, Mapping) else range(len(marks))
        for key in keys:
            yield from secrets(_below(value, key), _mark(marks, key))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(one)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def differences(before: Side, after: Side, path: str = "") -> Iterator[Difference]:
    """Where two values differ, each difference at the deepest path that both have."""
    before, after = _opened(before), _opened(after)
    if before.is_whole or after.is_whole or _are_plain_lists(before, after):
        if not _is_same(before, after):
            yield Difference(path, before.shown, after.shown)
        return
    for key in dict.fromkeys([*before.keys, *after.keys]):
        yield from differences(before.part(key), after.part(key), _joined(path, key))


def _is_same(before: Side, after: Side) -> bool:
    return before.value == after.value and after.unknown is not True


def _opened(side: Side) -> Side:
    """A text that holds a JSON document, such as a policy, as that document."""
    if not (isinstance(side.value, str) and side.value[:1] in "{[" and side.sensitive is not True):
        return side
    try:
        return Side(json.loads(side.value), side.sensitive, side.unknown)
    except ValueError:
        return side


def _are_plain_lists(before: Side, after: Side) -> bool:
    """Whether they are lists of values without parts, which are shown as a whole."""
    sides = (before.value, after.value)
    return all(isinstance(one, list) and not any(isinstance(e, Mapping | list) for e in one) for one in sides)


def _joined(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _below(value: Any, key: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(key)
    if isinstance(value, Sequence) and not isinstance(value, str) and isinstance(key, int):
        return value[key] if key < len(value) else None
    return None


def _mark(marks: Any, key: str | int) -> Any:
    return marks if isinstance(marks, bool) else (_below(marks, key) or False)


def _is_marked(marks: Any) -> bool:
    """Whether anything is marked."""
    if isinstance(marks, Mapping):
        return any(_is_marked(one) for one in marks.values())
    if isinstance(marks, list):
        return any(_is_marked(one) for one in marks)
    return marks is True
