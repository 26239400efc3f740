"""The platform `local`: a record of what an environment has, which Terraform plans, applies and destroys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.stdlib.environment import Environment
from mlopsc.targets import Build, OutputFile
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.platforms import platform_of
from mlopsc.targets.terraform.resources import Backend, Output, Resource
from mlopsc.targets.terraform.synthesis import Plan
from mlopsc.targets.terraform.weakness import Weakness

_TYPE = "terraform_data"
_DEFAULT = str(Environment.accepts()["store"].default)


class LocalPlatform:
    """Writes a folder where the spec asks for it with `local(terraform = true)`."""

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:  # noqa: ARG002
        """Nothing: a record can hold whatever the spec says."""
        return ()

    def plan(self, build: Build) -> Plan | None:
        """The store, and each stage that goes on in production, as records."""
        if not platform_of(build).get("terraform"):
            return None
        written = Written(build)
        store = str(build.pipeline.environment.settings.get("store", _DEFAULT))
        kept = Resource(
            _TYPE, "store", {"input": {"place": store}}, written.because("Where data, models and records are", "store")
        )
        services = tuple(
            Resource(
                _TYPE,
                stage.kind + "_" + written.identifier(stage.name),
                {"input": {"stage": stage.name, "store": kept.get("output.place")}},
                written.because_of_stage("Goes on once it has been started", stage.name),
            )
            for stage in build.pipeline.stages
            if stage.kind in ("release", "monitor", "score")
        )
        root = written.root(
            Backend("local", {"path": "terraform.tfstate"}),
            (),
            (kept, *services),
            outputs={"store": Output(kept.get("output.place"), "Where data, models and records are.")},
        )
        return Plan(root, written.prefix, {})

    def shared(self, builds: Sequence[Build]) -> tuple[Sequence[Plan], Sequence[OutputFile]]:  # noqa: ARG002
        """Nothing: there are no accounts here."""
        return (), ()

    def weaknesses(self, documents: Sequence[Mapping[str, Any]]) -> Sequence[Weakness]:  # noqa: ARG002
        """Nothing: nobody else is let in."""
        return ()
