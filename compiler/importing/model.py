"""A pipeline of another tool as far as it was understood: the same few things, whatever the tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["dvc", "azureml", "kfp"]
Role = Literal["data", "train", "test", "release", "monitor", "score"]

TITLES: Mapping[Kind, str] = {"dvc": "DVC", "azureml": "Azure ML CLI v2", "kfp": "Kubeflow Pipelines v2 IR"}
"""What people call the kinds of files that can be read."""


class ImportProblem(Exception):  # noqa: N818 (it is the file that has the problem)
    """A file cannot be imported: `message` is the fact, with its place, and `hint` the next step."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Place:
    """A line of a file that was read; the path is relative to the folder that is imported."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Note:
    """One thing of a file, and what became of it."""

    place: Place
    what: str
    outcome: str


@dataclass(frozen=True)
class Code:
    """The program of a step: a file or, where `path` is empty, code inside of the file that was read."""

    path: str
    function: str = ""
    source: str | None = None


@dataclass(frozen=True)
class Tried:
    """The values of a parameter that are tried one after the other: a list of them, or both ends of a range."""

    values: tuple[Any, ...] = ()
    ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class Watching:
    """What a monitor looks at, how often, and whom it tells."""

    drift_of: tuple[str, ...] = ("features",)
    quality: bool = False
    every: str = ""
    tells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A step of a pipeline: what it reads, makes and runs."""

    name: str
    place: Place
    reads: tuple[str, ...] = ()
    """The steps whose outputs it reads."""
    sources: tuple[str, ...] = ()
    """What it reads that no step makes: paths and addresses of rows."""
    outputs: tuple[str, ...] = ()
    code: Code | None = None
    command: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Its parameters and their values; those of which several are tried are `Tried`."""
    candidates: int | None = None
    """How many combinations of what is tried are drawn; all of them unless that is said."""
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    """The metrics that it writes down, with their last values where these are known."""
    makes_model: bool = False
    condition: str = ""
    """Under which condition it runs, in the words of its file."""
    watching: Watching | None = None


@dataclass(frozen=True)
class Foreign:
    """A pipeline of another tool."""

    kind: Kind
    name: str
    steps: tuple[Step, ...]
    description: str = ""
    every: str = ""
    """How often it runs, as a duration of the language such as `1d`."""
    carried: tuple[Note, ...] = ()
    """What was understood beside the steps."""
    left: tuple[Note, ...] = ()
    """What has no place in a spec, or was not understood."""
    files: tuple[str, ...] = ()
