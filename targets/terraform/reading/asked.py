"""Who asked for a resource: the part and rule of the spec, and the place where they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mlopsc.compiler.ir.origins import Origins
from mlopsc.targets import Build
from mlopsc.targets.terraform import platforms
from mlopsc.targets.terraform.reading.changes import Change
from mlopsc.targets.terraform.resources import Reason, Root

_INDEX = re.compile(r"\[[^\]]*\]$")
_TAGS = ("tags", "tags_all")


@dataclass(frozen=True)
class Asked:
    """The reason of a resource: what it is for, the part of the spec, a rule or setting of it, and its place."""

    purpose: str
    part: str
    rule: str = ""
    place: str = ""

    @property
    def whose(self) -> str:
        """The part and the rule in words: `release api: guard error_rate`."""
        return f"{self.part}: {self.rule}" if self.rule else self.part


@dataclass(frozen=True)
class Asking:
    """The reasons of all resources of a folder, by address."""

    reasons: Mapping[str, Reason]
    origins: Origins
    extensions: tuple[str, ...] = ()
    environment: str = ""
    places: Mapping[str, str] = field(default_factory=dict)

    def of(self, change: Change) -> Asked:
        """Who asks for it; of one that nothing asks for any more, who did, from its tags."""
        reason = self.reasons.get(_INDEX.sub("", change.address))
        if reason is not None:
            return Asked(reason.purpose, reason.part, reason.rule, self._place(reason))
        if change.after and self.extensions:
            return Asked("", f"added by {', '.join(self.extensions)}", place=self.places.get("infrastructure", ""))
        tags: Mapping[str, str] = next((change.before[one] for one in _TAGS if change.before.get(one)), {})
        part = tags.get("mlopsc-part")
        return Asked("", f"{part}, until now" if part else "nothing in the spec", str(tags.get("mlopsc-rule", "")))

    def _place(self, reason: Reason) -> str:
        kind, _, name = reason.part.partition(" ")
        part = self.origins["environment"] if kind == "environment" else self.origins["stages"].get(name, {})
        if kind == "pipeline":
            return str(self.origins["pipeline"])
        exact = part.get("rules", {}).get(reason.rule) or part.get("settings", {}).get(reason.rule)
        return str(exact or part.get("at", ""))


def root_of(build: Build) -> Root | None:
    """The folder of an environment, as its platform declares it; None where Terraform has nothing to do."""
    plan = platforms.named(str(platforms.platform_of(build)["function"])).plan(build)
    return plan.root if plan else None


def asking(build: Build, root: Root) -> Asking:
    """The reasons of all resources of a build's folder."""
    return Asking(
        {one.address: one.reason for one in root.resources},
        build.origins,
        tuple(f"{one.file}:{one.function}" for one in root.extensions),
        root.environment,
        build.origins["environment"]["settings"],
    )
