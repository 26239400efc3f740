"""The alerts of a monitor: what requests can tell by themselves, and the events that the monitor finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from mlopsc.compiler.ir.model import Comparison, Rule, Stage
from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.metrics import ErrorRate, Latency, Metric
from mlopsc.stdlib.monitor import DataAge, LabelsLate, Stable, Uptime, Watch
from mlopsc.stdlib.planning import FEWEST_REQUESTS, BurnWindow, windows_that_burn
from mlopsc.stdlib.runtime.service import metrics_names as names
from mlopsc.targets.prometheus.alerts import Alert, share_of, slower_than
from mlopsc.targets.prometheus.promql import OPPOSITE, Selector, duration, increase, number
from mlopsc.targets.prometheus.release import percentile

_DAY = 86_400.0
_MONTH = 365.2425 / 12 * _DAY
_WINDOW = 7 * _DAY
_LABELS_DUE = 0.8
"""The share of the labels that are due which must be there, as in the monitor itself."""
_LOOKS_MISSED = 2
_EVENT_SHOWN = 3_600.0
"""How long an event keeps its alert, in seconds."""


def watch_alerts(stage: Stage, service: Selector, monitor: Selector, data: Selector) -> Iterator[Alert]:
    """Each watch as far as Prometheus can tell, else the event that the monitor finds; late labels; its own silence."""
    watches = [rule for rule in stage.rules if rule.verb == Watch.word and rule.subject is not None]
    for rule in watches:
        yield from _watch(rule, service, monitor, data)
    labelled = next((rule for rule in watches if _is_labelled(rule)), None)
    if labelled is not None:
        yield _labels_late(labelled, service)
    told = [rule for rule in watches if _is_event(rule) or _is_age(rule)]
    if told:
        yield _silent(stage, told, monitor)


def _watch(rule: Rule, service: Selector, monitor: Selector, data: Selector) -> Iterator[Alert]:
    assert rule.subject is not None
    if _is_event(rule):
        yield _event(rule, monitor)
        return
    for comparison in rule.comparisons:
        match rule.subject["function"]:
            case ErrorRate.word:
                yield _errors(rule, comparison, service)
            case Latency.word:
                yield _slow(rule, comparison, service)
            case Uptime.word:
                for window in windows_that_burn(comparison.limit.offset):
                    yield _burn(rule, comparison, window, service)
            case DataAge.word:
                yield _age(rule, comparison, data)


def _category(rule: Rule) -> str:
    assert rule.subject is not None
    known = {one.word: one.category for one in (ErrorRate, Latency, Stable)}
    return known.get(str(rule.subject["function"]), Metric.category)


def _is_event(rule: Rule) -> bool:
    """Whether only the monitor can tell: what columns hold, how good predictions are, what is held against another."""
    assert rule.subject is not None
    known = rule.subject["function"] in (ErrorRate.word, Latency.word, Uptime.word, DataAge.word)
    return not known or any(comparison.limit.baseline is not None for comparison in rule.comparisons)


def _is_age(rule: Rule) -> bool:
    assert rule.subject is not None
    return bool(rule.subject["function"] == DataAge.word)


def _is_labelled(rule: Rule) -> bool:
    assert rule.subject is not None
    return rule.subject.get("on") == "feedback"


def _errors(rule: Rule, comparison: Comparison, service: Selector) -> Alert:
    over = _over(rule)
    beyond = f"{OPPOSITE[comparison.operator]} {number(comparison.limit.offset)}"
    return _of_requests("MlopscErrors", rule, f"{_failing(service, over)}\n  {beyond}", service, over)


def _slow(rule: Rule, comparison: Comparison, service: Selector) -> Alert:
    over, served = _over(rule), service.matching(role=names.SERVED)
    bucket = served.matching(le=names.bucket_label(comparison.limit.offset)).of(names.REQUEST_SECONDS, "_bucket")
    calls = served.of(names.REQUEST_SECONDS, "_count")
    slow = slower_than(increase(bucket, over), increase(calls, over), percentile(rule))
    return _of_requests("MlopscSlow", rule, slow, service, over)


def _of_requests(name: str, rule: Rule, expression: str, service: Selector, over: float) -> Alert:
    enough = f"and {_requests(service, over)} >= {FEWEST_REQUESTS}"
    return Alert(
        name,
        rule.id,
        f"{expression}\n{enough}",
        f"`{rule.text}` does not hold over the last {duration(over)}",
        "Look at the requests that failed or were slow in the log of the service, and at the version that answered.",
        line=rule.text,
        labels={"category": _category(rule)},
    )


def _burn(rule: Rule, comparison: Comparison, window: BurnWindow, service: Selector) -> Alert:
    """Both windows at once, so that the alert ends soon after the trouble."""
    allowed = number(window.factor * (1 - comparison.limit.offset))
    spent = f"{number(window.factor)} times as fast as `{rule.text}` allows"
    return Alert(
        "MlopscUptimeBurn",
        rule.id,
        f"{_failing(service, window.long)}\n  >= {allowed}\n"
        f"and {_failing(service, window.short)}\n  >= {allowed}\n"
        f"and {_requests(service, window.long)} >= {FEWEST_REQUESTS}",
        f"Requests have failed {spent}, over {duration(window.long)} and {duration(window.short)}",
        "See what fails on the router's status page; `mlopsc release rollback` if it began with a release.",
        line=rule.text,
        severity="page",
        labels={"category": Uptime.category, "window": duration(window.long)},
    )


def _failing(service: Selector, over: float) -> str:
    """The share of requests that got no answer from a model: refused ones are the caller's, and do not count."""
    served = service.matching(role=names.SERVED)
    bad = served.without("status", names.OK).of(names.REQUESTS)
    return share_of(increase(bad, over), increase(served.of(names.REQUESTS), over))


