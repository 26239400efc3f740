"""`watch M(feedback) …`: whether the answers of a window were as good as the spec says, now that labels are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np

from mlopsc.compiler.ir.model import Comparison
from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.metrics import Naive
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.metrics import AnyMetric, MetricError, measure, read_metric
from mlopsc.stdlib.runtime.metrics import evidence as evidence_of
from mlopsc.stdlib.runtime.model.faults import ModelError
from mlopsc.stdlib.runtime.monitor.evidence import Evidence
from mlopsc.stdlib.runtime.monitor.journal import Reading, Record, Status
from mlopsc.stdlib.runtime.monitor.labelled import (
    Answers,
    answers_before,
    answers_of,
    champion_answers,
    naive_truths,
)
from mlopsc.stdlib.runtime.monitor.watches import WatchRule, seconds
from mlopsc.stdlib.runtime.statistics.quality import (
    FEWEST_ROWS,
    QualityVerdict,
    judge_labels,
    judge_quality,
    measure_window,
)

_MOST_WINDOWS = 52


@dataclass(frozen=True)
class _Past:
    """The metric over an earlier window, and the same metric of `naive` where the limit is made of it, else 0."""

    value: float
    baseline: float = 0.0


def read_quality(evidence: Evidence, watch: WatchRule, until: float, readings: Sequence[Record]) -> Reading:
    """What a look says of the rows that were answered in the window that ends at `until`."""
    since = until - watch.over
    if gaps := evidence.gaps(since, until):
        return Reading(Status.UNDECIDED, f"the log of the window has gaps: {gaps[0].reason}")
    served = evidence.served(since, until)
    due = int((served["status"] == "ok").sum())
    frame = evidence.labelled(since, until)
    counts = {"due": due, "rows": len(frame)}
    if due < FEWEST_ROWS:
        return Reading(Status.UNDECIDED, f"{due:,} answers in the window, and it takes {FEWEST_ROWS}", counts)
    labels = judge_labels(due, len(frame))
    if labels.late or len(frame) < FEWEST_ROWS:
        reason = labels.reason if labels.late else f"{len(frame):,} labels have arrived, and it takes {FEWEST_ROWS}"
        return Reading(Status.UNDECIDED, reason, counts, labels_late=reason)
    try:
        found = _read(evidence, watch, answers_of(evidence, frame), readings, (since, until))
    except (MetricError, ModelError, StageFailure) as error:
        return Reading(Status.UNDECIDED, f"{error.message}; {error.hint}" if error.hint else error.message, counts)
    return replace(found, text=f"{_name(watch)}: {found.text}", evidence={**counts, **found.evidence})


def _read(
    evidence: Evidence, watch: WatchRule, answers: Answers, readings: Sequence[Record], window: tuple[float, float]
) -> Reading:
    subject = watch.rule.subject or {}
    metric = read_metric(subject, evidence.deployment.document, evidence.deployment.project)
    lag = _lag(watch)
    pool = answers
    if lag is not None:
        earlier = evidence.labelled(window[0] - seconds(lag) - watch.over, window[1])
        pool = answers_of(evidence, earlier)
        answers = _with_naive(pool, answers, lag)
        if len(answers) < FEWEST_ROWS:
            text = f"{len(answers):,} rows have a value of {lag} before them, and it takes {FEWEST_ROWS}"
            return Reading(Status.UNDECIDED, text)
    share = min(watch.share, 0.5)
    now = measure_window(evidence_of(metric, answers.predictions), share)
    baseline = 0.0 if lag is None else _naive_value(metric, pool, answers, lag)
    past = _past(evidence, watch, metric, lag, readings, window[0])
    judged = []
    for comparison in watch.comparisons:
        limit = _limit(evidence, metric, comparison, baseline)
        factor = comparison.limit.factor if lag is not None else 0.0
        history = [one.value + factor * (baseline - one.baseline) for one in past]
        better = "lower" if comparison.operator in ("<", "<=") else "higher"
        judged.append(judge_quality(now, history, limit, better, share))  # type: ignore[arg-type]
    return _told(judged, now.mean, baseline, now.units, len(past))


def _name(watch: WatchRule) -> str:
    return f"`{(watch.rule.subject or {})['function']}`"


def _told(judged: Sequence[QualityVerdict], value: float, baseline: float, units: int, windows: int) -> Reading:
    worst = next((one for one in judged if one.event), None) or next((one for one in judged if one.learning), judged[0])
    status = Status.BROKEN if worst.event else Status.LEARNING if worst.learning else Status.HOLDS
    text = worst.reason
    if worst.smallest_visible is not None:
        text += f"; an event begins at {worst.smallest_visible:.4g}"
    figures = {
        "value": value if isfinite(value) else None,
        "baseline": baseline,
        "limit": worst.limit,
        "score": worst.score if worst.score is None or isfinite(worst.score) else None,
        "bar": worst.bar,
        "smallest_visible": worst.smallest_visible,
        "units": units,
        "windows": windows,
    }
    return Reading(status, text, figures)


def _limit(evidence: Evidence, metric: AnyMetric, comparison: Comparison, naive: float) -> float:
    limit = comparison.limit
    match limit.baseline:
        case None:
            return limit.offset
        case "champion":
            return limit.factor * _champion_value(evidence, metric) + limit.offset
        case _:
            return limit.factor * naive + limit.offset


def _champion_value(evidence: Evidence, metric: AnyMetric) -> float:
    """The metric of the version in service on the rows that its gate was judged on."""
    key = "champion", evidence.champion, repr(metric)
    if key not in evidence.memory:
        evidence.memory[key] = measure(metric, champion_answers(evidence, metric).predictions)
    return float(evidence.memory[key])


def _lag(watch: WatchRule) -> Duration | None:
    calls = [one.limit.baseline for one in watch.comparisons if isinstance(one.limit.baseline, dict)]
    return Naive.model_validate(calls[0]).lag if calls else None


def _with_naive(pool: Answers, answers: Answers, lag: Duration) -> Answers:
    known = naive_truths(pool, answers, lag)
    return answers.select(np.array([value is not None for value in known], dtype=bool))


def _naive_value(metric: AnyMetric, pool: Answers, answers: Answers, lag: Duration) -> float:
    true = answers.predictions.y
    said: Any = naive_truths(pool, answers, lag).astype(true.dtype)
    return measure(metric, replace(answers.predictions, predicted=said, scores=None))


def _past(
    evidence: Evidence,
    watch: WatchRule,
    metric: AnyMetric,
    lag: Duration | None,
    readings: Sequence[Record],
    before: float,
) -> list[_Past]:
    """The metric over windows that overlap neither each other nor the present one, oldest first.

    Windows of looks that were events are no measure of what is usual.
    """
    found: list[_Past] = []
    for record in reversed(readings):
        figures = record["evidence"]
        if record["until"] > before + 1e-6 or figures.get("value") is None:
            continue
        before = record["until"] - watch.over
        if record["status"] != Status.BROKEN:
            found.append(_Past(figures["value"], figures["baseline"]))
    key = "past", watch.id, watch.text, evidence.first_version
    if key not in evidence.memory:
        evidence.memory[key] = _past_before(evidence, watch, metric, lag)
    return [*evidence.memory[key], *reversed(found)][-_MOST_WINDOWS:]


def _past_before(evidence: Evidence, watch: WatchRule, metric: AnyMetric, lag: Duration | None) -> list[_Past]:
    """The metric over windows before the service began, on rows that the first version had not seen."""
    began = evidence.start
    if not evidence.known.has_times or not evidence.known.unseen.any():
        return []
    answers = answers_before(evidence, metric)
    found = []
    for place in range(_MOST_WINDOWS):
        end = began - place * watch.over
        window = answers.between(end - watch.over, end)
        if lag is not None and len(window):
            window = _with_naive(answers, window, lag)
        if len(window) >= FEWEST_ROWS:
            value = measure(metric, window.predictions)
            found.append(_Past(value, _naive_value(metric, answers, window, lag) if lag else 0.0))
    return [one for one in reversed(found) if isfinite(one.value) and isfinite(one.baseline)]
