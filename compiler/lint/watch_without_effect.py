"""The rule `watch-without-effect`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.schema.values import Duration, Money, Rate
from mlopsc.compiler.semantics.model import RuleModel, StageModel

_DAY = 86_400
_MONTH_DAYS = 30.44
_OPERATIONAL = frozenset({"error_rate", "latency"})
_MOMENTARY = frozenset({"uptime", "age"})
_WINDOW, _ALARMS = "7d", "1 / 90d"


class WatchWithoutEffect(LintRule, id="L013", name="watch-without-effect", severity=Severity.ERROR):
    """A watch can raise no event, or so many without a cause that an event says nothing.

    `uptime` fires when failures come 14.4 or 6 times as fast as they may: below an objective of 83.4%, not even a
    total outage is so fast. How long a service takes and how often it fails is not compared with the champion: the
    champion is what is watched. And where looks are so far apart that the accepted `alarms` allow every second look
    to be a false alarm, which is a warning, looks say no more than a coin.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch uptime >= 80% over 30d
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch uptime >= 99% over 30d
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """The watches of monitors."""
        for _, monitor in program.stages("monitor"):
            for rule in monitor.rules:
                if rule.verb == "watch":
                    yield from self._silent(rule)
                    yield from self._chance(monitor, rule)

    def _silent(self, rule: RuleModel) -> Iterator[Diagnostic]:
        from mlopsc.stdlib.planning import windows_that_burn

        if _word(rule) in _OPERATIONAL and any(one.limit.baseline == "champion" for one in rule.comparisons):
            yield self.found(
                rule.at,
                f"the champion is what answers, so its `{_word(rule)}` is held against itself",
                label="never an event",
                hint="Write a number, such as `<= 1%` or `<= 200ms`; `guard` in a release compares two versions.",
            )
        objective = rule.comparisons[0].limit.offset if _word(rule) == "uptime" and rule.comparisons else None
        if objective is not None and not windows_that_burn(objective):
            yield self.found(
                rule.at,
                f"with {objective:.6g} of requests to be answered, a total outage fails only {1 / (1 - objective):.3g} "
                "times as fast as allowed; 6 times is an event",
                label="never an event",
                hint="Ask for 84% or more.",
            )

    def _chance(self, monitor: StageModel, rule: RuleModel) -> Iterator[Diagnostic]:
        from mlopsc.stdlib.planning import LARGEST_SHARE, look_share

        if _word(rule) in _MOMENTARY:
            return
        every = rule.clauses.get("every") or monitor.value("every") or rule.clauses.get("over") or _WINDOW
        alarms = Rate.parse(str(rule.clauses.get("alarms") or _ALARMS))
        if isinstance(alarms.amount, Money):
            return
        share = look_share(_days(Duration.parse(str(every))), alarms.amount, _days(alarms.per))
        if share > LARGEST_SHARE:
            yield self.found(
                rule.clause_at.get("alarms", rule.at),
                f"with a look every {every}, `{alarms}` allows {share:.0%} of looks to be false alarms",
                label="an event says nothing",
                hint="Look more often with `every`, or accept fewer alarms.",
                severity=Severity.WARNING,
            )


def _word(rule: RuleModel) -> str:
    return str((rule.subject or {}).get("function", ""))


def _days(duration: Duration) -> float:
    return duration.seconds / _DAY + duration.months * _MONTH_DAYS
