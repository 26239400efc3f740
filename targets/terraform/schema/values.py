"""Whether a value of JSON is one of a type of Terraform, with the conversions that Terraform makes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlopsc.targets.terraform.schema.wording import join, unknown

Type = str | list[Any]
"""A type as Terraform writes it: `"string"`, `["list", "string"]`, `["object", {...}, [what may be left out]]`."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_WORDS = {"string": "text", "number": "a number", "bool": "true or false"}
_CONTAINERS = {"list": "a list", "set": "a list", "map": "an object", "object": "an object"}


def is_expression(value: object) -> bool:
    """Whether a value is known only to Terraform, and may therefore be of any type."""
    return isinstance(value, str) and "${" in value


def type_faults(path: str, expected: Type, value: object) -> Iterator[str]:
    """What is wrong with a value that stands where a type is expected; null stands for what is left out."""
    if value is None or expected == "dynamic" or is_expression(value):
        return
    if isinstance(expected, str):
        if not _is_scalar(expected, value):
            yield f"`{path}` must be {_WORDS[expected]}, not {described(value)}"
        return
    fits = isinstance(value, list) if expected[0] in ("list", "set") else isinstance(value, Mapping)
    if not fits:
        yield f"`{path}` must be {_CONTAINERS[expected[0]]}, not {described(value)}"
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from type_faults(f"{path}[{place}]", expected[1], one)
    elif isinstance(value, Mapping):
        yield from _object_faults(path, expected, value)


def described(value: object) -> str:
    """What a value is, in words."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'the text "{value}"'
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "an object"


def type_words(expected: Type) -> str:
    """What a type is, in words."""
    if isinstance(expected, str):
        return _WORDS.get(expected, "anything")
    return _CONTAINERS[expected[0]]


def _is_scalar(expected: str, value: object) -> bool:
    """Terraform makes text of numbers and of true and false, and these of texts that say them."""
    if expected == "string":
        return isinstance(value, str | int | float)
    if expected == "bool":
        return isinstance(value, bool) or value in ("true", "false")
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _object_faults(path: str, expected: Sequence[Any], value: Mapping[str, object]) -> Iterator[str]:
    if expected[0] == "map":
        for name, one in value.items():
            yield from type_faults(join(path, name), expected[1], one)
        return
    parts, may_lack = expected[1], expected[2] if len(expected) > 2 else ()
    for name, one in value.items():
        if name in parts:
            yield from type_faults(join(path, name), parts[name], one)
        else:
            yield unknown(path, name, parts)
    # An attribute that holds objects wants each part of them said, with null at least.
    for name in parts:
        if name not in value and name not in may_lack:
            yield f"`{join(path, name)}` is missing"
