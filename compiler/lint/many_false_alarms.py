"""The rule `many-false-alarms`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, days_of, word_of
from mlopsc.compiler.schema.values import Money, Rate
from mlopsc.compiler.semantics.model import RuleModel

MOST = 2.0
"""How many false alarms a month people put up with before they stop looking."""
_MONTH = 30.44
_UNLESS_SAID = "1 / 90d"
_CERTAIN = frozenset({"uptime", "age"})
"""What is counted, not judged by chance."""


class ManyFalseAlarms(LintRule, id="L024", name="many-false-alarms"):
    """Each watch accepts some false alarms, and together they are more than two a month. Whoever is called three
    times for nothing stays in bed the fourth time. What a watch does not say is `1 / 90d`; `uptime` and `age` are
    counted and raise none by chance.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 1d, alarms <= 3 / 30d
      watch error_rate <= 1% over 7d, alarms <= 1 / 90d
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 1d, alarms <= 1 / 30d
      watch error_rate <= 1% over 7d, alarms <= 1 / 90d
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Monitors by the sum of what their watches accept."""
        for _, monitor in program.stages("monitor"):
            watches = [rule for rule in monitor.rules if rule.verb == "watch" and word_of(rule) not in _CERTAIN]
            alarms = sum(_a_month(rule) for rule in watches)
            if alarms > MOST:
                loudest = max(watches, key=_a_month)
                yield self.found(
                    loudest.clause_at.get("alarms", loudest.at),
                    f"the watches of `{monitor.name}` together accept {alarms:.1f} false alarms a month",
                    label=f"{_a_month(loudest):.1f} of them",
                    hint=f"Accept fewer, so that all of them are at most {MOST:g} a month.",
                )


def _a_month(rule: RuleModel) -> float:
    rate = Rate.parse(str(rule.clauses.get("alarms") or _UNLESS_SAID))
    days = days_of(str(rate.per)) or 0.0
    return 0.0 if isinstance(rate.amount, Money) or not days else rate.amount / days * _MONTH
