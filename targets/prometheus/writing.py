"""Rule files as YAML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

_WIDEST = 10_000


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that expressions can be read; lists indented below their keys."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 (its own name)
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and text.isascii() else None
    if not text.replace("\n", "").isprintable():
        style = '"'  # some of what cannot be seen ends a line for YAML: only here is it escaped
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def yaml_text(groups: Sequence[dict[str, Any]]) -> str:
    """The groups of alerts as a file; the same text for the same groups."""
    return str(yaml.dump({"groups": list(groups)}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDEST))
