"""What a folder of Terraform declares, as plain data: platforms make it, synthesis writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal as Word

from mlopsc.compiler.text import Location
from mlopsc.targets.terraform.expressions import Expr, Value

Kind = Word["resource", "data"]


@dataclass(frozen=True)
class Reason:
    """Why something is declared: what it is for, and the part of the spec that asks for it.

    `part` names that part (`environment prod`, `release api`), `rule` is the id of a rule or the word of a setting
    within it, and `line` is that as it was written: a comment shows it, and no number that a comment above would move.
    """

    purpose: str
    part: str
    rule: str = ""
    line: str = ""

    def but_for(self, purpose: str) -> Reason:
        """The same part of the spec, asking for something else."""
        return replace(self, purpose=purpose)

    def comment(self, spec: str) -> str:
        """As it stands beside the resource."""
        asked = f"{self.part}: {self.line}" if self.line else self.part
        return f"{self.purpose} [{spec}, {asked}]"


@dataclass(frozen=True)
class Resource:
    """A resource, or with the kind `data` something that is looked up. `after` are addresses it must wait for.

    `keep` are arguments that Terraform leaves as it finds them; `guarded` ones it refuses to destroy.
    """

    type: str
    name: str
    body: Mapping[str, Value]
    reason: Reason
    kind: Kind = "resource"
    after: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    guarded: bool = False

    @property
    def address(self) -> str:
        """As Terraform calls it."""
        return f"data.{self.type}.{self.name}" if self.kind == "data" else f"{self.type}.{self.name}"

    def get(self, path: str) -> Expr:
        """A reference to one of its attributes: `store.get("arn")`."""
        return Expr(f"{self.address}.{path}")


@dataclass(frozen=True)
class Provider:
    """A provider: its name, where it comes from, which versions, and its settings."""

    name: str
    source: str
    versions: str
    settings: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Variable:
    """A value that a person or a job gives."""

    type: str
    description: str
    default: Value = None
    is_required: bool = False
    condition: str = ""
    """An expression that must hold of it, with what is said otherwise in `complaint`."""
    complaint: str = ""


@dataclass(frozen=True)
class Output:
    """A value that others read."""

    value: Value
    description: str


@dataclass(frozen=True)
class Backend:
    """Where the state is kept; every setting is literal, because Terraform takes nothing else there."""

    type: Word["local", "s3", "azurerm"]
    settings: Mapping[str, str | bool]

    @property
    def place(self) -> tuple[object, ...]:
        """What no two folders may have in common."""
        return (self.type, *sorted(self.settings.items()))


def beside(backend: Backend, name: str) -> Backend:
    """The same backend with the state of something else in the same place."""
    key = str(backend.settings["key"])
    parts = key.rsplit("/", 2) if key.count("/") > 1 else key.rsplit("/", 1)
    changed = f"{parts[0]}/{name}/{parts[2]}" if len(parts) == 3 else f"{parts[0]}/{name}.tfstate"
    return Backend(backend.type, {**backend.settings, "key": changed})


@dataclass(frozen=True)
class Extension:
    """What a person adds in Python: a file of the project, the function in it, and where the spec names it."""

    file: str
    function: str
    at: Location | None


@dataclass(frozen=True)
class Root:
    """One folder that Terraform is run in, with one state. `environment` is empty for what several share."""

    folder: str
    pipeline: str
    environment: str
    backend: Backend
    providers: tuple[Provider, ...]
    resources: tuple[Resource, ...]
    variables: Mapping[str, Variable] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    extensions: Sequence[Extension] = ()
    at: Location | None = None
    """The line of the spec that asks for the folder."""
