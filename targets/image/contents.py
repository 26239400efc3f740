"""What the image of a pipeline holds: its code, what its stages read, and what pins both; nothing else of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import normpath

from mlopsc.compiler.python_modules import LOCKS
from mlopsc.targets import Build, folder_name
from mlopsc.targets.terraform.jobs import jobs_of
from mlopsc.targets.terraform.platforms import LOCAL, platform_of

_INSTALLABLE = ("requirements.lock", "requirements.txt")
"""Locks that every pip reads."""
ROWS = "mlops.lock"
"""Pins the rows of data stages."""
_GLOB = re.compile(r"[*?\[]")
_REMOTE = "://"


def needs_image(build: Build) -> bool:
    """Whether an environment is on a cloud and has something there that runs from an image."""
    pipeline = build.pipeline
    serves = pipeline.environment.serves and any(stage.kind == "release" for stage in pipeline.stages)
    return (serves or bool(jobs_of(build))) and platform_of(build)["function"] != LOCAL


@dataclass(frozen=True)
class Contents:
    """The image of a pipeline, for the environments that need one."""

    builds: Sequence[Build]

    @property
    def folder(self) -> str:
        """Where its files are."""
        return f"deploy/{folder_name(self.builds[0].pipeline.name)}/image"

    @property
    def lock(self) -> str:
        """The file that pins what the project depends on, as pip reads one; empty where there is none."""
        project = self.builds[0].project
        return next((name for name in _INSTALLABLE if project and (project / name).is_file()), "")

    @property
    def clouds(self) -> list[str]:
        """The clouds that it runs on: the extras of mlopsc have their names."""
        return sorted({str(platform_of(build)["function"]) for build in self.builds})

    @property
    def runners(self) -> list[str]:
        """What a build wrote for the environments."""
        return [f"{build.folder}/{name}" for build in self.builds for name in ("pipeline.json", "run.py")]

    @property
    def named(self) -> list[str]:
        """What is named: files that pin, what a build wrote, and what stages read in the project's folder."""
        read = {file for build in self.builds for stage in build.pipeline.stages for file in stage.files}
        inside = sorted({normpath(file) for file in read if _REMOTE not in file})
        others = [path for path in inside if not path.startswith(("..", "/")) and not path.endswith(".py")]
        return [*LOCKS, ROWS, *self.runners, *others]

    @property
    def ignored(self) -> str:
        """The file that says what Docker leaves out: everything but this. Git reads what it names in the same way."""
        lines = ["*", "!**/*.py", "**/.*", "deploy"]
        return "".join(f"{line}\n" for line in [*lines, *(f"!{one}" for path in self.named for one in patterns(path))])


DOCKERFILE = "Dockerfile"
IGNORED = f"{DOCKERFILE}.dockerignore"
"""Docker reads it for this Dockerfile alone."""


def patterns(path: str) -> Iterator[str]:
    """A path as Docker matches it: a glob, and what is called just so, where these are not the same."""
    # Signs that end a line, and spaces at its ends, cannot be written: any sign stands for them.
    text = "".join("?" if not one.isprintable() else one for one in path)
    text = re.sub(r"^\s+|\s+$", lambda found: "?" * len(found[0]), text)
    plain = re.sub(r"[*\[\]\\]", r"\\\g<0>", text)
    yield plain
    if _GLOB.search(path) and plain != text:
        yield text.replace("\\", "\\\\")
