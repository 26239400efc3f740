"""Targets: what a pipeline is written as. Each is a folder here, or an entry point of an installed package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, cast

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from mlopsc.compiler.ir.model import Pipeline
    from mlopsc.compiler.ir.origins import Origins

GROUP = "mlopsc.targets"
"""The group of entry points by which installed packages bring targets."""
_PLAIN = re.compile(r"[^\W_][\w-]*")
_ODD = re.compile(r"[^\w-]")


@dataclass(frozen=True)
class OutputFile:
    """A file that a build writes; `path` is relative to the spec, with `/` between its parts.

    One that is not `committed` belongs to this machine only: git ignores it, and `build --check` does not look at it.
    One that `is_seed` is written only where there is nothing yet: from then on it belongs to whoever edits it.
    `target` is the name of the target that made it, which the compilation fills in.
    """

    path: str
    text: str
    committed: bool = True
    target: str = ""
    is_seed: bool = False


@dataclass(frozen=True)
class Build:
    """One pipeline to emit: what it is, where its parts were written, and the path of the spec.

    `functions` says which function (`"module:name"`) does the work of each kind of stage that can be run. `model` is
    the program that the pipeline was lowered from, for places in its text, and `project` the folder that its files are
    in, where there is one on disk.
    """

    pipeline: Pipeline
    origins: Origins
    spec: str
    functions: Mapping[str, str]
    model: SemanticModel | None = None
    project: Path | None = None

    @property
    def folder(self) -> str:
        """Where its files go: `deploy/<pipeline>/<environment>`."""
        return f"deploy/{folder_name(self.pipeline.name)}/{folder_name(self.pipeline.environment.name)}"


def folder_name(name: str) -> str:
    """A name as that of a folder; where it must be changed for that, with a hash, so that no two become one."""
    if _PLAIN.fullmatch(name):
        return name
    return f"{_ODD.sub('_', name)}-{sha256(name.encode()).hexdigest()[:8]}"


class Target(Protocol):
    """Something that pipelines are written as."""

    name: str

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:
        """What the target cannot express, each at its line of the spec."""

    def emit(self, builds: Sequence[Build]) -> list[OutputFile]:
        """The files of all environments; the same bytes for the same builds. Raises RefusedError."""


class RefusedError(Exception):
    """What a target finds out only while it writes: nothing is written, and `found` are the messages."""

    def __init__(self, found: Sequence[Diagnostic]) -> None:
        super().__init__(*found)
        self.found = tuple(found)


class UnknownTargetError(LookupError):
    """There is no target of that name; `known` are those that there are."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known


def load(name: str) -> Target:
    """The target of that name; raises UnknownTargetError."""
    if name in _built_in():
        return cast(Target, import_module(f"{__name__}.{name}").target)
    installed = _installed()
    if name in installed.names:
        return cast(Target, installed[name].load())
    raise UnknownTargetError(name, names())


def names() -> tuple[str, ...]:
    """The names of all targets, sorted."""
    return tuple(sorted(_built_in().union(_installed().names)))


def _built_in() -> set[str]:
    return {module.name for module in iter_modules(__path__) if module.ispkg}


def _installed() -> EntryPoints:
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)
