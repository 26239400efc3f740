"""The platform `azure`: what it cannot express, the folder of an environment, and what is applied once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile
from mlopsc.targets.terraform.azure.checks import found

if TYPE_CHECKING:
    from mlopsc.targets.terraform.synthesis import Plan
    from mlopsc.targets.terraform.weakness import Weakness


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

    def weaknesses(self, documents: Sequence[Mapping[str, Any]]) -> Sequence[Weakness]:
        """What is too open in parsed folders for it."""
        from mlopsc.targets.terraform.azure.evaluation import access_of
        from mlopsc.targets.terraform.azure.weaknesses import weaknesses

        return weaknesses(access_of(*(one for one in documents if "azurerm" in one.get("provider", {}))))
