"""The rule `limit-of-noise`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, word_of
from mlopsc.compiler.semantics.model import ComparisonModel, EnvironmentModel, RuleModel, StageModel

NOISE: Mapping[str, float] = {"roc_auc": 0.5, "r2": 0.0, "mcc": 0.0, "brier": 0.25}
"""What a model reaches that has learnt nothing: scores by chance, the mean for every row, 50% for every row."""
OF_TWO: Mapping[str, float] = {"accuracy": 0.5, "balanced_accuracy": 0.5, "log_loss": log(2)}
"""What a coin reaches where the target is yes or no."""


class LimitOfNoise(LintRule, id="L018", name="limit-of-noise"):
    """A requirement asks for no more than a model reaches that has learnt nothing: a coin has a `roc_auc` of 0.5 and an
    `mcc` of 0, the mean has an `r2` of 0, and 50% for every row has a `brier` of 0.25. Of yes and no, a coin gets half
    right. A limit worse than `naive(…)`, such as `naive(7d) * 2`, asks for less than no model gives. Such a limit looks
    like a safeguard and keeps nothing out.

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
            for environment, stage in program.stages(kind):
                known = {**NOISE, **OF_TWO} if _is_yes_or_no(environment, stage) else NOISE
                for rule in stage.rules:
                    if rule.verb == "require":
                        yield from self._rule(rule, known.get(word_of(rule)))

    def _rule(self, rule: RuleModel, noise: float | None) -> Iterator[Diagnostic]:
        if noise is not None and any(_is_met(one, noise) for one in rule.comparisons):
            yield self.found(
                rule.subject_at,
                f"a model that has learnt nothing has {noise:.3g} of `{word_of(rule)}`",
                label="keeps nothing out",
                hint="Ask for more than chance gives, or compare with `champion`.",
            )
        if any(_is_below_naive(one) for one in rule.comparisons):
            yield self.found(
                rule.subject_at,
                "a model may be worse than repeating what was, which takes no model",
                label="keeps nothing out",
                hint="Ask for more than `naive(…)` gives, such as `naive(7d) * 90%`.",
            )


def _is_yes_or_no(environment: EnvironmentModel, stage: StageModel) -> bool:
    """Whether what is predicted is true or false."""
    found: StageModel | None = stage
    for setting in ("model", "data"):
        found = environment.stages.get(str(found.value(setting))) if found is not None else None
    target = found.value("target") if found is not None else None
    columns = found.columns if found is not None else ()
    return any(one.name == target and one.type.get("function") == "bool" for one in columns)


def _is_below_naive(comparison: ComparisonModel) -> bool:
    if comparison.limit.baseline is None or comparison.limit.baseline == "champion":
        return False
    worse = 1 if comparison.operator in ("<", "<=") else -1
    return worse * (comparison.limit.factor - 1) > 0 or worse * comparison.limit.offset > 0


def _is_met(comparison: ComparisonModel, noise: float) -> bool:
    if comparison.limit.baseline is not None or comparison.limit.values is not None:
        return False
    limit = comparison.limit.offset
    return (
        limit <= noise if comparison.operator in (">", ">=") else comparison.operator in ("<", "<=") and limit >= noise
    )
