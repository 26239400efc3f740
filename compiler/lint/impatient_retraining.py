"""The rule `impatient-retraining`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Label
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, days_of


class ImpatientRetraining(LintRule, id="L026", name="impatient-retraining"):
    """A model is retrained again before the labels can show what the last retraining did. The watch still sees the
    rows of the old model, so that one change of the world leads to several models in a row, each on hardly more rows.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d lag 3d, alarms <= 1 / 90d
      on quality do retrain(demand, cooldown = 1d, limit = 4 / 30d)
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d lag 3d, alarms <= 1 / 90d
      on quality do retrain(demand, cooldown = 10d, limit = 4 / 30d)
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Retraining whose cooldown is shorter than the delay of labels."""
        for _, monitor in program.stages("monitor"):
            slow = max(
                (rule for rule in monitor.rules if "lag" in rule.clauses),
                key=lambda rule: days_of(rule.clauses["lag"]) or 0.0,
                default=None,
            )
            lag = days_of(slow.clauses["lag"]) if slow is not None else None
            for rule in monitor.rules:
                for cooldown in _cooldowns(rule.clauses.get("do")):
                    if slow is not None and lag and cooldown < lag:
                        yield self.found(
                            rule.clause_at.get("do", rule.at),
                            f"retrains again after {cooldown:g} days, and labels take {lag:g} to show what that did",
                            label="too early to know",
                            hint=f"Let `cooldown` be {lag:g} days or more.",
                            related=[Label(slow.clause_at.get("lag", slow.at), "how long labels take")],
                        )


def _cooldowns(actions: object) -> Iterator[float]:
    for action in actions if isinstance(actions, list) else [actions]:
        if isinstance(action, dict) and action.get("function") == "retrain":
            days = days_of(action.get("cooldown"))
            if days is not None:
                yield days
