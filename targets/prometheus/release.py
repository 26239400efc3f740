"""The alerts of a release: its guards while a version is brought in, and what every service needs to be alive."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.ir.model import Comparison, Limit, Rule, Stage
from mlopsc.stdlib.metrics import ErrorRate, Latency, quantile_of
from mlopsc.stdlib.planning import FEWEST_REQUESTS
from mlopsc.stdlib.release import Guard
from mlopsc.stdlib.runtime.service import metrics_names as names
from mlopsc.targets.prometheus.alerts import Alert, share_of, slower_than
from mlopsc.targets.prometheus.promql import OPPOSITE, Selector, duration, increase, number

_HOUR = 3_600.0
_FEWEST_FAILURES = 5
"""Fewer failures of a new version are no reason to wake somebody, whatever share of its requests they are."""
_SILENT = 300.0
_CATEGORY = {ErrorRate.word: ErrorRate.category, Latency.word: Latency.category}


def guard_alerts(stage: Stage, service: Selector) -> Iterator[Alert]:
    """What the release guards and requests alone can tell; guards of a metric are left to the release itself."""
    for rule in stage.rules:
        if rule.verb == Guard.word and rule.subject is not None:
            for comparison in rule.comparisons:
                yield from _guard(rule, comparison, service)


def life_alerts(stage: Stage, service: Selector) -> Iterator[Alert]:
    """No sign of life, no model, and requests that no log will ever show."""
    beat = service.of(names.HEARTBEAT)
    yield Alert(
        "MlopscServiceSilent",
        "heartbeat",
        f"absent({beat})\nor time() - max({beat}) > {number(_SILENT)}",
        f"No router of {stage.name} has reached its store for {duration(_SILENT)}",
        "Look whether the routers run (`mlopsc serve`), are scraped, and reach their store.",
        lasting=_SILENT,
        severity="page",
    )
    yield Alert(
        "MlopscNoModel",
        "no_model",
        f"count({beat}) > 0\nunless on() sum({service.of(names.MODEL_LIVE)}) > 0",
        f"The service {stage.name} has no model to answer with",
        "`mlopsc release status` says what should serve; `mlopsc release rollback` serves the version before.",
        lasting=_SILENT,
        severity="page",
    )
    yield Alert(
        "MlopscLogRowsLost",
        "log",
        f"sum({increase(service.of(names.LOG_ROWS_LOST), _HOUR)}) > 0",
        f"Routers of {stage.name} could not keep rows of the request log, so windows have gaps and stay undecided",
        "Look why the store cannot be written to; what was lost is lost.",
    )


def _guard(rule: Rule, comparison: Comparison, service: Selector) -> Iterator[Alert]:
    assert rule.subject is not None
    match rule.subject["function"]:
        case ErrorRate.word:
            expression, name, what = _failing_more(comparison, service), "MlopscCandidateErrors", "fails too often"
        case Latency.word:
            expression, name, what = _slower(rule, comparison, service), "MlopscCandidateSlow", "is too slow"
        case _:
            return
    yield Alert(
        name,
        rule.id,
        f"{expression}\nand sum({_of(names.CANDIDATE, _calls(service), service)}) >= {FEWEST_REQUESTS}",
        f"The version that is being released {what}: `{rule.text}` does not hold over the last hour",
        "The release goes back by itself once the evidence is enough; `mlopsc release rollback` does it now.",
        line=rule.text,
        lasting=_SILENT,
        labels={"category": _CATEGORY[str(rule.subject["function"])]},
    )


def _failing_more(comparison: Comparison, service: Selector) -> str:
    """The share of failures is beyond the limit, and there are enough of them."""
    limit, opposite = comparison.limit, OPPOSITE[comparison.operator]
    allowed = number(limit.offset) if limit.baseline is None else _scaled(limit, _failing(names.CHAMPION, service))
    failures = _of(names.CANDIDATE, _failures(service), service)
    return f"{_failing(names.CANDIDATE, service)}\n  {opposite} {allowed}\nand sum({failures}) >= {_FEWEST_FAILURES}"


def _failing(standing: str, service: Selector) -> str:
    """The share of a version's calls of the last hour that failed."""
    return share_of(_of(standing, _failures(service), service), _of(standing, _calls(service), service))


def _slower(rule: Rule, comparison: Comparison, service: Selector) -> str:
    """Too many calls above the limit, which is the bound of a bucket."""
    bucket = service.matching(le=names.bucket_label(comparison.limit.offset))
    within, calls = bucket.of(names.REQUEST_SECONDS, "_bucket"), service.of(names.REQUEST_SECONDS, "_count")
    return slower_than(
        _of(names.CANDIDATE, increase(within, _HOUR), service),
        _of(names.CANDIDATE, increase(calls, _HOUR), service),
        percentile(rule),
    )


def _scaled(limit: Limit, figure: str) -> str:
    return f"{number(limit.factor)} * {figure}" + (f"\n  + {number(limit.offset)}" if limit.offset else "")


def _calls(service: Selector) -> str:
    return increase(service.of(names.REQUESTS), _HOUR)


def _failures(service: Selector) -> str:
    return _calls(service.among("status", names.ERROR, names.TIMEOUT))


def _of(standing: str, series: str, service: Selector) -> str:
    """The series of the versions that are the champion, or the candidate, on any router."""
    return f"{series} and on (version) {service.matching(standing=standing).of(names.MODEL_LIVE)} == 1"


def percentile(rule: Rule) -> float:
    """The share of calls that a rule on latency asks to be quick: 0.95 for `p95`."""
    assert rule.subject is not None
    return quantile_of(str(rule.subject["percentile"]))
