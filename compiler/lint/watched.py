"""The rules of the seventh principle: what is in service is watched, and drift leads to retraining."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.delivered import actions_of
from mlopsc.compiler.lint.principle import PrincipleRule
from mlopsc.compiler.lint.rule import LintedProgram, word_of
from mlopsc.compiler.semantics.model import RuleModel, StageModel
from mlopsc.compiler.text import Location

_SERVICE = frozenset({"uptime", "error_rate", "latency"})


class UnwatchedRelease(
    PrincipleRule,
    id="L045",
    name="unwatched-release",
    severity=Severity.INFO,
    principle=7,
    earns="what is released is watched",
):
    """A release has no monitor. A model is right about the world that it has learnt from; when that changes, its
    answers get worse without any error, and only somebody who looks will know.

    wrong:
    ```mlops
    release other {
      model    = demand
      gate     = gate
      assign   = user
      strategy = canary(steps = [5%, 50%, 100%], every = 14d)
      require mae(feedback) <= champion + 5% at 95% within 28d
      guard error_rate <= champion * 2
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Releases without a monitor."""
        for environment, release in program.stages("release"):
            if not any(one.value("release") == release.name for one in environment.stages.values()):
                yield self.found(
                    release.at,
                    f"nothing watches `{release.name}` once it is in service",
                    label="no monitor",
                    hint="`mlopsc add monitor live` writes one.",
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """The monitors."""
        yield from (monitor.settings["release"].at for _, monitor in program.stages("monitor"))


class _Watched(PrincipleRule):
    """A rule that every monitor should have one rule of some kind; `{name}` in `lacks` is the monitor."""

    lacks: ClassVar[str] = ""
    label: ClassVar[str] = ""
    hint: ClassVar[str] = ""

    def __init_subclass__(cls, lacks: str = "", label: str = "", hint: str = "", **others: Any) -> None:
        super().__init_subclass__(**others)
        cls.lacks, cls.label, cls.hint = lacks, label, hint

    def has(self, program: LintedProgram, rule: RuleModel) -> bool:
        """Whether a rule is of that kind."""
        raise NotImplementedError

    def is_asked(self, monitor: StageModel) -> bool:  # noqa: ARG002
        """Whether no other rule says so already of this monitor."""
        return True

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Monitors without such a rule."""
        for _, monitor in program.stages("monitor"):
            if not any(self.has(program, rule) for rule in monitor.rules) and self.is_asked(monitor):
                message = self.lacks.format(name=monitor.name)
                yield self.found(monitor.at, message, label=self.label, hint=self.hint)

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Such rules."""
        for _, monitor in program.stages("monitor"):
            yield from (rule.at for rule in monitor.rules if self.has(program, rule))


class UnwatchedDrift(
    _Watched,
    id="L046",
    name="unwatched-drift",
    severity=Severity.INFO,
    principle=7,
    earns="drift of the rows is found",
    lacks="`{name}` does not see it when rows change",
    label="no `stable`",
    hint="Add `watch stable(features) over 7d, alarms <= 1 / 90d`.",
):
    """A monitor does not look whether the rows have changed. Labels come late or never; that requests look different
    from those that the model knows shows at once.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d
      watch uptime >= 99.9% over 30d
      on uptime do notify("ml@example.com")
      on quality do retrain(demand, refresh = rides, cooldown = 7d, limit = 4 / 30d)
    }
    ```
    """

    def has(self, program: LintedProgram, rule: RuleModel) -> bool:  # noqa: ARG002
        """Whether it watches the distribution of columns."""
        return word_of(rule) == "stable"


class UnwatchedQuality(
    _Watched,
    id="L047",
    name="unwatched-quality",
    severity=Severity.INFO,
    principle=7,
    earns="how good answers are in service is watched",
    lacks="`{name}` never compares answers with what turned out to be true",
    label="no metric",
    hint="Add `watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d`, or another metric.",
):
    """A monitor does not compare answers with what turned out to be true: whether the model is still any good, nobody
    knows. A metric on `feedback` tells, as soon as labels are there (`lag`).

    wrong:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d, alarms <= 1 / 90d
      watch uptime >= 99.9% over 30d
      on uptime do notify("ml@example.com")
      on drift do retrain(demand, refresh = rides, cooldown = 7d, limit = 4 / 30d)
    }
    ```
    """

    def has(self, program: LintedProgram, rule: RuleModel) -> bool:
        """Whether it watches a metric."""
        return rule.verb == "watch" and program.is_of_predictions(rule)


class UnwatchedService(
    _Watched,
    id="L048",
    name="unwatched-service",
    severity=Severity.INFO,
    principle=7,
    earns="the service itself is watched",
    lacks="`{name}` does not see it when the service fails",
    label="no `uptime`",
    hint="Add `watch uptime >= 99.9% over 30d`.",
):
    """A monitor looks at rows and answers, not at whether the service answers at all, without errors and in time.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d, alarms <= 1 / 90d
      watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d
      on drift do notify("ml@example.com")
      on quality do retrain(demand, refresh = rides, cooldown = 7d, limit = 4 / 30d)
    }
    ```
    """

    def has(self, program: LintedProgram, rule: RuleModel) -> bool:  # noqa: ARG002
        """Whether it watches the service."""
        return rule.verb == "watch" and word_of(rule) in _SERVICE


class UnheardEvents(
    _Watched,
    id="L049",
    name="unheard-events",
    severity=Severity.INFO,
    principle=7,
    earns="somebody is told, or something done, when a watch fails",
    lacks="`{name}` tells nobody what it sees",
    label="no `on`",
    hint='Add `on drift or quality do notify("team@example.com")`.',
):
    """A monitor watches and does nothing with what it sees: it has no `on`, so that events end in a report that nobody
    was told to read.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d, alarms <= 1 / 90d
      watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d
      watch uptime >= 99.9% over 30d
    }
    ```
    """

    def has(self, program: LintedProgram, rule: RuleModel) -> bool:  # noqa: ARG002
        """Whether it does something about an event."""
        return rule.verb == "on"


class NoRetraining(
    _Watched,
    id="L050",
    name="no-retraining",
    severity=Severity.INFO,
    principle=7,
    earns="a model that has become bad is trained again",
    lacks="`{name}` sees a model become bad and trains no other",
    label="no `retrain`",
    hint="Add `on quality do retrain(STAGE, cooldown = 7d, limit = 4 / 30d)`.",
):
    """No event leads to a new model. When the world has changed, rows of the new world are there to learn from; with
    `retrain` that happens by itself, through the same gate.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch stable(features) over 7d, alarms <= 1 / 90d
      watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d
      watch uptime >= 99.9% over 30d
      on drift or uptime do notify("ml@example.com")
      on quality do notify("ml@example.com")
    }
    ```
    """

    def has(self, program: LintedProgram, rule: RuleModel) -> bool:  # noqa: ARG002
        """Whether it trains again."""
        return "retrain" in actions_of(rule)

    def is_asked(self, monitor: StageModel) -> bool:
        """Whether it does anything: one that does nothing at all is `unheard-events`."""
        return any(rule.verb == "on" for rule in monitor.rules)
