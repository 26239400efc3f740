"""Emits the workflows of a pipeline whose spec says where its code lives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile, RefusedError
from mlopsc.targets.github.refusals import refused

if TYPE_CHECKING:
    from mlopsc.targets.github.pins import Pin
    from mlopsc.targets.github.repository import Repository

FOLDER = ".github/workflows"
MARK = "Written by `mlopsc build` from"
"""What the first line of a workflow begins with."""
_WIDTH = 100


class GithubTarget:
    """`.github/workflows/<pipeline>-ci.yml` and the file of pins, at the top of the repository."""

    name = "github"

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:
        """What workflows cannot hold, each at its line of the spec; nothing where there are none."""
        return refused(model, environment)

    def emit(self, builds: Sequence[Build]) -> list[OutputFile]:
        """The workflows; none where the spec names no repository. Raises RefusedError."""
        from mlopsc.targets.github.pins_file import PATH, begun, in_force
        from mlopsc.targets.github.repository import Repository
        from mlopsc.targets.github.workflows import cd, ci, monitor, rollback
        from mlopsc.targets.github.writing import workflow_text

        repository = Repository(builds)
        if not repository.settings.get("repository"):
            return []
        header = [f"{MARK} {repository.spec}: edit that, not this."]
        pins = in_force(_listed_pins(repository))
        files = [OutputFile(f"{repository.to_top}{PATH}", begun(), is_seed=True)]
        made = [module.workflow(repository) for module in (ci, cd, monitor, rollback)]
        for one in (workflow for workflow in made if workflow is not None):
            lines = [*header, "", *wrap(one.purpose, _WIDTH)]
            text = workflow_text(one, pins, repository.runner, lines)
            files.append(OutputFile(f"{repository.to_top}{FOLDER}/{repository.prefix}-{one.word}.yml", text))
        return files


def _listed_pins(repository: Repository) -> dict[str, Pin]:
    """The pins of the repository's own file, if it has one; raises RefusedError at the spec's `github(…)`."""
    from mlopsc.compiler.workspace import DiskWorkspace, SourceProblem
    from mlopsc.targets.github.messages_of_pins import wrong_pins
    from mlopsc.targets.github.pins_file import PATH, PinsProblem, read

    build = repository.builds[0]
    path = f"{repository.to_top}{PATH}"
    workspace = DiskWorkspace(build.project) if build.project else None
    if workspace is None or not workspace.exists(path):
        return {}
    try:
        return read(workspace.read(path))
    except SourceProblem as problem:
        place, fact, hint = PATH, problem.message, problem.hint
    except PinsProblem as problem:
        place, fact, hint = f"{PATH}:{problem.line}" if problem.line else PATH, problem.fact, problem.hint
    declared = build.model.pipeline if build.model else None
    assert declared is not None, "a message needs a build that knows its program"
    raise RefusedError([wrong_pins(declared.settings["github"].at, place, fact, hint)])