def _requests(service: Selector, over: float) -> str:
    return f"sum({increase(service.matching(role=names.SERVED).of(names.REQUESTS), over)})"


def _age(rule: Rule, comparison: Comparison, data: Selector) -> Alert:
    assert rule.subject is not None
    newest = data.matching(data=str(rule.subject["data"])).of(names.DATA_NEWEST)
    return Alert(
        "MlopscDataOld",
        rule.id,
        f"time() - max({newest}) {OPPOSITE[comparison.operator]} {number(comparison.limit.offset)}",
        f"No newer row of {rule.subject['data']}: `{rule.text}` does not hold",
        "Look at what brings the rows to the source of this data stage.",
        line=rule.text,
        labels={"category": DataAge.category},
    )


def _event(rule: Rule, monitor: Selector) -> Alert:
    found = monitor.matching(watch=rule.id).of(names.MONITOR_EVENTS)
    return Alert(
        "MlopscEvent",
        rule.id,
        f"sum({increase(found, _EVENT_SHOWN)}) > 0",
        f"The monitor has found that `{rule.text}` does not hold",
        "`mlopsc monitor events` tells what it saw, and what it did about it.",
        line=rule.text,
        labels={"category": _category(rule)},
    )


def _labels_late(rule: Rule, service: Selector) -> Alert:
    """By counts of predictions and of the labels that came as much later as they take."""
    over, lag = _over(rule), _seconds(rule, "lag", 0.0)
    answered = service.matching(role=names.SERVED, status=names.OK).of(names.REQUESTS)
    due = increase(answered, over, lag)
    share = share_of(increase(service.of(names.FEEDBACK), over), due)
    return Alert(
        "MlopscLabelsLate",
        LabelsLate.word,
        f"{share}\n  < {number(_LABELS_DUE)}\nand sum({due}) >= {FEWEST_REQUESTS}",
        f"Less than 80% of the labels that are due have come, so `{rule.text}` cannot be judged",
        "Look at what sends feedback to the router.",
        line=rule.text,
    )


def _silent(stage: Stage, told: list[Rule], monitor: Selector) -> Alert:
    """What the monitor alone can tell is told by nobody."""
    every = Duration.parse(str(stage.settings["every"])) if "every" in stage.settings else None
    apart = [_seconds(rule, "every", _duration(every) if every else _over(rule)) for rule in told if not _is_age(rule)]
    look = monitor.of(names.MONITOR_LOOK)
    patience = max(_DAY, _LOOKS_MISSED * min(apart, default=0.0))
    return Alert(
        "MlopscMonitorSilent",
        "monitor",
        f"absent({look})\nor time() - max({look}) > {number(patience)}",
        f"The monitor {stage.name} has not looked for {duration(patience)}, or nobody scrapes what it finds",
        "Look whether `mlopsc monitor look` runs, and whether its metrics are scraped.",
        lasting=_EVENT_SHOWN,
    )


def _over(rule: Rule) -> float:
    return _seconds(rule, "over", _WINDOW)


def _seconds(rule: Rule, clause: str, otherwise: float) -> float:
    written = rule.clauses.get(clause)
    return _duration(Duration.parse(cast("str", written))) if written else otherwise


def _duration(length: Duration) -> float:
    return length.seconds + length.months * _MONTH
