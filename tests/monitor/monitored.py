"""A small service on rows of a made-up world: hourly orders that follow temperature and weather."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlopsc.compiler.cli.built import Built, describe
from mlopsc.compiler.cli.spec import Spec
from mlopsc.compiler.diagnostics import Severity
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import run
from mlopsc.stdlib.runtime.monitor.look import LookResult, find_monitor, look, opened
from mlopsc.stdlib.runtime.release.state import Change, LiveModel, Phase, ReleaseLog, State
from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.service.keys import new_id
from mlopsc.stdlib.runtime.service.records import FeedbackRow, RequestRow
from mlopsc.stdlib.runtime.service.writing import LogWriter
from mlopsc.stdlib.runtime.store.log import Log

HOUR, DAY = 3_600.0, 86_400.0
BEGIN = pd.Timestamp("2026-01-05", tz="UTC").timestamp()
"""When the service begins: a Monday."""
DAYS_BEFORE = 280

SPEC = """\
pipeline orders {
  language = 1
}

environment prod { platform = local() }

data hours {
  source = csv("hours.csv")
  time   = at
  unit   = block(1d)
  target = orders
  outcome = independent
  schema {
    at:      timestamp
    hour:    int in 0..23 role calendar
    temp:    float
    weather: category
    open:    bool
    orders:  float
  }
  check rows >= 100
  split = by_time(train = 60%, validation = 10%, test = 30%)
}

train forecast {
  data      = hours
  features  = python("steps.py:WithoutTime")
  estimator = sklearn("linear_model.LinearRegression")
}

test gate {
  model = forecast
  require mae(test) <= 40 at 95%
}

release api {
  model    = forecast
  gate     = gate
  strategy = direct()
}

