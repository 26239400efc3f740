"""Emits the folders of Terraform: one for each environment that Terraform keeps, and what a person applies once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile, RefusedError
from mlopsc.targets.terraform import messages
from mlopsc.targets.terraform.refusals import refused

if TYPE_CHECKING:
    from mlopsc.compiler.text import Location
    from mlopsc.targets.terraform.synthesis import ExtensionError, Plan

IGNORED = ".gitignore"
_IGNORES = """# What Terraform keeps for this machine alone.
.terraform/
*.tfstate
*.tfstate.*
*.tfplan
*_override.tf.json
"""


class TerraformTarget:
    """`deploy/<pipeline>/<environment>/terraform/main.tf.json`, and `deploy/<pipeline>/bootstrap/`."""

    name = "terraform"

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:
        """What the platform of the environment cannot express, each at its line of the spec."""
        return refused(model, environment)

    def emit(self, builds: Sequence[Build]) -> list[OutputFile]:
        """The folders of all environments, written together; raises RefusedError."""
        # A check loads targets too, and must not pay for what writes.
        from mlopsc.targets.terraform.documents import MAIN
        from mlopsc.targets.terraform.synthesis import ExtensionError, ToolError, require_cdk, synthesise

        plans, pages = _planned(builds)
        if not plans:
            return []
        try:
            require_cdk()
            texts = synthesise(plans, builds[0].spec, builds[0].project or Path())
        except ToolError as error:
            raise RefusedError([messages.tool_missing(_at(plans[0]), error.fact, error.hint)]) from error
        except ExtensionError as error:
            raise RefusedError([_cannot_add(error)]) from error
        opened = [one for plan, text in zip(plans, texts, strict=True) for one in _too_open(plan, text)]
        if opened:
            raise RefusedError(opened)
        files = [OutputFile(f"{one.root.folder}/{MAIN}", text) for one, text in zip(plans, texts, strict=True)]
        return [*files, *(OutputFile(f"{one.root.folder}/{IGNORED}", _IGNORES) for one in plans), *pages]


def _planned(builds: Sequence[Build]) -> tuple[list[Plan], list[OutputFile]]:
    """The folders of the environments, then those that several share, with their pages."""
    from mlopsc.targets.terraform import platforms
    from mlopsc.targets.terraform.github.bootstrap import bootstrap
    from mlopsc.targets.terraform.resources import beside

    plans = [plan for build in builds for plan in _plan_of(build)]
    pages: list[OutputFile] = []
    words = dict.fromkeys(str(platforms.platform_of(build)["function"]) for build in builds)
    for word in words:
        there = [build for build in builds if platforms.platform_of(build)["function"] == word]
        shared, own = platforms.named(word).shared(there)
        plans += shared
        pages += own
    applied_once = [plan for plan in plans if not plan.root.environment]
    if applied_once:
        there = [build for build in builds if platforms.platform_of(build)["function"] != platforms.LOCAL]
        shared, own = bootstrap(there, beside(applied_once[0].root.backend, "github"))
        plans += shared
        pages += own
    return plans, pages


def _plan_of(build: Build) -> Iterator[Plan]:
    from mlopsc.targets.terraform import platforms

    plan = platforms.named(str(platforms.platform_of(build)["function"])).plan(build)
    if plan is not None:
        yield plan


def _too_open(plan: Plan, text: str) -> Iterator[Diagnostic]:
    """What a person's addition opens; what we write ourselves opens nothing, and the tests hold it to that."""
    from mlopsc.targets.terraform import platforms

    if plan.root.extensions:
        extension = plan.root.extensions[0]
        assert extension.at is not None
        for one in platforms.weaknesses([json.loads(text)]):
            named = f"`{extension.file}:{extension.function}`"
            words = f"`{one.address}`: {one.words} ({one.name})" if one.address else f"{one.words} ({one.name})"
            yield messages.cannot_add(extension.at, named, words, "Have the function see to it, or leave this out.")


def _at(plan: Plan) -> Location:
    assert plan.root.at is not None, "a message needs a build that knows its program"
    return plan.root.at


def _cannot_add(error: ExtensionError) -> Diagnostic:
    extension = error.root.extensions[0]
    assert extension.at is not None
    hint = "Give it another id, or leave it to the spec." if error.trouble == "collides" else "Mend the function."
    return messages.cannot_add(extension.at, f"`{extension.file}:{extension.function}`", error.words, hint)
