"""The rule `loose-champion`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.model import ComparisonModel

LARGEST = 0.25
"""How much worse than the champion a model may be, as a share of what the champion reaches."""


class LooseChampion(LintRule, id="L019", name="loose-champion"):
    """A model may replace the one in service though it is worse by a quarter or more. Each release may then lose as
    much again: three of 25% leave a model that is twice as bad, and every gate was open. A margin makes room for
    chance; a few per cent do.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= champion * 2 at 95%
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= champion + 5% at 95%
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Requirements about predictions that allow much less than the champion gives."""
        for kind in ("test", "release"):
            for _, stage in program.stages(kind):
                for rule in stage.rules:
                    is_asked = rule.verb == "require" and program.is_of_predictions(rule)
                    for comparison in rule.comparisons if is_asked else ():
                        measured = program.measured(rule)
                        is_share = measured is not None and measured.measure == "ratio"
                        margin = max(_margin(comparison), _points(comparison) if is_share else 0.0)
                        if margin >= LARGEST:
                            yield self.found(
                                rule.subject_at,
                                f"a model may take over {margin:.0%} worse than the one in service",
                                label="each release may lose as much again",
                                hint="Leave room for chance only, such as `champion + 5%` or `champion * 95%`.",
                            )


def _points(comparison: ComparisonModel) -> float:
    """By how many points of a share a model may be worse, as in `champion - 30pp`."""
    if comparison.limit.baseline != "champion":
        return 0.0
    return comparison.limit.offset if comparison.operator in ("<", "<=") else -comparison.limit.offset


def _margin(comparison: ComparisonModel) -> float:
    """By how much of the champion's value a model may be worse; what is added in the metric's own unit says nothing."""
    if comparison.limit.baseline != "champion":
        return 0.0
    worse = comparison.limit.factor - 1
    return worse if comparison.operator in ("<", "<=") else -worse
