"""What a workflow holds, as plain data: the workflows make it, the writer writes it, the policy check judges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from mlopsc.targets.github.expressions import Expr, Mixed

Text: TypeAlias = str | Expr | Mixed
Value: TypeAlias = "Text | int | bool | Mapping[str, Value] | Sequence[Value] | None"
Access = Literal["read", "write"]


@dataclass(frozen=True)
class Permission:
    """Leave for a job's token, and what it is for."""

    scope: str
    access: Access
    why: str


@dataclass(frozen=True)
class Step:
    """A step: an action by the name of its pin, or a script. `id` stays the same, so that overlays can name it.

    A script takes everything from outside through `env`: no expression ever stands in it.
    """

    id: str
    name: str
    uses: str = ""
    run: str = ""
    given: Mapping[str, Value] = field(default_factory=dict)
    """The inputs of the action."""
    env: Mapping[str, Text] = field(default_factory=dict)
    condition: Expr | None = None
    may_fail: bool = False
    """Whether its job goes on where it fails."""


@dataclass(frozen=True)
class Concurrency:
    """Which runs wait for each other, and whether a newer one ends an older one."""

    group: Text
    cancels: bool | Expr


@dataclass(frozen=True)
class Job:
    """A job. `stage` is the stage of the spec that it runs, if it runs one."""

    id: str
    name: Text
    steps: tuple[Step, ...]
    minutes: int
    needs: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    condition: Expr | None = None
    environment: str = ""
    env: Mapping[str, Text] = field(default_factory=dict)
    outputs: Mapping[str, Expr] = field(default_factory=dict)
    stage: str = ""
    services: Mapping[str, Value] = field(default_factory=dict)
    """Containers beside it, by name."""
    folder: str = ""
    """Where its scripts run; without one, at the top of the repository, which a job without a checkout needs."""
    concurrency: Concurrency | None = None
    may_fail: bool = False
    """Whether the run passes where it fails."""


@dataclass(frozen=True)
class Workflow:
    """A file of `.github/workflows`: `word` ends its name, `purpose` stands at its top.

    Runs wait for each other as a whole, or job by job.
    """

    word: str
    name: str
    purpose: str
    triggers: Mapping[str, Value]
    jobs: tuple[Job, ...]
    concurrency: Concurrency | None = None
    env: Mapping[str, Text] = field(default_factory=dict)