monitor live {
  release = api
RULES
}
"""

STEP = """\
from typing import Self

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class WithoutTime(TransformerMixin, BaseEstimator):
    def fit(self, rows: pd.DataFrame, y: object = None) -> Self:
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.drop(columns="at")
"""


def spec_with(rules: str) -> str:
    """The spec with these lines in its monitor."""
    return SPEC.replace("RULES", "\n".join(f"  {line.strip()}" for line in rules.strip().splitlines()))


def rows_between(since: float, until: float, seed: int = 0) -> pd.DataFrame:
    """The hours of [since, until): the same ones whatever the ends."""
    first = round((since - BEGIN) / HOUR)
    count = round((until - since) / HOUR)
    hours = first + np.arange(count) + 365 * 24
    draws = np.random.default_rng(seed).normal(size=(3, 4 * 365 * 24))[:, hours]
    stamps = pd.to_datetime(since + HOUR * np.arange(count), unit="s", utc=True)
    hour = stamps.hour.to_numpy()
    temp = 15 + 6 * np.sin((hour - 9) / 24 * 2 * np.pi) + 3 * draws[0]
    weather = np.where(draws[1] > 1.2, "rain", np.where(draws[1] > 0, "clouds", "clear"))
    is_open = (hour > 6).astype(int)
    orders = 100 + 8 * temp - 30 * (weather == "rain") + 40 * is_open + 15 * draws[2]
    columns = {"at": stamps, "hour": hour, "temp": temp, "weather": weather, "open": is_open, "orders": orders}
    return pd.DataFrame(columns)


def write_rows(project: Path, until: float, change: Any = None) -> None:
    """Put the rows that happened before `until` into the source."""
    rows = rows_between(BEGIN - DAYS_BEFORE * DAY, until)
    rows = change(rows) if change else rows
    rows.assign(at=rows["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(project / "hours.csv", index=False)


def compile_spec(project: Path, rules: str) -> Built:
    """The spec with these rules of its monitor, compiled."""
    (project / "steps.py").write_text(STEP, encoding="utf-8")
    (project / "pipeline.mlops").write_text(spec_with(rules), encoding="utf-8")
    compilation = Spec(project, "pipeline.mlops").compile()
    errors = [one.message for one in compilation.diagnostics if one.severity is Severity.ERROR]
    assert not errors, errors
    return describe(compilation)


@dataclass
class Service:
    """A project whose model has passed its gate, with a store, a clock and a service that tests play."""

    project: Path
    document: Mapping[str, Any]
    deployment: Deployment

    @property
    def monitor(self) -> Mapping[str, Any]:
        """The monitor stage."""
        return find_monitor(self.document, None)

    def go_to(self, seconds: float) -> None:
        """Set the clock."""
        clock.set_clock(self.project / "clock", seconds)

    def look(self, at: float, *, act: bool = True) -> LookResult:
        """What the monitor finds and does at a time."""
        self.go_to(at)
        return look(self.deployment, self.monitor, "tester", act)

    def records(self) -> list[Mapping[str, Any]]:
        """What the monitor has noted."""
        _, log = opened(self.deployment, "live")
        return list(log.read().records)

    def change_rules(self, rules: str) -> None:
        """Write other rules into its monitor."""
        self.document = compile_spec(self.project, rules).documents["prod"]
        self.deployment = open_deployment(self.document, self.project)

    def release(self, version: int = 1, at: float = BEGIN) -> None:
        """Let a version answer everything."""
        self.go_to(at)
        record = Log(self.deployment.store, self.deployment.versions).read()[version - 1].record
        assert record is not None
        state = State(
            phase=Phase.SERVING,
            champion=version,
            weights={version: 1.0},
            models={version: LiveModel(record["model"])},
            since=at,
        )
        ReleaseLog(self.deployment.store, self.deployment.log).append(
            lambda *_: Change("promote", state, "tester", "first release")
        )

    def serve(self, since: float, until: float, **changes: Any) -> None:
        """Answer the hours of [since, until) as the model would, and tell what was true: see `answered`."""
        self.go_to(since)
        writer = LogWriter(self.deployment, interval=3_600.0)
        requests, truths = answered(since, until, **changes)
        writer.add(requests)
        writer.add(truths)
        self.go_to(until)
        assert writer.close() == 0


def answered(
    since: float,
    until: float,
    change: Any = None,
    truth: Any = None,
    status: Any = None,
    seconds: float = 0.01,
    labels: float = 1.0,
) -> tuple[list[RequestRow], list[FeedbackRow]]:
    """Requests and feedback of the hours of [since, until).

    `change` maps the rows before they are predicted, `truth` what is true; `status` gives the status of each row by
    its place; `labels` is the share of rows whose truth becomes known.
    """
    rows = rows_between(since, until)
    rows = change(rows) if change else rows
    true = truth(rows["orders"]) if truth else rows["orders"]
    said = predict(rows)
    requests, truths = [], []
    for place, row in enumerate(rows.to_dict("records")):
        at = row["at"].timestamp()
        told = status(place) if status else "ok"
        number = new_id(b"secret", "tests")
        inputs = {name: row[name] for name in ("at", "hour", "temp", "weather", "open")}
        answer = float(said.iloc[place]) if told == "ok" else None
        requests.append(RequestRow(at, number, f"{at:.0f}", "", 1, 1, "served", told, seconds, answer, None, inputs))
        if told == "ok" and place % 100 < labels * 100:
            truths.append(FeedbackRow(number, float(true.iloc[place]), at + HOUR))
    return requests, truths


def predict(rows: pd.DataFrame) -> pd.Series:
    """About what the linear model says: what is true without its noise."""
    return 100 + 8 * rows["temp"] - 30 * (rows["weather"] == "rain") + 40 * rows["open"]


def train(project: Path) -> None:
    """Write the rows before the service and run the gate."""
    write_rows(project, BEGIN)
    built = compile_spec(project, "watch age(hours) <= 2d")
    result = run(Request(built.documents["prod"], project, built.runtimes, only=("gate",)))
    assert result.exit_code == 0, result


def open_service(trained: Path, project: Path, rules: str, files: Mapping[str, str]) -> Service:
    """A copy of the trained project with these rules in its monitor and these files, served by version 1."""
    shutil.copytree(trained, project)
    for name, text in files.items():
        (project / name).write_text(text, encoding="utf-8")
    document = compile_spec(project, rules).documents["prod"]
    service = Service(project, document, open_deployment(document, project))
    service.release()
    return service
