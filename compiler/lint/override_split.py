"""The rule `override-split`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.model import StageModel


class OverrideSplit(LintRule, id="L011", name="override-split", severity=Severity.ERROR):
    """An environment changes what its rows are judged by: the target, the key or the split of a data stage. A gate
    that passes there then says nothing about the same gate elsewhere, and a champion of another environment was
    chosen by other rows. Where that is meant, allow it and say why.

    wrong:
    ```mlops
    environment dev {
      override rides {
        split = by_time(train = 80%, validation = 10%, test = 10%)
      }
    }
    ```

    right:
    ```mlops
    environment dev {
      override rides {
        sample = 10%
      }
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Overridden settings that decide what results mean."""
        for environment in program.model.environments.values():
            for stage in environment.stages.values():
                for name in stage.kind.identity:
                    if name in stage.overridden:
                        yield self._changed(environment.name, stage, name)

    def _changed(self, environment: str, stage: StageModel, setting: str) -> Diagnostic:
        return self.found(
            stage.overridden[setting],
            f"`{environment}` changes `{setting}` of `{stage.name}`, so that its gates compare with no other",
            label=f"changes `{setting}`",
            hint="Allow it with a reason, or leave the rows to be judged by as they are.",
        )
