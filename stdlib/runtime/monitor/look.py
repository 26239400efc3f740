"""One look of a monitor: what is due is read, what began is noted as an event, and events do what the spec says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.compiler.ir.origins import place
from mlopsc.stdlib.metrics import ErrorRate, Latency
from mlopsc.stdlib.monitor import DataAge, LabelsLate, NoModel, NothingNew, Stable, Uptime
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.monitor.evidence import Evidence
from mlopsc.stdlib.runtime.monitor.journal import EventLog, Journal, Reading, Record, Sighting, Status
from mlopsc.stdlib.runtime.monitor.watches import MonitorRules, WatchRule, read_monitor
from mlopsc.stdlib.runtime.service.deployment import Declaration, Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError, StoreError

_DAY = 86_400.0
_open: dict[tuple[str, str, str, str], tuple[Evidence, EventLog]] = {}


@dataclass(frozen=True)
class LookResult:
    """What a look added to the log: events and actions as records, and all of it in lines for people."""

    events: tuple[Record, ...]
    actions: tuple[Record, ...]
    texts: tuple[str, ...]


def look(deployment: Deployment, monitor: Declaration, actor: str, act: bool = True) -> LookResult:
    """Look at what is due now. To look again adds nothing, whoever looks, and a look that was killed is taken up.

    Looks that were missed are caught up once, at the newest window. Without `act`, actions wait for the next look.
    Raises StoreError where the store cannot be reached.
    """
    rules = read_monitor(monitor)
    evidence, log = opened(deployment, rules.name)
    evidence.refresh()
    if not evidence.records:
        return LookResult((), (), (f"`{deployment.name}` has no release in `{deployment.environment}` yet",))
    noted = [*_notice(evidence, log, rules)]
    noted += _derive(log, rules)
    done: list[Record] = []
    if act:
        from mlopsc.stdlib.runtime.monitor.actions import act_on

        begun: set[tuple[int, str]] = set()
        while fresh := act_on(deployment, evidence, log, rules, actor, begun):
            done += fresh
            noted += _derive(log, rules)
    events = tuple(record for record in noted if record["kind"] == "event")
    if events:
        _keep_report(deployment, log, rules, int(events[-1]["id"]))
    return LookResult(events, tuple(done), tuple(told(record) for record in [*noted, *done]))


def opened(deployment: Deployment, monitor: str) -> tuple[Evidence, EventLog]:
    """The evidence and the log of a monitor, the same for all looks of a process."""
    key = deployment.store.url, deployment.name, deployment.environment, monitor
    if key not in _open or _open[key][0].deployment.document != deployment.document:
        _open[key] = Evidence(deployment), EventLog(deployment.store, deployment.events(monitor))
    return _open[key]


def told(record: Record) -> str:
    """A record in a line."""
    if record["kind"] == "action":
        return f"{record['action']} {record['state']}: {record['reason']}"
    word = "event" if record["kind"] == "event" else record["status"]
    return f"{record['category']} {word}: `{record['watch']}`: {record['text']}"


def _notice(evidence: Evidence, log: EventLog, rules: MonitorRules) -> Iterator[Record]:
    """Note what the watches that are due find."""
    if record := log.note(_no_model(evidence, rules)):
        yield record
    if evidence.began is None:
        return
    journal = log.read()
    for watch in rules.watches:
        until = watch.due(evidence.began, clock.now())
        seen = evidence.memory.get(("seen", watch.id, watch.text))
        if until is None or until <= journal.of(watch.id).newest or until == seen:
            continue
        reading = _read(evidence, watch, until, journal)
        record = log.note(_sighting(rules, watch, until, reading, journal))
        evidence.memory["seen", watch.id, watch.text] = until
        if record:
            yield record


def _sighting(rules: MonitorRules, watch: WatchRule, until: float, reading: Reading, journal: Journal) -> Sighting:
    actions = tuple(rules.actions_for({"category": watch.category, "watch": watch.id}))
    newest = journal.of(watch.id).newest
    is_kept = not watch.is_momentary or until - newest >= _DAY
    window = until - watch.over, until
    return Sighting(watch.id, watch.id, watch.category, window, reading, actions, is_kept)


def _read(evidence: Evidence, watch: WatchRule, until: float, journal: Journal) -> Reading:
    readings = journal.of(watch.id).readings
    try:
        match watch.what:
            case Stable():
                from mlopsc.stdlib.runtime.monitor.stability import read_stability

                return read_stability(evidence, watch, until, readings)
            case Uptime():
                from mlopsc.stdlib.runtime.monitor.uptime import read_uptime

                return read_uptime(evidence, watch, until, readings)
            case DataAge():
                from mlopsc.stdlib.runtime.monitor.freshness import read_age

                return read_age(evidence, watch, readings)
            case ErrorRate():
                from mlopsc.stdlib.runtime.monitor.operation import read_error_rate

                return read_error_rate(evidence, watch, until)
            case Latency():
                from mlopsc.stdlib.runtime.monitor.operation import read_latency

                return read_latency(evidence, watch, until)
            case None:
                from mlopsc.stdlib.runtime.monitor.quality import read_quality

                return read_quality(evidence, watch, until, readings)
    except StoreError:
        raise
    except OperationError as error:
        return Reading(Status.UNDECIDED, str(error))


def _no_model(evidence: Evidence, rules: MonitorRules) -> Sighting:
    word, at = str(NoModel.word), clock.now()
    broken = not evidence.state.weights
    text = "no version answers requests" if broken else "a version answers requests"
    reading = Reading(Status.BROKEN if broken else Status.HOLDS, text)
    return Sighting(word, word, word, (at, at), reading, _builtin(rules, word), is_kept=False)


def _derive(log: EventLog, rules: MonitorRules) -> list[Record]:
    """Note the events that follow from what is in the log: labels that are late, retrainings without new rows."""
    found = []
    for sighting in _derived(log.read(), rules):
        if record := log.note(sighting):
            found.append(record)
    return found


def _derived(journal: Journal, rules: MonitorRules) -> Iterator[Sighting]:
    late = str(LabelsLate.word)
    for watch in rules.watches:
        readings = journal.of(watch.id).readings
        if watch.what is None and readings:
            newest, key = readings[-1], f"{late}: {watch.id}"
            text = newest.get("labels_late", "")
            status = Status.BROKEN if text else Status.HOLDS
            window = newest["until"] - watch.over, newest["until"]
            reading = Reading(status, text or "labels have arrived", newest["evidence"])
            yield Sighting(key, watch.id, late, window, reading, _builtin(rules, late), is_kept=False)
    nothing = str(NothingNew.word)
    for (event, action, number), done in journal.done.items():
        if done.last.get("outcome") == nothing:
            at = clock.parse_stamp(done.last["at"])
            reading = Reading(Status.BROKEN, done.last["reason"])
            key = f"{nothing}: {event} {action} {number}"
            yield Sighting(key, action, nothing, (at, at), reading, _builtin(rules, nothing), is_kept=False)


def _builtin(rules: MonitorRules, word: str) -> tuple[str, ...]:
    return tuple(rules.actions_for({"category": word, "watch": word}))


def _keep_report(deployment: Deployment, log: EventLog, rules: MonitorRules, event: int) -> None:
    """Put a report beside the log, as it is after an event."""
    from mlopsc.stdlib.runtime.monitor.report import render_report

    page = render_report(deployment, rules, log.read(), _places(deployment, rules))
    deployment.store.put_if_absent(f"{deployment.reports(rules.name)}/{event}/report.html", page.encode())


def _places(deployment: Deployment, rules: MonitorRules) -> dict[str, str]:
    """Where in the spec each rule stands, as the last build noted it; empty where there was none."""
    name, environment = str(deployment.document["name"]), deployment.environment
    try:
        path = deployment.project / "deploy" / name / environment / "origins.json"
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return {watch.id: place(found, rules.name, rule=watch.id) for watch in rules.watches}


def find_monitor(document: Mapping[str, Any], name: str | None) -> Declaration:
    """The monitor of that name, or the only one; raises OperationError when there is none or several."""
    known: dict[str, Declaration] = {
        str(stage["name"]): stage for stage in document["stages"] if stage["kind"] == "monitor"
    }
    if name is not None and name in known:
        return known[name]
    listed = ", ".join(f"`{one}`" for one in known)
    if name is not None:
        hint = f"there is {listed}" if known else "write a `monitor` block; `mlopsc add monitor`"
        raise OperationError(f"there is no monitor `{name}`", hint)
    if len(known) == 1:
        return next(iter(known.values()))
    if not known:
        raise OperationError(f"`{document['name']}` has no monitor", "write a `monitor` block; `mlopsc add monitor`")
    raise OperationError(f"`{document['name']}` has several monitors", f"name one: {listed}")
