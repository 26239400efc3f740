"""The rule `missing-owner`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.rule import LintedProgram, LintRule


class MissingOwner(LintRule, id="L008", name="missing-owner"):
    """The program releases a model, and nobody is named who answers for it: when it misbehaves at night, the spec is
    where people look first.

    wrong:
    ```mlops
    pipeline demand {
      language = 1
    }
    ```

    right:
    ```mlops
    pipeline demand {
      language = 1
      owner    = "mobility-ml@example.com"
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Programs with a release and no `owner`."""
        pipeline = program.model.pipeline
        if pipeline is not None and "owner" not in pipeline.settings and program.has("release"):
            yield self.found(
                pipeline.at,
                f"`{pipeline.name}` releases a model and nobody is named who answers for it",
                label="no `owner`",
                hint='Add `owner = "…"`: an address or a team.',
            )
