"""The rule `window-before-labels`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Label
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, days_of
from mlopsc.compiler.semantics.model import EnvironmentModel, RuleModel, StageModel


class WindowBeforeLabels(LintRule, id="L025", name="window-before-labels"):
    """A release must be decided by what turns out to be true, in less time than that takes to be known: the monitor
    says with `lag` when labels arrive. The comparison ends before its first rows have an answer, undecided every
    time; a guard of a metric sees none before all traffic has moved.

    wrong:
    ```mlops
    release api {
      model    = demand
      gate     = gate
      assign   = user
      strategy = canary(steps = [50%, 100%], every = 14d)
      require mae(feedback) <= champion + 5% at 95% within 7d
    }

    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d lag 7d, alarms <= 1 / 90d
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
            yield from self._guards(program, release, slow)
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

    def _guards(self, program: LintedProgram, release: StageModel, slow: RuleModel | None) -> Iterator[Diagnostic]:
        """Guards of metrics whose rollout ends before the first label."""
        rollout = _rollout(release.value("strategy"))
        lag = (days_of(slow.clauses["lag"]) if slow is not None else None) or 0.0
        for rule in release.rules:
            if slow is not None and rule.verb == "guard" and 0 < rollout <= lag and program.is_of_predictions(rule):
                yield self.found(
                    rule.at,
                    f"labels take {lag:g} days to arrive, and all traffic has moved after {rollout:g}",
                    label="sees nothing while it could help",
                    hint=f"Let the steps take more than {lag:g} days, or guard the service: `guard error_rate <= 1%`.",
                    related=[Label(slow.clause_at.get("lag", slow.at), "how long labels take")],
                )


def _rollout(strategy: object) -> float:
    """The days until a canary's last step; zero for other strategies, which have no steps."""
    match strategy:
        case {"function": "canary", "steps": [*steps], "every": every}:
            return (days_of(every) or 0.0) * sum(float(step) < 1 for step in steps)
    return 0.0


def _late(environment: EnvironmentModel, release: StageModel) -> list[RuleModel]:
    """The watches of a release that say how long labels take."""
    monitors = [one for one in environment.stages.values() if one.value("release") == release.name]
    return [rule for monitor in monitors for rule in monitor.rules if "lag" in rule.clauses]
