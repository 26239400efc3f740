"""A monitor's report: one HTML page of all windows, made from its log alone, with nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from mlopsc.stdlib.metrics import ErrorRate, Latency
from mlopsc.stdlib.monitor import DataAge, Stable, Uptime
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.monitor.charts import Axis, Lane, Point, bars, line_chart, timeline
from mlopsc.stdlib.runtime.monitor.journal import Journal, Record
from mlopsc.stdlib.runtime.monitor.watches import MonitorRules, WatchRule
from mlopsc.stdlib.runtime.service.deployment import Deployment

TEMPLATE = Path(__file__).with_name("report.html.j2")
_DAY = 86_400.0
_NAME = re.compile("`([^`]*)`")
_MOST_LOOKS = 12
_MOST_LINES = 6
_QUARTER = 90 * _DAY
_WORDS = {"holds": "holds", "broken": "does not hold", "learning": "learning", "undecided": "undecided"}
_UNITS: Mapping[type[Any], tuple[str, float]] = {
    DataAge: (" d", 1 / _DAY),
    Latency: (" ms", 1e3),
    Uptime: ("%", 1.0),
    ErrorRate: ("%", 1.0),
}


def render_report(
    deployment: Deployment, rules: MonitorRules, journal: Journal, places: Mapping[str, str] | None = None
) -> str:
    """The page; `places` says where in the spec each rule stands (`pipeline.mlops:74`), by its id."""
    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    jinja.filters["ticked"] = _ticked
    template = jinja.from_string(TEMPLATE.read_text(encoding="utf-8"))
    looks = [record for record in journal.records if record["kind"] != "action"]
    axis = _axis(journal)
    return template.render(
        title=f"Monitor {rules.name}",
        pipeline=str(deployment.document["name"]),
        release=deployment.name,
        environment=deployment.environment,
        span=f"{_date(axis.start)} to {_date(axis.end)}" if looks else "",
        tiles=[*_tiles(rules, journal)],
        timeline=timeline([*_lanes(rules, journal, axis)], axis) if looks else "",
        events=[_event(record, journal, places or {}) for record in reversed(journal.events)],
        watches=[_watch(watch, journal, axis, places or {}) for watch in rules.watches],
    )


def _axis(journal: Journal) -> Axis:
    windows = [record["window"] for record in journal.records if record["kind"] != "action"]
    ends = [clock.parse_stamp(record["at"]) for record in journal.records] or [0.0]
    starts = [clock.parse_stamp(window[1]) for window in windows] or [0.0]
    return Axis(min(starts) - 0.03 * (max(ends) - min(starts)), max(ends))


def _tiles(rules: MonitorRules, journal: Journal) -> Iterator[dict[str, str]]:
    going_on = [event for event in journal.events if journal.is_going_on(event)]
    expected = sum(watch.alarms_in(_QUARTER) for watch in rules.watches if watch.has_level)
    yield {"name": "events", "value": str(len(journal.events))}
    yield {"name": "go on now", "value": str(len(going_on))}
    yield {"name": "looks", "value": str(sum(record["kind"] != "action" for record in journal.records))}
    yield {"name": "actions done", "value": str(sum(one.last["state"] == "done" for one in journal.done.values()))}
    yield {"name": "false alarms to expect in 90 d, at most", "value": f"{expected:.3g}"}


def _lanes(rules: MonitorRules, journal: Journal, axis: Axis) -> Iterator[Lane]:
    keys = {watch.id: watch.id.removeprefix("watch ") for watch in rules.watches}
    keys |= {key: key for key in journal.watched if key not in keys and not key.startswith("nothing_new")}
    for key, name in keys.items():
        found = journal.of(key)
        looks = [_point(record, 0.0) for record in found.readings]
        yield Lane(name, looks, [*_episodes(found.readings, axis.end)], _link(key) if name != key else "events")
    done = [
        Point(clock.parse_stamp(one.last["at"]), 0.0, "failed" if one.last["state"] == "failed" else "action", text)
        for one in journal.done.values()
        for text in [f"{one.action} {one.last['state']}: {one.last['reason']}"]
    ]
    if done:
        yield Lane("actions", done, (), "events")


def _episodes(readings: Sequence[Record], end: float) -> Iterator[tuple[float, float]]:
    start: float | None = None
    for record in readings:
        if record["kind"] == "event":
            start = float(record["until"])
        elif start is not None and record["status"] == "holds":
            yield start, float(record["until"])
            start = None
    if start is not None:
        yield start, end


def _event(record: Record, journal: Journal, places: Mapping[str, str]) -> dict[str, Any]:
    done = [one for one in journal.done.values() if one.event == record["id"]]
    actions = [
        {"name": one.action, "state": one.last["state"], "at": _time(one.last["at"]), "reason": one.last["reason"]}
        for one in done
    ]
    return {
        "id": record["id"],
        "category": record["category"],
        "watch": record["watch"],
        "place": places.get(str(record["watch"]), ""),
        "at": _time(record["at"]),
        "text": record["text"],
        "actions": actions,
        "is_going_on": journal.is_going_on(record),
        "figures": [one for one in _figures(record) if one["moved"]],
    }


def _watch(watch: WatchRule, journal: Journal, axis: Axis, places: Mapping[str, str]) -> dict[str, Any]:
    readings = journal.of(watch.id).readings
    newest = readings[-1] if readings else None
    chart, names = _chart(watch, readings, axis)
    return {
        "link": _link(watch.id),
        "rule": watch.text,
        "place": places.get(watch.id, ""),
        "status": newest["status"] if newest else "learning",
        "word": _WORDS[newest["status"]] if newest else "not looked at yet",
        "text": newest["text"] if newest else "its first window is not full yet",
        "about": _about(watch),
        "chart": chart,
        "series": names,
        "window": " to ".join(_time(one) for one in newest["window"]) if newest else "",
        "figures": [*_figures(newest)] if newest else [],
        "looks": [
            {"at": _time(record["at"]), "word": _WORDS[record["status"]], "text": record["text"]}
            for record in reversed(readings[-_MOST_LOOKS:])
        ],
    }


def _about(watch: WatchRule) -> str:
    parts = [f"category {watch.category}", f"looks every {_span(watch.every)}"]
    if watch.over:
        parts.append(f"windows of {_span(watch.over)}")
    if watch.has_level:
        parts.append(f"of looks without cause, {watch.share:.2%} may be events")
    return ", ".join(parts)


def _chart(watch: WatchRule, readings: Sequence[Record], axis: Axis) -> tuple[str, list[tuple[str, str]]]:
    if isinstance(watch.what, Stable):
        return _drift_chart(readings, axis)
    unit, factor = _UNITS.get(type(watch.what), ("", 1.0))
    valued = [record for record in readings if record["evidence"].get("value") is not None]
    if not valued:
        return "", []
    points = [_point(record, record["evidence"]["value"] * factor) for record in valued]
    limit = valued[-1]["evidence"]["limit"] * factor
    label = f"limit {limit:.3%}" if unit == "%" else f"limit {limit:.4g}{unit}"
    return line_chart(watch.text, {"value": points}, {label: limit}, axis, unit), []


def _drift_chart(readings: Sequence[Record], axis: Axis) -> tuple[str, list[tuple[str, str]]]:
    looks = [record for record in readings if record["evidence"].get("distances")]
    if not looks:
        return "", []
    largest = {
        column: max(record["evidence"]["distances"].get(column, 0.0) for record in looks)
        for column in looks[-1]["evidence"]["distances"]
    }
    columns = sorted(largest, key=lambda column: -largest[column])[:_MOST_LINES]
    series = {column: [*_distances(looks, column)] for column in columns}
    named = [(column, f"s{place + 1}") for place, column in enumerate(columns)]
    return line_chart("distance by column", series, {"what is nearer is no event: 0.1": 0.1}, axis), named


def _distances(looks: Sequence[Record], column: str) -> Iterator[Point]:
    for record in looks:
        evidence = record["evidence"]
        if column in evidence["distances"]:
            drifted = any(one["column"] == column and one["drifted"] for one in evidence["columns"])
            value, text = evidence["distances"][column], f"{evidence['distances'][column]:.2f}, {_time(record['at'])}"
            yield Point(float(record["until"]), value, "broken" if drifted else "holds", text)


def _figures(newest: Record) -> Iterator[dict[str, Any]]:
    """The distributions of the columns that stood out most."""
    told = {one["column"]: one for one in newest["evidence"].get("columns", ())}
    for column, sketch in newest["evidence"].get("sketches", {}).items():
        one = told.get(column, {})
        distance = newest["evidence"].get("distances", {}).get(column, one.get("distance", 0.0))
        visible = f", seen from {one['visible']:.2f}" if one.get("visible") is not None else ""
        yield {
            "svg": bars(column, sketch["names"], sketch["window"], sketch["reference"]),
            "caption": f"{column}: {distance:.2f}{visible}",
            "moved": bool(one.get("drifted")),
        }


def _point(record: Record, value: float) -> Point:
    text = f"{_time(record['at'])}: {_WORDS[record['status']]}: {record['text']}"
    return Point(float(record["until"]), value, str(record["status"]), text)


def _ticked(text: str) -> str:
    """A message as HTML, with the names in backticks set off from it."""
    return _NAME.sub(r"<code>\1</code>", escape(text))


def _link(key: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in key)


def _date(at: float) -> str:
    return clock.stamp(at)[:10]


def _time(stamp: str) -> str:
    return stamp[:16].replace("T", " ")


def _span(length: float) -> str:
    for unit, size in (("d", _DAY), ("h", 3_600.0), ("min", 60.0)):
        if length >= size:
            return f"{length / size:.4g} {unit}"
    return f"{length:.4g} s"
