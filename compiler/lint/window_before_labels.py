"""The rule `window-before-labels`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Label
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, days_of
from mlopsc.compiler.semantics.model import EnvironmentModel, RuleModel, StageModel


class WindowBeforeLabels(LintRule, id="L025", name="window-before-labels"):
    """A release must be decided by what turns out to be true, in less time than that takes to be known: the monitor
    says with `lag` when labels arrive. The comparison ends before its first rows have an answer, undecided every
    time.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d lag 30d, alarms <= 1 / 90d
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Comparisons in releases beside the delay of labels in their monitors."""
        for environment, release in program.stages("release"):
            slow = max(_late(environment, release), key=lambda rule: days_of(rule.clauses["lag"]) or 0.0, default=None)
            lag = days_of(slow.clauses["lag"]) if slow is not None else None
            for rule in release.rules:
                window = days_of(rule.clauses.get("within"))
                if slow is not None and lag and window and window <= lag and program.is_of_predictions(rule):
                    yield self.found(
                        rule.clause_at.get("within", rule.at),
                        f"labels take {lag:g} days to arrive, and this has {window:g} to be decided",
                        label="over before the first label",
                        hint=f"Write `within {lag * 2:g}d` or more.",
                        related=[Label(slow.clause_at.get("lag", slow.at), "how long labels take")],
                    )


def _late(environment: EnvironmentModel, release: StageModel) -> list[RuleModel]:
    """The watches of a release that say how long labels take."""
    monitors = [one for one in environment.stages.values() if one.value("release") == release.name]
    return [rule for monitor in monitors for rule in monitor.rules if "lag" in rule.clauses]
