"""The rule `gap-before-labels`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Label
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, days_of
from mlopsc.compiler.semantics.model import EnvironmentModel, RuleModel, StageModel

_DAY = 1.0


class GapBeforeLabels(LintRule, id="L052", name="gap-before-labels"):
    """A split by time leaves out less than labels take to arrive. The gate then judges a model that knows how the last
    days before its test rows turned out; in service nobody knows that yet, so the model that arrives is older, and
    worse, than the one that was judged. A delay of a day, or of one independent unit (`unit = block(7d)`), moves
    little and is no matter.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d lag 14d, alarms <= 1 / 90d
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
      split = by_time(train = 70%, validation = 10%, test = 20%, gap = 14d)
    }

    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d lag 14d, alarms <= 1 / 90d
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Splits by time of the rows behind a release, beside the delay of labels that its monitors know."""
        for environment, monitor in program.stages("monitor"):
            data = _data(environment, monitor)
            split = data.value("split") if data is not None else None
            if data is None or not isinstance(split, dict) or split.get("function") != "by_time":
                continue
            gap = days_of(split.get("gap")) or 0.0
            for rule in monitor.rules:
                lag = days_of(rule.clauses.get("lag")) or 0.0
                if lag > gap and lag - gap > _unit(data):
                    yield self._short(data, rule, lag, gap)

    def _short(self, data: StageModel, rule: RuleModel, lag: float, gap: float) -> Diagnostic:
        left_out = f"leaves out {gap:g}" if gap else "leaves out none"
        return self.found(
            data.settings["split"].value_at,
            f"labels take {lag:g} days to arrive, and the split {left_out}",
            label="judged as if they were known",
            hint=f"Write `gap = {lag:g}d`, so that a model is judged with what it would have known.",
            related=[Label(rule.clause_at.get("lag", rule.at), "how long labels take")],
        )


def _data(environment: EnvironmentModel, monitor: StageModel) -> StageModel | None:
    """The rows that the model of a monitored release learns from."""
    found: StageModel | None = monitor
    for setting in ("release", "model", "data"):
        found = environment.stages.get(str(found.value(setting))) if found is not None else None
    return found


def _unit(data: StageModel) -> float:
    """How long one independent unit is, in days; a day where it is shorter, or no stretch of time."""
    unit = data.value("unit")
    return max(_DAY, (days_of(unit.get("length")) if isinstance(unit, dict) else None) or 0.0)
