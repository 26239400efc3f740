"""The rule `require-without-level`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, after

_ESTIMATE = 0.5
"""The level at which the bound is the estimate itself."""


class RequireWithoutLevel(LintRule, id="L002", name="require-without-level"):
    """A `require` compares a metric with its limit and does not say how sure the verdict must be. The plain estimate
    then decides: of two models that are exactly as good as the limit, one passes by luck. `at 95%` asks for proof,
    and where the rows are too few for it the gate says so instead of guessing. `at 50%` is the plain estimate again.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45
      require mae(test) <= champion + 5% at 95%
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 at 95%
      require mae(test) <= champion + 5% at 95%
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Comparisons of metrics in gates and releases without `at`, or with one that proves nothing."""
        for kind in ("test", "release"):
            for _, stage in program.stages(kind):
                for rule in stage.rules:
                    if rule.verb != "require" or not program.is_of_predictions(rule):
                        continue
                    if rule.clauses.get("at") == _ESTIMATE:
                        yield self.found(
                            rule.clause_at.get("at", rule.at),
                            f"`{rule.id}` is decided by the plain estimate, right or wrong by chance",
                            label="as sure as a coin",
                            hint="Write `at 95%` to ask for proof.",
                        )
                    elif "at" not in rule.clauses:
                        yield self.found(
                            rule.subject_at,
                            f"`{rule.id}` is decided by the plain estimate, right or wrong by chance",
                            label="how sure?",
                            hint="Add `at 95%` to ask for proof.",
                            fixes=[Fix("Ask for proof: `at 95%`", (Edit(after(rule.at), " at 95%"),))],
                        )
