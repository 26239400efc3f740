"""The rule `unanswered-watch`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.model import RuleModel

_ASKED = frozenset({"drift", "quality"})
"""What nobody but the monitor notices; that a service is down or rows are late shows elsewhere, too."""


class UnansweredWatch(LintRule, id="L051", name="unanswered-watch"):
    """A monitor does something about some events and nothing about those of this watch: no `on` names its category or
    its rule. When the model becomes bad, that stands in a report, and everybody believes that the monitor would have
    told them.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d, alarms <= 1 / 90d
      watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d
      on drift do notify("ml@example.com")
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d, alarms <= 1 / 90d
      watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d
      on drift or quality do notify("ml@example.com")
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Watches of drift and quality that no `on` answers, in monitors that have one."""
        for _, monitor in program.stages("monitor"):
            answered = {event for rule in monitor.rules for event in rule.events}
            for rule in monitor.rules:
                category = _category(program, rule)
                if answered and category in _ASKED and not answered & {category, rule.id}:
                    yield self.found(
                        rule.at,
                        f"`{monitor.name}` does nothing when `{rule.id}` fails",
                        label=f"no `on {category}`",
                        hint=f'Name it in an `on`, such as `on {category} do notify("team@example.com")`.',
                    )


def _category(program: LintedProgram, rule: RuleModel) -> str:
    """The category of the events of a watch; empty for other rules."""
    if rule.verb != "watch":
        return ""
    measured = program.measured(rule)
    return measured.category if measured is not None else "quality"
