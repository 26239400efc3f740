"""The names of what a service tells Prometheus: the router writes them, the alert rules read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True)
class MetricName:
    """One metric: its name as it is scraped (counters end in `_total`), its kind, its labels in order, its help."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


_SERVICE = ("release", "environment")
_MONITOR = ("monitor", "environment")

REQUESTS = MetricName(
    "mlopsc_requests_total",
    "counter",
    (*_SERVICE, "version", "role", "status"),
    "Rows answered by a version: role served or shadow, status ok, error, timeout, or no_model with version empty.",
)
REQUEST_SECONDS = MetricName(
    "mlopsc_request_seconds",
    "histogram",
    (*_SERVICE, "version", "role"),
    "Time that a version took for a row, in seconds.",
)
INVALID = MetricName(
    "mlopsc_invalid_requests_total",
    "counter",
    _SERVICE,
    "Requests that were refused because of what they hold; they are no failures of the service.",
)
FEEDBACK = MetricName(
    "mlopsc_feedback_total", "counter", _SERVICE, "Predictions whose true value has arrived; repeated ones once."
)
MODEL_LIVE = MetricName(
    "mlopsc_model_live",
    "gauge",
    (*_SERVICE, "version", "standing"),
    "1 for each version that is loaded and answers: standing champion, candidate, or kept (no share of requests).",
)
MODEL_WEIGHT = MetricName(
    "mlopsc_model_weight", "gauge", (*_SERVICE, "version"), "The share of units that a version answers, from 0 to 1."
)
RELEASE_SEQUENCE = MetricName(
    "mlopsc_release_sequence", "gauge", _SERVICE, "The number of the entry of the release log that is in force here."
)
LOG_ROWS_WRITTEN = MetricName(
    "mlopsc_log_rows_written_total", "counter", _SERVICE, "Rows of the request log that are in the store."
)
LOG_ROWS_LOST = MetricName(
    "mlopsc_log_rows_lost_total", "counter", _SERVICE, "Rows of the request log that could not be kept."
)
HEARTBEAT = MetricName(
    "mlopsc_heartbeat_timestamp_seconds",
    "gauge",
    _SERVICE,
    "When this router last reached the store, in seconds since 1970.",
)
MONITOR_LOOK = MetricName(
    "mlopsc_monitor_look_timestamp_seconds",
    "gauge",
    _MONITOR,
    "When a monitor last looked, in seconds since 1970.",
)
MONITOR_EVENTS = MetricName(
    "mlopsc_monitor_events_total",
    "counter",
    (*_MONITOR, "watch", "category"),
    "Events that a monitor has found; 0 for each rule that has found none, so that a first one is seen.",
)
DATA_NEWEST = MetricName(
    "mlopsc_data_newest_timestamp_seconds",
    "gauge",
    ("data", "environment"),
    "When the newest row of a data stage happened, in seconds since 1970.",
)

ROUTER_METRICS = (
    REQUESTS,
    REQUEST_SECONDS,
    INVALID,
    FEEDBACK,
    MODEL_LIVE,
    MODEL_WEIGHT,
    RELEASE_SEQUENCE,
    LOG_ROWS_WRITTEN,
    LOG_ROWS_LOST,
    HEARTBEAT,
)
"""What `/metrics` of a router tells."""
MONITOR_METRICS = (MONITOR_LOOK, MONITOR_EVENTS, DATA_NEWEST)
"""What is told of a monitor."""

SERVED, SHADOW = "served", "shadow"
OK, ERROR, TIMEOUT, NO_MODEL = "ok", "error", "timeout", "no_model"
CHAMPION, CANDIDATE, KEPT = "champion", "candidate", "kept"

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def seconds_buckets(limits: Iterable[float] = ()) -> tuple[float, ...]:
    """The upper bounds of the histogram's buckets, rising: usual ones, and each limit (in seconds) that a rule has.

    A limit that is a bound is compared exactly; between two bounds it could only be guessed.
    """
    return tuple(sorted({*_BUCKETS, *(float(limit) for limit in limits)}))


def bucket_label(seconds: float) -> str:
    """The label `le` of the bucket with that upper bound, as exporters in Python and Go write it."""
    return repr(float(seconds))
