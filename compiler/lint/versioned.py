"""The rules of the first principle: code, data and outputs are versioned together."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.principle import PrincipleRule
from mlopsc.compiler.lint.rule import LintedProgram
from mlopsc.compiler.text import Location, SourceFile, Span

LOCK = "mlops.lock"


class UnrecordedData(
    PrincipleRule,
    id="L030",
    name="unrecorded-data",
    severity=Severity.INFO,
    principle=1,
    earns="`mlops.lock` says which rows and models a commit stands for",
):
    """There is no `mlops.lock` beside the spec. `mlopsc run` writes into it by what content the rows, models and
    reports of this spec are known; committed with the code, one commit names all of them, and an old one can be run
    again.

    wrong:
    ```mlops
    pipeline demand {
      language = 1
      owner    = "mobility-ml@example.com"
      github   = github(repository = "example-org/demand")
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Programs with data, in a project without the lock."""
        if program.has("data") and not program.exists(LOCK):
            yield self.found(
                program.at,
                "nothing records which rows and models this commit stands for",
                label=f"no `{LOCK}`",
                hint=f"Run `mlopsc run`, and commit `{LOCK}`.",
            )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """The lock."""
        if program.exists(LOCK):
            yield Location(SourceFile(LOCK, ""), Span(0, 0))
