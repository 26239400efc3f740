"""What a monitor tells Prometheus is what it has found, in the words that alerts ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from monitored import BEGIN, DAY, Service, write_rows
from prometheus_client.parser import text_string_to_metric_families
from test_look import QUALITY, STABLE, warmer

from mlopsc.compiler.cli.main import run
from mlopsc.compiler.ir.model import Pipeline
from mlopsc.stdlib.runtime.monitor.exposition import exposition
from mlopsc.stdlib.runtime.service import metrics_names as names
from mlopsc.targets import Build
from mlopsc.targets.prometheus import target

MakeService = Callable[..., Service]
AGE = "watch age(hours) <= 2d"


def samples(text: str) -> dict[tuple[str, str], float]:
    """The value of each sample, by its name and by what it is about, as Prometheus' own parser reads it."""
    found = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return {
        (one.name, one.labels.get("watch") or one.labels.get("data") or one.labels["monitor"]): one.value
        for one in found
    }


def test_events_are_counted_from_zero_and_rows_have_an_age(make_service: MakeService) -> None:
    service = make_service(f"{STABLE}\n{QUALITY}\n{AGE}")
    write_rows(service.project, BEGIN + 7 * DAY)
    service.serve(BEGIN, BEGIN + 14 * DAY, change=warmer)
    service.go_to(BEGIN + DAY)
    before = samples(exposition(service.deployment, service.monitor))
    assert before[names.MONITOR_EVENTS.name, "watch stable(features)"] == 0
    assert before[names.MONITOR_EVENTS.name, "labels_late"] == 0
    service.look(BEGIN + 7 * DAY + 60)
    after = samples(exposition(service.deployment, service.monitor))
    assert after[names.MONITOR_EVENTS.name, "watch stable(features)"] == 1
    assert after[names.MONITOR_EVENTS.name, "watch age(hours)"] == 0
    assert after[names.MONITOR_LOOK.name, "live"] == BEGIN + 7 * DAY + 60
    assert BEGIN + 6 * DAY < after[names.DATA_NEWEST.name, "hours"] <= BEGIN + 7 * DAY


def test_alerts_ask_for_what_is_told(make_service: MakeService) -> None:
    """The rule file of the same pipeline names each watch as the monitor does."""
    service = make_service(f'watch stable(features) over 7d as `odd "name"`\n{QUALITY}\n{AGE}')
    text = exposition(service.deployment, service.monitor)
    build = Build(Pipeline.model_validate(service.document), {}, "pipeline.mlops", {})
    (file,) = target.emit([build])
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            if one.labels.get("category") in ("drift", "quality"):
                assert f'watch="{one.labels["watch"]}"'.replace('odd "name"', r"odd \"name\"") in file.text
    assert 'data="hours"' in file.text


def test_a_look_writes_what_prometheus_collects(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = make_service(f"{STABLE}\n{AGE}")
    write_rows(service.project, BEGIN + 7 * DAY)
    service.serve(BEGIN, BEGIN + 7 * DAY)
    service.go_to(BEGIN + 7 * DAY + 60)
    monkeypatch.chdir(service.project)
    path = Path("mlopsc.prom")
    assert run(["monitor", "look", "-e", "prod", "--metrics", str(path)]) == 0, capsys.readouterr()
    told = samples(path.read_text("utf-8"))
    assert told[names.MONITOR_LOOK.name, "live"] == BEGIN + 7 * DAY + 60
    assert run(["monitor", "look", "-e", "prod", "--metrics", "pipeline.mlops/mlopsc.prom"]) == 4
    assert "pipeline.mlops" in capsys.readouterr().err
