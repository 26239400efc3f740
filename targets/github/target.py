"""Emits the workflows of a pipeline whose spec says where its code lives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING, TypeVar

from mlopsc.compiler.diagnostics import Diagnostic, Message
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile, RefusedError
from mlopsc.targets.github.messages import LARGEST, too_large
from mlopsc.targets.github.messages_of_files import wrong_overlays, wrong_pins
from mlopsc.targets.github.refusals import refused

if TYPE_CHECKING:
    from mlopsc.compiler.text import Location
    from mlopsc.compiler.workspace import DiskWorkspace
    from mlopsc.targets.github.model import Workflow
    from mlopsc.targets.github.overlays import Overlays
    from mlopsc.targets.github.pins import Pin
    from mlopsc.targets.github.repository import Repository

FOLDER = ".github/workflows"
MARK = "Written by `mlopsc build` from"
"""What the first line of a workflow begins with."""
_WIDTH = 100
Own = TypeVar("Own")


class GithubTarget:
    """`.github/workflows/<pipeline>-*.yml` and the file of pins, at the top of the repository."""

    name = "github"

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:
        """What workflows cannot hold, each at its line of the spec; nothing where there are none."""
        return refused(model, environment)

    def emit(self, builds: Sequence[Build]) -> list[OutputFile]:
        """The workflows; none where the spec names no repository. Raises RefusedError."""
        from mlopsc.targets.github.repository import Repository

        repository = Repository(builds)
        return _written(repository) if repository.settings.get("repository") else []


def _written(repository: Repository) -> list[OutputFile]:
    from mlopsc.targets.github.overlays import PATH as OVERLAYS
    from mlopsc.targets.github.overlays import Overlays
    from mlopsc.targets.github.overlays import read as read_overlays
    from mlopsc.targets.github.pins_file import PATH as PINS
    from mlopsc.targets.github.pins_file import begun, in_force
    from mlopsc.targets.github.pins_file import read as read_pins
    from mlopsc.targets.github.workflows import cd, ci, monitor, rollback

    overlays = _own(repository, OVERLAYS, wrong_overlays, read_overlays) or Overlays.none()
    pins = in_force(_own(repository, PINS, wrong_pins, partial(read_pins, others=overlays.actions)) or {})
    made = [module.workflow(repository) for module in (ci, cd, monitor, rollback)]
    workflows = {f"{repository.prefix}-{one.word}": one for one in made if one is not None}
    with _followed(repository, OVERLAYS, wrong_overlays):
        overlays.check(workflows, _there(repository, overlays.body))
        known: dict[str, str] = {}
        texts = {name: _text(repository, name, one, pins, overlays, known) for name, one in workflows.items()}
    for name, text in texts.items():
        if len(text.encode()) > LARGEST:
            raise RefusedError([too_large(_named(repository), name, len(text.encode()))])
    files = {f"{repository.to_top}{FOLDER}/{name}.yml": text for name, text in texts.items()}
    seed = OutputFile(f"{repository.to_top}{PINS}", begun(), is_seed=True)
    return [seed, *(OutputFile(path, text) for path, text in files.items())]


def _text(
    repository: Repository,
    name: str,
    workflow: Workflow,
    pins: Mapping[str, Pin],
    overlays: Overlays,
    known: dict[str, str],
) -> str:
    """The file of a workflow; what has been laid over it is held to our rules, for nobody else has looked at it."""
    from mlopsc.targets.github.overlays import PATH
    from mlopsc.targets.github.own_files import OwnFileProblem
    from mlopsc.targets.github.writing import workflow_text

    overlay = overlays.of(name)
    header = [f"{MARK} {repository.spec}: edit that, not this.", "", *wrap(workflow.purpose, _WIDTH)]
    if overlay is None:
        return workflow_text(workflow, pins, repository.runner, header, known=known)
    from mlopsc.targets.github.policy import findings

    header[0] = f"{MARK} {repository.spec} and {PATH}: edit these, not this."
    text = workflow_text(workflow, pins, repository.runner, header, overlay)
    for one in findings(name, text, pins):
        raise OwnFileProblem(f"what it makes of `{one.where}`: {one.words}", "change what is laid over it")
    return text


def _there(repository: Repository, names: Iterable[str]) -> list[str]:
    """Those of the names that are other workflows of the repository."""
    workspace = _workspace(repository)
    return [one for one in names if workspace and workspace.exists(f"{repository.to_top}{FOLDER}/{one}.yml")]


def _own(
    repository: Repository, path: str, wrong: Message[[Location, str, str, str]], read: Callable[[str], Own]
) -> Own | None:
    """What a file of the repository's owner says, if there is one; raises RefusedError at the spec's `github(…)`."""
    workspace, place = _workspace(repository), f"{repository.to_top}{path}"
    if workspace is None or not workspace.exists(place):
        return None
    with _followed(repository, path, wrong):
        return read(workspace.read(place))


@contextmanager
def _followed(repository: Repository, path: str, wrong: Message[[Location, str, str, str]]) -> Iterator[None]:
    from mlopsc.compiler.workspace import SourceProblem
    from mlopsc.targets.github.own_files import OwnFileProblem

    try:
        yield
        return
    except SourceProblem as problem:
        place, fact, hint = path, problem.message, problem.hint
    except OwnFileProblem as problem:
        place, fact, hint = problem.place(path), problem.fact, problem.hint
    raise RefusedError([wrong(_named(repository), place, fact, hint)])


def _named(repository: Repository) -> Location:
    """Where the spec names the repository."""
    build = repository.builds[0]
    declared = build.model.pipeline if build.model else None
    assert declared is not None, "a message needs a build that knows its program"
    return declared.settings["github"].at


def _workspace(repository: Repository) -> DiskWorkspace | None:
    from mlopsc.compiler.workspace import DiskWorkspace

    project = repository.builds[0].project
    return DiskWorkspace(project) if project else None
