"""What workflows need to know of a pipeline and of the repository that it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from posixpath import normpath
from typing import Any, cast

from mlopsc.compiler.ir.model import Stage
from mlopsc.targets import Build, folder_name
from mlopsc.targets.github.scheduling import HOURLY

_LOCKS = ("requirements.lock", "requirements.txt")
RUN_KINDS = ("data", "train", "test")
"""The kinds of stages that a run goes through, up to the gate."""


@dataclass(frozen=True)
class Repository:
    """A repository of GitHub, and the builds of the pipeline's environments, in the order of `follows`."""

    builds: Sequence[Build]

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The call `github(…)`, as the IR has it; empty where the spec has none."""
        return cast("Mapping[str, Any]", self.builds[0].pipeline.settings.get("github") or {})

    @property
    def pipeline(self) -> str:
        """The name of the pipeline."""
        return self.builds[0].pipeline.name

    @property
    def prefix(self) -> str:
        """What the names of its workflows begin with."""
        return folder_name(self.pipeline)

    @property
    def branch(self) -> str:
        """The branch that is delivered."""
        return str(self.settings.get("branch", "main"))

    @property
    def python(self) -> str:
        """The version of Python that jobs run."""
        return str(self.settings.get("python", "3.11"))

    @property
    def runner(self) -> tuple[str, ...]:
        """The labels of the machines that jobs run on."""
        return tuple(map(str, self.settings.get("runner", ("ubuntu-24.04",))))

    @property
    def every(self) -> str:
        """How often releases and monitors are looked after, as a duration."""
        return str(self.settings.get("every", HOURLY))

    @property
    def folder(self) -> str:
        """Where the spec is in the repository; empty at its top."""
        found = normpath(str(self.settings.get("folder", ".")))
        return "" if found == "." else found

    @property
    def to_top(self) -> str:
        """The way from the spec to the top of the repository, with a `/` at its end; empty at the top."""
        return "../" * len(self.folder.split("/")) if self.folder else ""

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras of mlopsc that its stages read their rows by."""
        sources = [stage.settings.get("source") for build in self.builds for stage in build.pipeline.stages]
        return ("sql",) if any(isinstance(one, Mapping) and one["function"] == "sql" for one in sources) else ()

    @cached_property
    def lock(self) -> str:
        """The file that pins what the project depends on, as pip reads one; empty where there is none."""
        project = self.builds[0].project
        there = [name for name in _LOCKS if project and (project / name).is_file()]
        return there[0] if there else ""

    @property
    def spec(self) -> str:
        """The spec's path in the repository."""
        return f"{self.folder}/{self.builds[0].spec}".lstrip("/")

    def in_folder(self, path: str) -> str:
        """A path of the project as one of the repository, which is how actions take paths."""
        return f"{self.folder}/{path}".lstrip("/")

    def stages(self, build: Build) -> list[Stage]:
        """The stages that a run goes through, each after its inputs."""
        return [stage for stage in build.pipeline.stages if stage.kind in RUN_KINDS]

    def before(self, build: Build, stage: Stage) -> list[Stage]:
        """The stages of a run whose outputs reach a stage, directly or through others."""
        names, found = list(stage.inputs), set[str]()
        while names:
            name = names.pop()
            if name not in found:
                found.add(name)
                names += build.pipeline.stage(name).inputs
        return [one for one in self.stages(build) if one.name in found]
