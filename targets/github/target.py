"""Emits the workflows of a pipeline whose spec says where its code lives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile

FOLDER = ".github/workflows"
_WIDTH = 100


class GithubTarget:
    """`.github/workflows/<pipeline>-ci.yml`, at the top of the repository."""

    name = "github"

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:  # noqa: ARG002
        """Nothing yet that a workflow could not say."""
        return ()

    def emit(self, builds: Sequence[Build]) -> list[OutputFile]:
        """The workflows; none where the spec names no repository."""
        from mlopsc.targets.github.pins import KNOWN
        from mlopsc.targets.github.repository import Repository
        from mlopsc.targets.github.workflows import ci
        from mlopsc.targets.github.writing import workflow_text

        repository = Repository(builds)
        if not repository.settings.get("repository"):
            return []
        header = [f"Written by `mlopsc build` from {repository.spec}: edit that, not this."]
        files = []
        for one in (ci.workflow(repository),):
            lines = [*header, "", *wrap(one.purpose, _WIDTH)]
            text = workflow_text(one, KNOWN, repository.runner, lines)
            files.append(OutputFile(f"{repository.to_top}{FOLDER}/{repository.prefix}-{one.word}.yml", text))
        return files
