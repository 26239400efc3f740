"""The rules of the third principle: infrastructure, configuration and jobs are code."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.principle import PrincipleRule
from mlopsc.compiler.lint.rule import LintedProgram, platform_of
from mlopsc.compiler.text import Location


class UnmanagedInfrastructure(
    PrincipleRule,
    id="L035",
    name="unmanaged-infrastructure",
    severity=Severity.INFO,
    principle=3,
    earns="Terraform is written for where it runs",
):
    """No environment names a cloud, so nothing writes down where models are kept, served and watched: machines are
    set up by hand, and nobody can set up the same once more. For `platform = aws(…)` or `azure(…)`, `mlopsc build`
    writes the Terraform; `local(terraform = true)` tries that without a cloud.

    wrong:
    ```mlops
    environment prod {
      follows   = dev
      approvers = ["@example-org/leads"]
      access    = [read(analysts)]
      traffic   = 20_000 / 1d
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Programs that are only on this machine."""
        if not any(True for _ in self.earned(program)):
            yield self.found(
                program.at,
                "every environment is a machine that was set up by hand",
                label="no cloud",
                hint='Write `platform = aws(region = "…", account = "…")` or `azure(…)` in the last environment.',
            )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """The platforms that Terraform is written for."""
        for environment in program.model.environments.values():
            platform = environment.settings.get("platform")
            is_written = platform is not None and isinstance(platform.value, dict) and platform.value.get("terraform")
            if platform is not None and (platform_of(environment) or is_written):
                yield platform.at


class UnstatedBudget(
    PrincipleRule,
    id="L036",
    name="unstated-budget",
    severity=Severity.INFO,
    principle=3,
    earns="what each environment may cost is written down",
):
    """An environment in a cloud does not say what it may cost. With `budget`, the cloud tells its people before it is
    spent; without, the bill does.

    wrong:
    ```mlops
    environment prod {
      follows   = dev
      platform  = aws(region = "eu-west-1", account = "123456789012")
      approvers = ["@example-org/leads"]
      access    = [read(analysts)]
      traffic   = 20_000 / 1d
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Environments in a cloud without a budget."""
        for environment in program.model.environments.values():
            if platform_of(environment) and "budget" not in environment.settings:
                yield self.found(
                    environment.at,
                    f"nothing says what `{environment.name}` may cost",
                    label="no `budget`",
                    hint="Add `budget = 400USD / 1mo`, or what is right here.",
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """The budgets."""
        for environment in program.model.environments.values():
            if "budget" in environment.settings:
                yield environment.settings["budget"].at


class UnwrittenJobs(
    PrincipleRule,
    id="L037",
    name="unwritten-jobs",
    severity=Severity.INFO,
    principle=3,
    earns="jobs are written as workflows",
):
    """Nothing says where the code lives, so no jobs are written for it: somebody has to check, train and deliver by
    hand, or to write jobs that drift away from the spec. With `github(…)`, `mlopsc build` writes them.

    wrong:
    ```mlops
    pipeline demand {
      language = 1
      owner    = "mobility-ml@example.com"
    }
    ```

    right:
    ```mlops
    pipeline demand {
      language = 1
      owner    = "mobility-ml@example.com"
      github   = github(repository = "example-org/demand")
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Programs without a code host."""
        if not any(True for _ in self.earned(program)):
            yield self.found(
                program.at,
                "no workflow checks, trains and delivers by itself",
                label="no `github`",
                hint='Add `github = github(repository = "owner/name")`; `mlopsc build` writes the workflows.',
            )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Where the code lives."""
        pipeline = program.model.pipeline
        if pipeline is not None and "github" in pipeline.settings:
            yield pipeline.settings["github"].at
