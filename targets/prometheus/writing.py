"""Rule files as YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlopsc.targets.yaml_text import dumped, lines_of


def yaml_text(groups: Sequence[dict[str, Any]]) -> str:
    """The groups of alerts as a file; the same text for the same groups."""
    return dumped({"groups": _value(groups)})


def _value(value: Any) -> Any:
    """The same with texts of several lines as blocks, so that expressions can be read."""
    match value:
        case str():
            return lines_of(value)
        case Mapping():
            return {name: _value(one) for name, one in value.items()}
        case Sequence():
            return [_value(one) for one in value]
        case _:
            return value
