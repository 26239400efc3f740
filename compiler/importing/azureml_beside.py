"""What lies beside a pipeline of Azure ML: the schedule that starts it, and the schedules of monitors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath

from mlopsc.compiler.importing.model import ImportProblem, Note, Step, Watching
from mlopsc.compiler.importing.yaml_values import Value, read_yaml
from mlopsc.compiler.workspace import Workspace

_UNITS = {"minute": "min", "hour": "h", "day": "d", "week": "w", "month": "mo"}
_DRIFT = {"data_drift": "features", "prediction_drift": "predictions"}
_UNLESS_SAID = ("data_drift", "prediction_drift", "data_quality")
_SIGNALS = {
    "data_quality": "`check` rules and ranges of columns say it of rows, and the router holds requests against them",
    "feature_attribution_drift": "no watch looks at what a model listens to",
}
_FIXED = r"\d+"
_CRON = (
    (rf"{_FIXED} {_FIXED} \* \* \*", "1d"),
    (rf"{_FIXED} {_FIXED} \* \* (?:\d|[A-Za-z]{{3}})", "1w"),
    (rf"{_FIXED} {_FIXED} {_FIXED} \* \*", "1mo"),
    (rf"{_FIXED} \* \* \* \*", "1h"),
)
_EACH = ((r"\*/(\d+) \* \* \* \*", 60, "min"), (rf"{_FIXED} \*/(\d+) \* \* \*", 24, "h"))
"""Every so many minutes or hours, where these divide the hour or the day."""


class Schedules:
    """The schedules in the folder of a pipeline: how often it runs, and the monitors."""

    def __init__(self, workspace: Workspace, path: str, files: list[str]) -> None:
        self._workspace = workspace
        self._path = path
        self._files = files
        self.monitors: list[Step] = []
        self.carried: list[Note] = []
        self.left: list[Note] = []

    def read(self) -> str:
        """How often the pipeline runs, as a duration; empty where nothing says it."""
        every = ""
        for path, document in self._others():
            trigger, job = document.get("trigger"), document.get("create_job")
            named = (job.get("job") or job).text.removeprefix("file:")
            if trigger and named and normpath(join(dirname(self._path), named)) == normpath(self._path):
                self._files.append(path)
                every = every or self._of_job(trigger)
            elif document.get("create_monitor").is_mapping:
                self._files.append(path)
                self.monitors.append(self._monitor(document))
        return every

    def _others(self) -> Iterator[tuple[str, Value]]:
        folder = dirname(self._path)
        for name in self._workspace.list(folder or "."):
            path = join(folder, name)
            if path in self._files or not name.endswith((".yml", ".yaml")):
                continue
            try:
                document = next((one for one in read_yaml(self._workspace, path) if one.is_mapping), None)
            except ImportProblem:
                continue
            if document is not None:
                yield path, document

    def _of_job(self, trigger: Value) -> str:
        every = self._every(trigger)
        if every:
            outcome = f"`refresh = every({every})`: the rows are read again as often"
            self.carried.append(Note(trigger.place, f"the schedule, {_told(trigger)}", outcome))
        else:
            outcome = "say how often rows are read again by `refresh = every(1d)`"
            self.left.append(Note(trigger.place, f"the schedule `{_told(trigger)}`", outcome))
        return every

    def _every(self, trigger: Value) -> str:
        if trigger.get("type").text == "cron":
            return interval_of(trigger.get("expression").text)
        unit, interval = trigger.get("frequency").text, trigger.get("interval").text or "1"
        if unit not in _UNITS or not interval.isdecimal() or not int(interval):
            return ""
        if trigger.get("schedule").is_mapping:
            outcome = "times of day and weekdays have no place: an interval counts from the last time"
            self.left.append(Note(trigger.get("schedule").place, "`schedule` of the trigger", outcome))
        return f"{interval}{_UNITS[unit]}"

    def _monitor(self, document: Value) -> Step:
        monitor, trigger = document.get("create_monitor"), document.get("trigger")
        signals = [one for _, one in monitor.get("monitoring_signals").items]
        kinds = [one.get("type").text for one in signals] or list(_UNLESS_SAID)
        for one in signals:
            self._tell_of(one)
        every = self._every(trigger)
        if not every:
            outcome = "say how often it looks by `every = 1d` in the monitor"
            self.left.append(Note(trigger.place, f"the schedule `{_told(trigger)}`", outcome))
        drift = dict.fromkeys(_DRIFT[kind] for kind in kinds if kind in _DRIFT)
        told = [one.text for one in monitor.get("alert_notification").get("emails").elements if one.text]
        watching = Watching(tuple(drift), "model_performance" in kinds, every, tuple(told))
        return Step(document.get("name").text or "live", monitor.place, watching=watching)

    def _tell_of(self, signal: Value) -> None:
        kind, thresholds = signal.get("type").text, signal.get("metric_thresholds")
        if kind not in _DRIFT and kind != "model_performance":
            outcome = _SIGNALS.get(kind, "no watch looks at it; a function of the project can, in a stage of its own")
            self.left.append(Note(signal.place, f"the signal `{kind}`", outcome))
        elif thresholds:
            outcome = "drift needs no limit: `alarms` says how many false alarms are accepted; a metric has one"
            self.left.append(Note(thresholds.place, f"the thresholds of `{kind}`", outcome))


def interval_of(expression: str) -> str:
    """How often a cron expression comes round, as a duration; empty where that is not always as long."""
    plain = " ".join(expression.split())
    for pattern, whole, unit in _EACH:
        each = re.fullmatch(pattern, plain)
        if each:
            count = int(each[1])
            return f"{count}{unit}" if 0 < count < whole and whole % count == 0 else ""
    return next((every for pattern, every in _CRON if re.fullmatch(pattern, plain)), "")


def _told(trigger: Value) -> str:
    if trigger.get("type").text == "recurrence":
        return f"every {trigger.get('interval').text or '1'} {trigger.get('frequency').text}"
    return trigger.get("expression").text or trigger.get("type").text
