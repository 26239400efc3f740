"""The secrets that a value of a spec names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_WORD = "secret"


def secret_names(value: Any) -> Iterator[str]:
    """The names of all calls of `secret` in a value, as the IR and the semantic model have it."""
    if isinstance(value, Mapping):
        if value.get("function") == _WORD:
            yield str(value["name"])
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from secret_names(one)
