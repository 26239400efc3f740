"""The rule `undeclared-dependencies`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.python_modules import LOCKS
from mlopsc.compiler.text import Location, SourceFile, Span


class UndeclaredDependencies(
    LintRule,
    id="L005",
    name="undeclared-dependencies",
    severity=Severity.INFO,
    principle=1,
    earns="a lock pins the packages that it runs with",
):
    """The project pins none of the packages that it runs with. Results then depend on whatever is installed: an
    upgrade on one machine gives another model there, and the cache, which must take every installed package into
    account, works for this machine only.

    A lock beside the spec mends it, the first of `pylock.toml`, `uv.lock`, `requirements.lock` and
    `requirements.txt` counts: `pip freeze > requirements.txt` is a beginning.

    wrong:
    ```mlops
    pipeline demand {
      language = 1
      owner    = "mobility-ml@example.com"
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Programs that train, in a project without a lock."""
        pipeline = program.model.pipeline
        if pipeline is None or not program.has("train") or any(program.exists(lock) for lock in LOCKS):
            return
        yield self.found(
            pipeline.at,
            "no lock pins the packages that this pipeline runs with",
            label="results depend on what is installed",
            hint=f"Write a lock beside the spec ({', '.join(f'`{lock}`' for lock in LOCKS)}).",
        )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """The lock."""
        yield from (Location(SourceFile(lock, ""), Span(0, 0)) for lock in LOCKS if program.exists(lock))
