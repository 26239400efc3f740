"""What a monitor has found, as the text that Prometheus scrapes: the router cannot tell it, and alerts ask for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from mlopsc.stdlib.monitor import DataAge, LabelsLate, NoModel, NothingNew
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.monitor.freshness import read_age
from mlopsc.stdlib.runtime.monitor.look import opened
from mlopsc.stdlib.runtime.monitor.watches import WatchRule, read_monitor
from mlopsc.stdlib.runtime.service import metrics_names as names
from mlopsc.stdlib.runtime.service.deployment import Declaration, Deployment

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Sample = tuple[Mapping[str, str], float]


def exposition(deployment: Deployment, monitor: Declaration) -> str:
    """Events so far, when it looked (now), and how old rows are, in Prometheus' text format.

    Call it after a look. Raises StoreError where the store cannot be reached.
    """
    rules = read_monitor(monitor)
    evidence, log = opened(deployment, rules.name)
    journal = log.read()
    where = {"monitor": rules.name, "environment": deployment.environment}
    newest = []
    for watch in rules.watches:
        if isinstance(watch.what, DataAge):
            reading = read_age(evidence, watch, journal.of(watch.id).readings)
            if "newest" in reading.evidence:
                labels = {"data": str(watch.what.data), "environment": deployment.environment}
                newest.append((labels, float(reading.evidence["newest"])))
    counts = Counter((str(event["watch"]), str(event["category"])) for event in journal.events)
    events = [
        ({**where, "watch": watch, "category": category}, float(counts[watch, category]))
        for watch, category in dict.fromkeys([*_known(rules.watches), *counts])
    ]
    return "".join(
        [
            *_lines(names.MONITOR_LOOK, [(where, clock.now())]),
            *_lines(names.MONITOR_EVENTS, events),
            *_lines(names.DATA_NEWEST, newest),
        ]
    )


def _known(watches: tuple[WatchRule, ...]) -> Iterator[tuple[str, str]]:
    """What there can be events of: each has a sample from the start, so that a first event is a rise."""
    yield from ((watch.id, watch.category) for watch in watches)
    yield from ((one.word, one.word) for one in (LabelsLate, NoModel, NothingNew))


def _lines(metric: names.MetricName, samples: Sequence[Sample]) -> Iterator[str]:
    if not samples:
        return
    yield f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind}\n"
    for labels, value in samples:
        inner = ",".join(f'{name}="{text.translate(_ESCAPES)}"' for name, text in labels.items())
        yield f"{metric.name}{{{inner}}} {value!r}\n"
