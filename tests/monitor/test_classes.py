"""Watches of a model that predicts classes, whose answers the log holds as text and scores."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from monitored import BEGIN, DAY, DAYS_BEFORE, HOUR, SPEC, STEP, Service, rows_between

from mlopsc.compiler.cli.built import describe
from mlopsc.compiler.cli.spec import Spec
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import run
from mlopsc.stdlib.runtime.monitor.evidence import Evidence
from mlopsc.stdlib.runtime.service.deployment import open_deployment
from mlopsc.stdlib.runtime.service.records import FeedbackRow, RequestRow
from mlopsc.stdlib.runtime.service.writing import LogWriter

RULES = """\
  watch accuracy(feedback) >= 70% over 7d lag 1d as right
  watch log_loss(feedback) <= 0.6 over 7d lag 1d as sure
  watch roc_auc(feedback) >= 0.7 over 7d lag 1d as ranked
  watch recall(feedback, class = CLASS) >= 60% over 7d lag 1d as found
  watch stable(predictions) over 7d
  watch stable(target) over 7d lag 1d
"""
KINDS: dict[str, tuple[str, Any, str]] = {
    "bool": ("bool", lambda busy: busy.astype(int), "true"),
    "category": ("category", lambda busy: np.where(busy, "busy", "quiet"), '"busy"'),
}


@pytest.fixture(params=KINDS)
def service(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service that says whether an hour is busy, as a truth or as a class with a name."""
    kind, values, wanted = KINDS[request.param]
    spec = SPEC.replace("RULES", RULES.replace("CLASS", wanted)).replace("target = orders", "target = busy")
    spec = spec.replace("orders:  float", f"busy: {kind}").replace("mae(test) <= 40", "accuracy(test) >= 60%")
    spec = spec.replace("LinearRegression", "LogisticRegression")
    (tmp_path / "pipeline.mlops").write_text(spec, encoding="utf-8")
    (tmp_path / "steps.py").write_text(STEP, encoding="utf-8")
    rows = rows_between(BEGIN - DAYS_BEFORE * DAY, BEGIN)
    rows["busy"] = values(rows.pop("orders") > 225)
    rows.assign(at=rows["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(tmp_path / "hours.csv", index=False)
    built = describe(Spec(tmp_path, "pipeline.mlops").compile())
    document = built.documents["prod"]
    assert run(Request(document, tmp_path, built.runtimes, only=("gate",))).exit_code == 0
    monkeypatch.setenv("MLOPSC_CLOCK", str(tmp_path / "clock"))
    made = Service(tmp_path, document, open_deployment(document, tmp_path))
    made.release()
    return made


def serve(service: Service, since: float, until: float, *, turned: bool) -> None:
    """Answer by the model itself; where `turned`, the truth is the opposite of what it was."""
    evidence = Evidence(service.deployment)
    model = evidence.model(1)
    rows = rows_between(since, until)
    said, scores = model.predict(rows), model.predict_proba(rows)
    busy = (rows["orders"] > 225).to_numpy() != turned
    classes = model.classes or ()
    service.go_to(since)
    writer = LogWriter(service.deployment, interval=3_600.0)
    for place, row in enumerate(rows.to_dict("records")):
        at, number = row["at"].timestamp(), os.urandom(16).hex()
        inputs = {name: row[name] for name in ("at", "hour", "temp", "weather", "open")}
        given = (said[place], scores[place].tolist(), inputs)
        writer.add([RequestRow(at, number, f"{at:.0f}", "", 1, 1, "served", "ok", 0.01, *given)])
        true = {True: "busy", False: "quiet"}[bool(busy[place])] if "busy" in classes else bool(busy[place])
        writer.add([FeedbackRow(number, true, at + HOUR)])
    service.go_to(until)
    writer.close()


def test_classes_are_judged_by_what_the_log_holds(service: Service) -> None:
    serve(service, BEGIN, BEGIN + 7 * DAY, turned=False)
    serve(service, BEGIN + 7 * DAY, BEGIN + 14 * DAY, turned=True)
    assert service.look(BEGIN + 8 * DAY).events == ()
    first = {one["key"]: one for one in service.records()}
    assert {key: one["text"] for key, one in first.items() if one["status"] != "holds"} == {}
    assert first["right"]["evidence"]["value"] > 0.8
    assert first["right"]["evidence"]["windows"] >= 8
    assert set(first["watch stable(predictions)"]["evidence"]["sketches"]["prediction"]["names"]) in (
        {"true", "false"},
        {"busy", "quiet"},
    )
    found = service.look(BEGIN + 15 * DAY).events
    assert {"right", "sure", "ranked"} <= {one["watch"] for one in found}
