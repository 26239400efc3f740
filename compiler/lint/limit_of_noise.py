"""The rule `limit-of-noise`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, word_of
from mlopsc.compiler.semantics.model import ComparisonModel

NOISE: Mapping[str, float] = {"roc_auc": 0.5, "r2": 0.0, "mcc": 0.0, "brier": 0.25}
"""What a model reaches that has learnt nothing: scores by chance, the mean for every row, 50% for every row."""


class LimitOfNoise(LintRule, id="L018", name="limit-of-noise"):
    """A requirement asks for no more than a model reaches that has learnt nothing: a coin has a `roc_auc` of 0.5 and an
    `mcc` of 0, the mean has an `r2` of 0, and 50% for every row has a `brier` of 0.25. Such a limit looks like a
    safeguard and keeps nothing out.

    wrong:
    ```mlops
    test gate {
      model = demand
      require r2(test) >= 0 at 95%
      require mae(test) <= champion + 5% at 95%
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require r2(test) >= 0.8 at 95%
      require mae(test) <= champion + 5% at 95%
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Limits of gates and releases that chance alone meets."""
        for kind in ("test", "release"):
            for _, stage in program.stages(kind):
                for rule in stage.rules:
                    noise = NOISE.get(word_of(rule)) if rule.verb == "require" else None
                    if noise is not None and any(_is_met(one, noise) for one in rule.comparisons):
                        yield self.found(
                            rule.subject_at,
                            f"a model that has learnt nothing has {noise:g} of `{word_of(rule)}`",
                            label="keeps nothing out",
                            hint="Ask for more than chance gives, or compare with `champion`.",
                        )


def _is_met(comparison: ComparisonModel, noise: float) -> bool:
    if comparison.limit.baseline is not None or comparison.limit.values is not None:
        return False
    limit = comparison.limit.offset
    return (
        limit <= noise if comparison.operator in (">", ">=") else comparison.operator in ("<", "<=") and limit >= noise
    )
