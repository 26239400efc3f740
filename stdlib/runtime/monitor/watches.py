"""The rules of a monitor, read: what is watched, over which windows, how strictly, and what events do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from math import floor
from typing import Any
from urllib.parse import urlsplit

from mlopsc.compiler.ir.model import Comparison, Rule
from mlopsc.compiler.schema.validation import validate
from mlopsc.compiler.schema.values import Duration, Money, Rate
from mlopsc.stdlib.metrics import ErrorRate, Latency
from mlopsc.stdlib.monitor import Action, DataAge, Monitor, On, Reference, Stable, Uptime, Watch

MONTH = 365.2425 / 12 * 86_400
"""How many seconds a calendar month counts for in windows and limits."""

_WINDOW = Duration.parse("7d")
_UPTIME = Duration.parse("30d")
_ALARMS = Rate.parse("1 / 90d")
_OFTEN: Mapping[type[Any], float] = {Uptime: 300.0, DataAge: 3_600.0}
"""What has no window of its own is looked at this often, in seconds, unless the spec says how often."""
_CATEGORY = {Stable: "drift", Uptime: "uptime", DataAge: "freshness", Latency: "latency", ErrorRate: "uptime"}


def seconds(duration: Duration) -> float:
    """A duration in seconds, a month as a twelfth of a year."""
    return duration.seconds + duration.months * MONTH


def count_of(rate: Rate) -> float:
    """How many, of a rate that is no rate of money."""
    assert not isinstance(rate.amount, Money)
    return float(rate.amount)


@dataclass(frozen=True)
class WatchRule:
    """One `watch`. `what` is its declared subject, or None where it is about a metric.

    Windows end on a grid that begins with the service, so that all who look at one store look at the same windows.
    """

    rule: Rule
    clauses: Watch
    what: Stable | Uptime | DataAge | Latency | ErrorRate | None
    monitor_every: Duration | None = None

    @property
    def id(self) -> str:
        """The identity of the rule."""
        return self.rule.id

    @property
    def text(self) -> str:
        """The rule as it was written."""
        return self.rule.text

    @property
    def category(self) -> str:
        """The category of its events."""
        return "quality" if self.what is None else _CATEGORY[type(self.what)]

    @property
    def comparisons(self) -> Sequence[Comparison]:
        """What stands on its right."""
        return self.rule.comparisons

    @property
    def over(self) -> float:
        """The length of a window, in seconds; 0 for what is true of a moment."""
        if isinstance(self.what, DataAge):
            return 0.0
        return seconds(self.clauses.over or (_UPTIME if isinstance(self.what, Uptime) else _WINDOW))

    @property
    def lag(self) -> float:
        """How long labels take, in seconds."""
        return seconds(self.clauses.lag) if self.clauses.lag else 0.0

    @cached_property
    def every(self) -> float:
        """How far looks are apart, in seconds."""
        told = self.clauses.every or self.monitor_every
        return seconds(told) if told else _OFTEN.get(type(self.what), self.over)

    @property
    def is_momentary(self) -> bool:
        """Whether a look needs no full window since the service began."""
        return isinstance(self.what, Uptime | DataAge)

    @property
    def has_level(self) -> bool:
        """Whether it judges by chance, so that false alarms are to be expected: a time that has passed is a fact."""
        return not self.is_momentary

    @property
    def share(self) -> float:
        """The level of one look: the share of looks without cause that may be false alarms."""
        return min(1.0, self.alarms_in(self.every))

    def alarms_in(self, span: float) -> float:
        """How many false alarms are accepted in so many seconds."""
        alarms = self.clauses.alarms or _ALARMS
        return count_of(alarms) * span / seconds(alarms.per)

    def due(self, began: float, now: float) -> float | None:
        """When the newest window ends that is due; None before the first one is full."""
        elapsed = now - self.lag - began
        looks = floor(elapsed / self.every + 1e-9)
        if looks < 0 or (not self.is_momentary and looks * self.every < self.over - 1e-6):
            return None
        return began + looks * self.every

    def reference(self) -> Reference | None:
        """What windows are compared with, if the spec says."""
        return self.clauses.against


@dataclass(frozen=True)
class OnRule:
    """One `on`: the events that set it off, by category, word or id of a rule, and what is done, by its text."""

    rule: Rule
    actions: Mapping[str, Action]

    def is_set_off_by(self, event: Mapping[str, Any]) -> bool:
        """Whether the event is one of those."""
        return event["category"] in self.rule.events or event["watch"] in self.rule.events


@dataclass(frozen=True)
class MonitorRules:
    """All that a monitor does."""

    name: str
    watches: tuple[WatchRule, ...]
    on: tuple[OnRule, ...]

    def actions_for(self, event: Mapping[str, Any]) -> dict[str, Action]:
        """What an event does, by the text of each action, in the order of the spec."""
        return {text: action for one in self.on if one.is_set_off_by(event) for text, action in one.actions.items()}

    @property
    def actions(self) -> dict[str, Action]:
        """All actions by their texts."""
        return {text: action for one in self.on for text, action in one.actions.items()}


def read_monitor(stage: Mapping[str, Any]) -> MonitorRules:
    """The rules of a monitor stage as it stands in `pipeline.json`."""
    settings = Monitor.model_validate(stage.get("settings", {}))
    rules = [Rule.model_validate(rule) for rule in stage.get("rules", ())]
    watches = tuple(_watch(rule, settings.every) for rule in rules if rule.verb == Watch.word)
    on = tuple(OnRule(rule, _actions(rule)) for rule in rules if rule.verb == On.word)
    return MonitorRules(str(stage["name"]), watches, on)


def _watch(rule: Rule, every: Duration | None) -> WatchRule:
    subject: Mapping[str, Any] = rule.subject or {}
    kind = next((one for one in _CATEGORY if one.word == subject.get("function")), None)
    what: Any = kind.model_validate(subject) if kind else None
    return WatchRule(rule, Watch.model_validate(rule.clauses), what, every)


def _actions(rule: Rule) -> dict[str, Action]:
    calls: Any = rule.clauses["do"]
    return {action_text(call): validate(Action, call) for call in calls}


def action_text(call: Mapping[str, Any]) -> str:
    """What tells one action from another: what it does to what, without how often it may."""
    main = next((str(call[name]) for name in ("stage", "to", "path") if name in call), "")
    if main.startswith(("http://", "https://")):  # what stands behind the host of a webhook is often a secret
        main = f"{urlsplit(main).hostname}, {sha256(main.encode()).hexdigest()[:6]}"
    return f"{call['function']}({main})" if main else str(call["function"])
