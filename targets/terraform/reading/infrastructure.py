"""The folders of two environments, side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.targets.terraform.reading.values import Side, differences

_COMMENT = "//"
_TAGS = ("tags",)
Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Bodies by type and name."""


@dataclass(frozen=True)
class Only:
    """The resources of a type that one of the two has alone."""

    type: str
    first: tuple[str, ...]
    second: tuple[str, ...]


@dataclass(frozen=True)
class Other:
    """An argument of a resource that both have, otherwise in each."""

    what: str
    first: str
    second: str


def resources_of(document: Mapping[str, Any]) -> Resources:
    """What a file of Terraform declares, without its comments."""
    return {
        type_: {name: {key: one for key, one in body.items() if key != _COMMENT} for name, body in named.items()}
        for type_, named in (document.get("resource") or {}).items()
    }


def alone(first: Resources, second: Resources) -> Iterator[Only]:
    """What only one of the two has, by type."""
    for type_ in sorted({*first, *second}):
        here, there = first.get(type_, {}), second.get(type_, {})
        only = Only(type_, tuple(sorted(here.keys() - there.keys())), tuple(sorted(there.keys() - here.keys())))
        if only.first or only.second:
            yield only


def otherwise(first: Resources, second: Resources, names: tuple[str, str]) -> Iterator[Other]:
    """What is set otherwise in what both have; that the environment's own name is in a value makes no difference."""
    for type_ in sorted(first.keys() & second.keys()):
        for name in sorted(first[type_].keys() & second[type_].keys()):
            bodies = [
                {key: one for key, one in side[type_][name].items() if key not in _TAGS} for side in (first, second)
            ]
            for one in differences(Side(bodies[0]), Side(bodies[1])):
                if _unnamed(one.before, names[0]) != _unnamed(one.after, names[1]):
                    yield Other(f"{type_}.{name}: {one.path}", one.before, one.after)


def _unnamed(text: str, environment: str) -> str:
    """A text without the name of its environment, where that stands as a word."""
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(environment)}(?![A-Za-z0-9])", "", text)


def shared_by(call: Mapping[str, Any]) -> str:
    """The folder below `bootstrap/` that an environment on this platform needs; empty where there is none."""
    account = call.get("account") or call.get("subscription")
    return f"{call['function']}-{account}".lower() if account else ""


def own_part(resources: Resources, environment: str) -> Resources:
    """What a bootstrap makes for one environment: its names begin with that of the environment."""
    return {
        type_: {name: body for name, body in named.items() if name.startswith(f"{environment}_")}
        for type_, named in resources.items()
    }


def together(first: Resources, second: Resources) -> Resources:
    """The resources of two folders."""
    return {
        type_: {**first.get(type_, {}), **{f"bootstrap {name}": body for name, body in second.get(type_, {}).items()}}
        for type_ in dict.fromkeys([*first, *second])
    }
