"""A plan of Terraform, read: what it would do to each resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from mlopsc.targets.terraform.reading.values import SENSITIVE, Difference, Side, differences, secrets

_KEY = re.compile(r"[^.\[\]]+")


class Act(StrEnum):
    """What would be done to a resource, the gravest first."""

    DESTROY = "destroy"
    REPLACE = "replace"
    FORGET = "forget"
    CHANGE = "change"
    MAKE = "make"


_ACTS: Mapping[tuple[str, ...], Act] = {
    ("delete",): Act.DESTROY,
    ("delete", "create"): Act.REPLACE,
    ("create", "delete"): Act.REPLACE,
    ("forget",): Act.FORGET,
    ("create", "forget"): Act.REPLACE,
    ("update",): Act.CHANGE,
    ("create",): Act.MAKE,
}


@dataclass(frozen=True)
class Change:
    """What would be done to one resource. `content` is the change as the plan has it."""

    address: str
    type: str
    act: Act
    content: Mapping[str, Any]

    @property
    def before(self) -> Mapping[str, Any]:
        """Its attributes now; empty when there is none."""
        return self.content.get("before") or {}

    @property
    def after(self) -> Mapping[str, Any]:
        """Its attributes then, as far as they are known; empty when there will be none."""
        return self.content.get("after") or {}

    def is_unknown(self, path: str) -> bool:
        """Whether what is at a path (`rule[0].days`) is known only once the plan has been applied."""
        unknown = self.content.get("after_unknown")
        for key in _KEY.findall(path):
            if isinstance(unknown, list) and key.isdecimal() and int(key) < len(unknown):
                unknown = unknown[int(key)]
            else:
                unknown = unknown.get(key) if isinstance(unknown, Mapping) else unknown is True
        return unknown is True

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Which attributes change; none where the resource is new or goes."""
        if self.act not in (Act.CHANGE, Act.REPLACE):
            return ()
        content = self.content
        before = Side(self.before, content.get("before_sensitive", False))
        after = Side(self.after, content.get("after_sensitive", False), content.get("after_unknown", False))
        hidden = {*secrets(before.value, before.sensitive), *secrets(after.value, after.sensitive)} - {""}
        return tuple(_without(one, hidden) for one in differences(before, after) if not self._follows(one))

    @property
    def forced_by(self) -> tuple[str, ...]:
        """The attributes that cannot be changed in place."""
        paths = self.content.get("replace_paths") or ()
        return tuple(".".join(str(key) for key in path) for path in paths)

    def _follows(self, difference: Difference) -> bool:
        """Whether a difference only follows from a replacement: a new thing has another id."""
        top = difference.path.partition(".")[0].partition("[")[0]
        is_forced = any(one == top or one.startswith(f"{top}.") for one in self.forced_by)
        return self.act is Act.REPLACE and self.is_unknown(top) and not is_forced


@dataclass(frozen=True)
class Changes:
    """A plan: what it would do, what has changed outside of Terraform, and whether outputs change."""

    changes: tuple[Change, ...]
    drifted: tuple[str, ...]
    outputs: tuple[str, ...]

    def of(self, act: Act) -> tuple[Change, ...]:
        """The resources to which this would be done."""
        return tuple(one for one in self.changes if one.act is act)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes and not self.outputs


def _without(difference: Difference, hidden: set[str]) -> Difference:
    """The same without secrets: a provider may hand one on to an attribute that nobody marked."""
    sides = [
        SENSITIVE if any(one in side for one in hidden) else side for side in (difference.before, difference.after)
    ]
    return Difference(difference.path, *sides)


def read_plan(document: Mapping[str, Any]) -> Changes:
    """What `terraform show -json` says of a plan."""
    order = [*Act]
    found = sorted(_changes(document.get("resource_changes") or ()), key=lambda one: order.index(one.act))
    drifted = tuple(one.address for one in _changes(document.get("resource_drift") or ()))
    outputs = document.get("output_changes") or {}
    changed = tuple(name for name, one in outputs.items() if tuple(one["actions"]) not in ((), ("no-op",)))
    return Changes(tuple(found), drifted, changed)


def _changes(entries: Sequence[Mapping[str, Any]]) -> Iterator[Change]:
    for one in entries:
        act = _ACTS.get(tuple(one["change"]["actions"]))
        if act is not None and one.get("mode") == "managed":
            yield Change(str(one["address"]), str(one["type"]), act, one["change"])
