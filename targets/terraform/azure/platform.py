"""The platform `azure`: what it cannot express, the folder of an environment, and what is applied once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile
from mlopsc.targets.terraform.azure.checks import found

if TYPE_CHECKING:
    from mlopsc.targets.terraform.synthesis import Plan


class AzurePlatform:
    """Writes storage, identities, logs and a budget."""

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:
        """What it cannot express, each at its line of the spec."""
        return found(model, environment)

    def plan(self, build: Build) -> Plan | None:
        """The store, the identities, the log and the budget of an environment."""
        from mlopsc.targets.terraform.azure.environment import environment_plan

        return environment_plan(build)

    def shared(self, builds: Sequence[Build]) -> tuple[Sequence[Plan], Sequence[OutputFile]]:
        """For each subscription: where states are kept, the roles that there are, and who CI is."""
        from mlopsc.targets.terraform.azure.bootstrap import bootstrap

        return bootstrap(builds)
