"""The rule `unused-stage`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.rule import LintedProgram, LintRule


class UnusedStage(LintRule, id="L003", name="unused-stage"):
    """A data stage is read by no other stage, while the program trains models. Either it was left over, or a stage
    that should read it names another one.

    wrong:
    ```mlops
    data weather {
      source = csv("weather.csv")
      check rows >= 100
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Data stages that are the input of none, in programs that train."""
        if not program.has("train"):
            return
        read = {
            name
            for environment in program.model.environments.values()
            for stage in environment.stages.values()
            for name in stage.inputs
        }
        for _, stage in program.stages("data"):
            if stage.name not in read:
                yield self.found(
                    stage.at,
                    f"no stage reads `{stage.name}`",
                    label="its rows go nowhere",
                    hint="Name it in the stage that needs it, or remove it.",
                )
