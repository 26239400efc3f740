"""Emits alert rules for each environment that has a service to alert about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile


class PrometheusTarget:
    """`deploy/<pipeline>/<environment>/prometheus/rules.yml`, where a release guards something or is watched."""

    name = "prometheus"

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:  # noqa: ARG002
        """Nothing: what requests cannot tell is left to the release and the monitor, which judge it anyway."""
        return ()

    def emit(self, builds: Sequence[Build]) -> list[OutputFile]:
        """One file of rules for each environment with a service to alert about."""
        # A check loads targets too, and must not pay for pydantic and YAML.
        from mlopsc.targets.prometheus.groups import rule_file

        texts = ((f"{build.folder}/prometheus/rules.yml", rule_file(build)) for build in builds)
        return [OutputFile(path, text) for path, text in texts if text]
