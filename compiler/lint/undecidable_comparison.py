"""The rule `undecidable-comparison`."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from mlopsc.compiler.diagnostics import Diagnostic, Label, Severity
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.schema.values import Duration, Money, Rate
from mlopsc.compiler.semantics.model import ComparisonModel, EnvironmentModel, RuleModel, StageModel

_DAY = 86_400
_MONTH_DAYS = 30.44
FULL_DAYS, SHADOW_DAYS = 7, 14
"""How many whole days a comparison in service takes at least: with divided traffic, and where a day is one
observation, which it is in shadow and against a number."""
SEQUENTIAL = 2
"""A comparison that may stop at any time takes about twice the rows of one with a fixed number."""


class UndecidableComparison(LintRule, id="L010", name="undecidable-comparison", severity=Severity.ERROR):
    """A release compares a new model with the one in service, and the expected traffic cannot decide that within
    the window: the release would wait, and end undecided every time.

    What is certain is an error: a window of fewer whole days than any comparison takes, which is 7, and 14 in shadow
    and with a number, where a day is one observation. The rest is an estimate and a warning: how many rows tell the
    two models apart with a power of 80%, if the spread of a row's loss equals its mean, or if one answer in ten is
    wrong; with divided traffic, at its most even step, and twice the rows of a fixed sample because the comparison
    may stop at any time.

    wrong:
    ```mlops
    release api {
      model    = demand
      gate     = gate
      strategy = canary(steps = [50%, 100%], every = 7d)
      assign   = user
      require mae(feedback) <= champion + 5% at 95% within 3d
    }
    ```

    right:
    ```mlops
    release api {
      model    = demand
      gate     = gate
      strategy = canary(steps = [50%, 100%], every = 7d)
      assign   = user
      require mae(feedback) <= champion + 5% at 95% within 28d
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Comparisons with the champion in releases, beside the traffic of each environment."""
        for environment, release in program.stages("release"):
            in_shadow = is_independent(environment, release)
            for rule in release.rules:
                window = _days(rule.clauses.get("within"))
                comparison = next((one for one in rule.comparisons if one.limit.baseline == "champion"), None)
                if rule.verb != "require" or window is None:
                    continue
                least = SHADOW_DAYS if in_shadow or comparison is None else FULL_DAYS
                if window < least:
                    yield self._too_short(rule, window, least)
                elif not in_shadow and comparison is not None:
                    yield from self._too_little(program, environment, release, rule, comparison, window)

    def _too_short(self, rule: RuleModel, window: float, least: int) -> Diagnostic:
        how = "in which a day is one observation" if least == SHADOW_DAYS else "in service"
        return self.found(
            rule.clause_at.get("within", rule.at),
            f"a comparison {how} takes at least {least} whole days; this one has {window:g}",
            label="never decided",
            hint=f"Write `within {least}d` or more.",
        )

    def _too_little(
        self,
        program: LintedProgram,
        environment: EnvironmentModel,
        release: StageModel,
        rule: RuleModel,
        comparison: ComparisonModel,
        window: float,
    ) -> Iterator[Diagnostic]:
        from mlopsc.stdlib.planning import days_for_arms

        traffic = environment.settings.get("traffic")
        rows_a_day = per_day(traffic.value if traffic else None)
        measured = program.measured(rule)
        rows = rows_an_arm(comparison, measured.measure if measured else "number", rule.clauses.get("at"))
        if traffic is None or not rows_a_day or not rows:
            return
        days = days_for_arms(rows, rows_a_day, smaller_share(release.value("strategy")))
        if days > window:
            yield self.found(
                rule.at,
                f"in `{environment.name}` this comparison takes about {days:,} days; it has {window:g}",
                label=f"about {rows:,} rows a version",
                hint="Allow more time, more traffic for the new model, or a wider margin.",
                related=[Label(traffic.at, f"{rows_a_day:,.0f} a day")],
                severity=Severity.WARNING,
            )


def is_independent(environment: EnvironmentModel, release: StageModel) -> bool:
    """Whether an answer cannot change the outcome, so that versions are compared on copies of requests."""
    model = environment.stages.get(str(release.value("model")))
    data = environment.stages.get(str(model.value("data"))) if model is not None else None
    return data is not None and data.value("outcome") == "independent"


def rows_an_arm(comparison: ComparisonModel, measure: str, level: object) -> int | None:
    """The rows that each version needs, or None where the margin is none or says nothing without the unit."""
    from mlopsc.stdlib.planning import rows_for_mean

    relative, absolute = abs(comparison.limit.factor - 1), abs(comparison.limit.offset)
    if measure == "ratio":
        mean, spread = 0.1, 0.3
        margin = absolute or relative * mean
    else:
        mean, spread = 1.0, 1.0
        margin = relative * mean if not absolute else 0.0
    if not margin:
        return None
    alpha = 1 - float(level) if isinstance(level, int | float) else 0.05
    return SEQUENTIAL * rows_for_mean(margin, 0.0, spread * sqrt(2), alpha=alpha)


def smaller_share(strategy: object) -> float:
    """The part of the traffic that the smaller of two versions gets, when they share it most evenly."""
    match strategy:
        case {"function": "canary", "steps": [*steps]}:
            return max((min(float(step), 1 - float(step)) for step in steps if 0 < float(step) < 1), default=0.5)
        case {"function": "ab", "share": share}:
            return min(float(share), 1 - float(share))
    return 0.5


def _days(duration: object) -> float | None:
    if not isinstance(duration, str):
        return None
    parsed = Duration.parse(duration)
    return parsed.seconds / _DAY + parsed.months * _MONTH_DAYS


def per_day(rate: object) -> float | None:
    if not isinstance(rate, str):
        return None
    parsed = Rate.parse(rate)
    days = parsed.per.seconds / _DAY + parsed.per.months * _MONTH_DAYS
    return None if isinstance(parsed.amount, Money) or not days else parsed.amount / days
