"""The rule `redundant-rule`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from mlopsc.compiler.diagnostics import Diagnostic, Label
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.model import RuleModel


class RedundantRule(LintRule, id="L020", name="redundant-rule"):
    """A stage has two rules about the same thing, and one asks for less than the other. Whenever the stricter one
    holds, so does the other: it decides nothing, and whoever changes it will wonder why nothing happens.

    wrong:
    ```mlops
    data rides {
      source = csv("rides.csv")
      time   = at
      unit   = block(7d)
      target = bikers
      schema {
        at:     timestamp
        user:   category
        temp:   float in 0..1
        bikers: int in 0..
      }
      check rows >= 100
      check rows >= 50 as enough
      split = by_time(train = 70%, validation = 10%, test = 20%)
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
      time   = at
      unit   = block(7d)
      target = bikers
      schema {
        at:     timestamp
        user:   category
        temp:   float in 0..1
        bikers: int in 0..
      }
      check rows >= 100
      split = by_time(train = 70%, validation = 10%, test = 20%)
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Pairs of rules of a stage that differ in their limit alone."""
        for environment in program.model.environments.values():
            for stage in environment.stages.values():
                for rule, stricter in permutations(stage.rules, 2):
                    if _is_implied(rule, stricter):
                        yield self.found(
                            rule.at,
                            f"`{stricter.text}` asks for more of the same, so that this decides nothing",
                            label="holds whenever the other does",
                            hint="Remove it.",
                            related=[Label(stricter.at, "the stricter one")],
                        )


def _is_implied(rule: RuleModel, stricter: RuleModel) -> bool:
    is_watch = rule.verb == "watch"  # two limits of one watch are two events, each with actions of its own
    if (rule.verb, rule.subject) != (stricter.verb, stricter.subject) or rule.subject is None or is_watch:
        return False
    if len(rule.comparisons) != 1 or len(stricter.comparisons) != 1 or _clauses(rule) != _clauses(stricter):
        return False
    one, two = rule.comparisons[0], stricter.comparisons[0]
    if one.operator != two.operator or one.limit.baseline != two.limit.baseline or one.limit.values is not None:
        return False
    sign = 1 if one.operator in ("<", "<=") else -1 if one.operator in (">", ">=") else 0
    moved = sign * (one.limit.factor - two.limit.factor), sign * (one.limit.offset - two.limit.offset)
    return max(moved) > 0 and min(moved) >= 0


def _clauses(rule: RuleModel) -> dict[str, object]:
    """What a rule says besides its limit; what is only expected, and what it is called, make no difference."""
    return {name: value for name, value in rule.clauses.items() if name not in ("assuming", "as")}
