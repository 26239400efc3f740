"""YAML as values that know their lines. Nothing in a file is executed, and aliases cannot make it endless.

What is plain is read as YAML 1.2 says: `no` and `0777` are text and 777, not false and 511.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from mlopsc.compiler.importing.model import ImportProblem, Place
from mlopsc.compiler.workspace import SourceProblem, Workspace

LARGEST = 1_000_000
"""The longest text that is read, in characters. No person writes a longer one."""
_MOST_VALUES = 200_000
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_INT = re.compile(r"[-+]?\d[\d_]*|0o[0-7_]+|0x[\da-fA-F_]+")
_FLOAT = re.compile(r"[-+]?(\.\d+|\d[\d_]*(\.[\d_]*)?)([eE][-+]?\d+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Value:
    """A mapping (a dict of values), a list of values, or a scalar, and the line it stands on."""

    content: Any
    place: Place

    def get(self, key: str) -> Value:
        """The value at a key; one without content where there is none."""
        found = self.content.get(key) if isinstance(self.content, dict) else None
        return found if found is not None else Value(None, self.place)

    def __bool__(self) -> bool:
        return self.content not in (None, "")

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.content, dict)

    @property
    def is_list(self) -> bool:
        """Whether it has elements."""
        return isinstance(self.content, list)

    @property
    def items(self) -> list[tuple[str, Value]]:
        """The keys and values of a mapping; none of anything else."""
        return list(self.content.items()) if isinstance(self.content, dict) else []

    @property
    def elements(self) -> list[Value]:
        """The elements of a list; what is no list is a list of one, and nothing is a list of none."""
        if isinstance(self.content, list):
            return self.content
        return [] if self.content is None else [self]

    @property
    def text(self) -> str:
        """A scalar as text; empty for what is none."""
        if self.content is None or self.is_mapping or self.is_list:
            return ""
        if isinstance(self.content, bool):
            return "true" if self.content else "false"
        return str(self.content)

    @property
    def plain(self) -> Any:
        """The value without its lines."""
        if isinstance(self.content, dict):
            return {key: one.plain for key, one in self.content.items()}
        if isinstance(self.content, list):
            return [one.plain for one in self.content]
        return self.content


def read_yaml(workspace: Workspace, path: str) -> list[Value]:
    """The documents of a file; raises ImportProblem."""
    try:
        text = workspace.read(path)
    except SourceProblem as problem:
        raise ImportProblem(problem.message, _hint_of(problem)) from problem
    if len(text) > LARGEST:
        fact = f"`{path}` has {len(text) / 1e6:.1f} MB, and a pipeline that people write has less than 1 MB"
        raise ImportProblem(fact, "give the file with the pipeline, not with its data or results")
    return _values(path, text)


def _hint_of(problem: SourceProblem) -> str:
    if problem.trouble == "large":
        return "give the file with the pipeline, not with its data or results"
    return problem.hint


@lru_cache(maxsize=16)  # a file is looked at to tell what it is, then read; parameters are read for each stage
def _values(path: str, text: str) -> list[Value]:
    try:
        return list(_Reader(path, text).documents())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = text.count("\n", 0, -1) + 1  # where something is missing at the end, that is found behind it
        where = f"{path}:{min(mark.line + 1, last)}" if mark else path
        reason = " ".join(str(error.problem or error.context or "it cannot be parsed").split())
        if "nesting depth" in reason:  # as PyYAML has it from 6.0.4 on
            raise _too_deep(path) from error
        raise ImportProblem(f"`{where}` is not YAML: {reason}", "correct that line, then import again") from error
    except (yaml.YAMLError, ValueError) as error:
        fact = f"`{path}` is not YAML: {' '.join(str(error).split())}"
        raise ImportProblem(fact, "give a YAML file, such as dvc.yaml") from error
    except RecursionError as error:
        raise _too_deep(path) from error


def _too_deep(path: str) -> ImportProblem:
    return ImportProblem(f"`{path}` is nested too deeply to be read", "give the file that people write")


class _Reader:
    """Makes values of the events of a text."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._events: Iterator[Event] = iter(yaml.parse(text, Loader=_PARSER))
        self._anchors: dict[str, tuple[Value, int]] = {}
        self._count = 0

    def documents(self) -> Iterator[Value]:
        """The documents of the text."""
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._anchors, self._count = {}, 0
                yield self._value(next(self._events))

    def _value(self, event: Event) -> Value:
        place = Place(self._path, _line(event))
        before = self._count
        self._counted(1, place)
        if isinstance(event, AliasEvent):
            return self._alias(event, place)
        if isinstance(event, ScalarEvent):
            found = Value(_scalar(event), place)
        else:
            found = Value(self._mapping() if isinstance(event, MappingStartEvent) else self._list(), place)
        if isinstance(event, NodeEvent) and event.anchor:
            self._anchors[event.anchor] = found, self._count - before
        return found

    def _counted(self, more: int, place: Place) -> None:
        self._count += more
        if self._count > _MOST_VALUES:
            raise ImportProblem(
                f"`{place}`: aliases (`*`) make it too long to be read", "write out what they stand for"
            )

    def _alias(self, event: AliasEvent, place: Place) -> Value:
        """What an anchor stands for; it counts as often as it is named."""
        if event.anchor not in self._anchors:
            raise ImportProblem(f"`{place}`: `*{event.anchor}` stands for nothing above it", "write out what it is")
        found, count = self._anchors[event.anchor]
        self._counted(count, place)
        return found

    def _list(self) -> list[Value]:
        found = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            found.append(self._value(event))
        return found

    def _mapping(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        while isinstance(key := next(self._events), NodeEvent):
            line = _line(key)
            name = self._key(key)
            value = self._value(next(self._events))
            if name == "<<" and isinstance(key, ScalarEvent) and key.implicit[0]:
                for one in value.elements:
                    merged = {**one.content, **merged} if one.is_mapping else merged
            elif name in found:
                fact = f"`{self._path}:{line}`: `{name}` stands twice in one mapping"
                raise ImportProblem(fact, "remove one of the two")
            else:
                found[name] = Value(value.content, Place(self._path, line))
        return {**merged, **found}

    def _key(self, key: Event) -> str:
        """The name of a key; one that is no scalar has none, and the number of its line stands for it."""
        if isinstance(key, ScalarEvent):
            return str(key.value)
        read = self._value(key)
        return read.text if isinstance(key, AliasEvent) and read.text else str(read.place.line)


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: ScalarEvent) -> Any:
    """A text, or what a plain one stands for."""
    text: str = event.value
    if event.tag is not None or not event.implicit[0]:
        return text
    plain = text if text in ("", "~") else text.lower() if text in (text.lower(), text.upper(), text.title()) else text
    if plain in _WORDS:
        return _WORDS[plain]
    try:
        if _INT.fullmatch(text):
            return int(text.replace("_", ""), 0 if text[:2] in ("0x", "0o") else 10)
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        pass
    return text
