"""Which actions a workflow uses, read from its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mlopsc.targets.github.pins import Pin

_COMMENT = re.compile(r"\s*#\s*(\S+)")
_LOCAL = "./"


@dataclass(frozen=True)
class Use:
    """An action in a workflow, with the commit and the comment that stand beside it, and its line."""

    action: str
    commit: str
    comment: str
    line: int


class UnreadableError(Exception):
    """A file is no workflow."""


def uses_of(text: str) -> list[Use]:
    """What the jobs and steps of a workflow use, but for what is in the repository itself; raises UnreadableError."""
    try:
        root = YAML().compose(text)
    except (YAMLError, RecursionError, ValueError) as error:
        raise UnreadableError from error
    jobs = _value(root, "jobs")
    if not isinstance(jobs, MappingNode):
        raise UnreadableError
    lines = text.splitlines()
    found = [_use(node, lines) for _, job in jobs.value for node in _nodes(job)]
    return [one for one in found if not one.action.startswith(_LOCAL)]


def against(use: Use, pins: Mapping[str, Pin]) -> str:
    """What is wrong with a use, given the pins by action; empty where nothing is."""
    pin = pins.get(use.action)
    if pin is None:
        return f"`{use.action}` is not pinned here"
    if use.commit != pin.commit:
        return f"`{use.action}` is at `{use.commit}`, and pinned to `{pin.commit}`, {pin.version}"
    if use.comment != pin.version:
        return f"`{use.action}` is called `{use.comment}`, and its commit is {pin.version}"
    return ""


def _nodes(job: Node) -> Iterator[ScalarNode]:
    steps = _value(job, "steps")
    for place in (job, *(steps.value if isinstance(steps, SequenceNode) else ())):
        named = _value(place, "uses")
        if isinstance(named, ScalarNode):
            yield named


def _value(node: Node | None, key: str) -> Node | None:
    pairs = node.value if isinstance(node, MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _use(node: ScalarNode, lines: list[str]) -> Use:
    action, _, commit = str(node.value).partition("@")
    beside = _COMMENT.match(lines[node.end_mark.line][node.end_mark.column :])
    return Use(action, commit, beside[1] if beside else "", node.start_mark.line + 1)
