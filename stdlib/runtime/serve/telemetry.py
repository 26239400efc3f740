"""What the router tells Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from mlopsc.compiler.ir.model import Rule
from mlopsc.stdlib.metrics import Latency
from mlopsc.stdlib.monitor import Monitor
from mlopsc.stdlib.runtime.release.state import State
from mlopsc.stdlib.runtime.service import metrics_names as names
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.heartbeats import Heartbeat

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.serve.lane import Condition


class Telemetry:
    """The metrics of one router, with the release and the environment as labels."""

    def __init__(self, deployment: Deployment) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._labels = {"release": deployment.name, "environment": deployment.environment}
        buckets = names.seconds_buckets(_latency_limits(deployment))
        self._requests = self._counter(names.REQUESTS)
        self._invalid = self._counter(names.INVALID)
        self._feedback = self._counter(names.FEEDBACK)
        self._written = self._counter(names.LOG_ROWS_WRITTEN)
        self._lost = self._counter(names.LOG_ROWS_LOST)
        self._sequence = self._gauge(names.RELEASE_SEQUENCE)
        self._heartbeat = self._gauge(names.HEARTBEAT)
        self._live = self._gauge(names.MODEL_LIVE)
        self._weight = self._gauge(names.MODEL_WEIGHT)
        name = names.REQUEST_SECONDS
        self._seconds = Histogram(name.name, name.help, name.labels, registry=self._registry, buckets=buckets)
        self._seen = (0, 0)
        for one in (self._invalid, self._feedback, self._written, self._lost):
            one.labels(**self._labels)
        ProcessCollector(registry=self._registry)

    def answered(self, version: int | None, role: str, status: str, rows: int, seconds: float) -> None:
        """Count rows that a version answered, or failed to."""
        labels = {**self._labels, "version": "" if version is None else str(version), "role": role}
        self._requests.labels(**labels, status=status).inc(rows)
        if version is not None:
            observed = self._seconds.labels(**labels)
            for _ in range(rows):
                observed.observe(seconds)

    def refused(self) -> None:
        """Count an invalid request."""
        self._invalid.labels(**self._labels).inc()

    def learned(self, accepted: int) -> None:
        """Count feedback."""
        self._feedback.labels(**self._labels).inc(accepted)

    def text(self, state: State, conditions: Mapping[int, Condition], beat: Heartbeat) -> bytes:
        """All of it as it is now, in the format that Prometheus scrapes."""
        written, lost = beat.rows_written, beat.rows_lost
        self._written.labels(**self._labels).inc(written - self._seen[0])
        self._lost.labels(**self._labels).inc(lost - self._seen[1])
        self._seen = (written, lost)
        self._sequence.labels(**self._labels).set(state.sequence)
        self._heartbeat.labels(**self._labels).set(beat.flushed_at)
        self._live.clear()
        self._weight.clear()
        for version, condition in conditions.items():
            labels = {**self._labels, "version": str(version)}
            self._live.labels(**labels, standing=standing_of(state, version)).set(condition == "ready")
            self._weight.labels(**labels).set(state.weights.get(version, 0.0))
        return generate_latest(self._registry)

    def _counter(self, name: names.MetricName) -> Counter:
        return Counter(name.name, name.help, name.labels, registry=self._registry)

    def _gauge(self, name: names.MetricName) -> Gauge:
        return Gauge(name.name, name.help, name.labels, registry=self._registry)


def standing_of(state: State, version: int) -> str:
    """What a version is in the release: champion, candidate, or kept."""
    if version == state.champion:
        return names.CHAMPION
    return names.CANDIDATE if version == state.candidate else names.KEPT


def _latency_limits(deployment: Deployment) -> Iterable[float]:
    """The limits of the rules on latency, in seconds: each is the bound of a bucket, and alerts ask for it."""
    watching = [
        Rule.model_validate(rule)
        for stage in deployment.document["stages"]
        if stage["kind"] == Monitor.word and stage["settings"].get("release") == deployment.name
        for rule in stage.get("rules", ())
    ]
    for rule in (*deployment.rules, *watching):
        if (rule.subject or {}).get("function") == Latency.word:
            yield from (one.limit.offset for one in rule.comparisons if one.limit.baseline is None)
