"""Every other form of `watch`, well and with what it must catch; and what makes a look undecided."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from monitored import BEGIN, DAY, HOUR, Service, rows_between

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.service.records import RequestRow
from mlopsc.stdlib.runtime.service.writing import LogWriter

MakeService = Callable[..., Service]
AT = BEGIN + 7 * DAY
LATER = BEGIN + 14 * DAY


def rainy(rows: pd.DataFrame) -> pd.DataFrame:
    """The same hours, all of them with rain."""
    return rows.assign(weather="rain")


def warmer(rows: pd.DataFrame) -> pd.DataFrame:
    """The same hours, eight degrees warmer."""
    return rows.assign(temp=rows["temp"] + 8)


def gappy(rows: pd.DataFrame) -> pd.DataFrame:
    """The same hours, every third without a temperature."""
    return rows.assign(temp=rows["temp"].where(np.arange(len(rows)) % 3 != 0))


def statuses(service: Service, key: str = "watch ") -> list[str]:
    """What looks said of a key that begins so, oldest first."""
    return [one["status"] for one in service.records() if one["kind"] != "action" and one["key"].startswith(key)]


@pytest.mark.parametrize(
    ("rule", "trouble", "named"),
    [
        ("watch stable(predictions) over 7d", {"change": warmer}, "`prediction`"),
        ("watch stable(target) over 7d lag 1d", {"truth": lambda true: true + 60}, "`y`"),
        ("watch stable([weather]) over 7d", {"change": rainy}, "`weather`"),
        ("watch stable([temp]) over 7d", {"change": gappy}, "`temp`"),
        ("watch stable(features) over 7d against trailing(56d)", {"change": warmer}, "`temp`"),
        ("watch stable(features) over 7d every 1d", {"change": warmer}, "`temp`"),
    ],
)
def test_what_moves_is_named(make_service: MakeService, rule: str, trouble: dict[str, Any], named: str) -> None:
    service = make_service(rule)
    service.serve(BEGIN, AT)
    service.serve(AT, LATER, **trouble)
    assert service.look(AT + DAY).events == ()
    (event,) = service.look(LATER + DAY).events
    assert named in event["text"].partition(";")[0]
    assert event["category"] == "drift"


def test_rows_of_the_training_are_a_reference(make_service: MakeService) -> None:
    service = make_service("watch stable([weather]) over 7d against training")
    service.serve(BEGIN, AT)
    service.serve(AT, LATER, change=rainy)
    assert service.look(AT).events == ()
    assert statuses(service) == ["holds"]
    (event,) = service.look(LATER).events
    assert "`weather` by 0.8" in event["text"]


def test_a_season_needs_two_years(make_service: MakeService) -> None:
    service = make_service("watch stable(features) over 7d against season(21d)")
    service.serve(BEGIN, AT)
    service.look(AT)
    assert statuses(service) == ["learning"]


def test_windows_are_compared_with_the_same_weeks_of_the_year_before(make_service: MakeService) -> None:
    from monitored import write_rows

    from mlopsc.stdlib.runtime.monitor.evidence import Evidence
    from mlopsc.stdlib.runtime.monitor.look import find_monitor
    from mlopsc.stdlib.runtime.monitor.streams import open_stream, reference_of
    from mlopsc.stdlib.runtime.monitor.watches import read_monitor

    service = make_service("watch stable(features) over 7d against season(21d)")
    service.serve(BEGIN, AT)
    evidence = Evidence(service.deployment)
    evidence.refresh()
    (watch,) = read_monitor(find_monitor(service.document, None)).watches
    stream = open_stream(evidence, watch, AT)
    later = BEGIN + 150 * DAY  # the rows begin 280 days before the service: 364 before this is among them
    times = stream.times[reference_of(stream, watch, later)]
    assert len(times) == 21 * 24
    assert (times.min(), times.max() + HOUR) == (later + 3.5 * DAY - 374.5 * DAY, later + 3.5 * DAY - 353.5 * DAY)
    write_rows(service.project, BEGIN)


@pytest.mark.parametrize(
    ("rule", "trouble", "text"),
    [
        ("watch error_rate <= 5% over 7d", {"status": lambda i: "error" if i % 5 == 0 else "ok"}, "34 of 168 requests"),
        ("watch latency(p95) <= 50ms over 14d", {"seconds": 0.08}, "p95 is 80 ms against 50 ms: 168 of 336"),
        ("watch mae(feedback) <= champion + 50% over 7d", {"truth": lambda true: true + 30}, "`mae`: 29."),
        ("watch mae(feedback) <= naive(24h) * 80% over 7d", {"truth": lambda true: true + 60}, "`mae`: 5"),
        ("watch bias(feedback) in -10..10 over 7d", {"truth": lambda true: true - 30}, "`bias`: 3"),
        ("watch r2(feedback) >= 0.5 over 7d", {"truth": lambda true: 400 - true}, "`r2`: -"),
    ],
)
def test_figures_beyond_their_limit(make_service: MakeService, rule: str, trouble: dict[str, Any], text: str) -> None:
    service = make_service(rule)
    service.serve(BEGIN, AT)
    service.serve(AT, LATER, **trouble)
    assert service.look(AT + HOUR).events == ()
    assert statuses(service) in (["holds"], [])  # a window of 14 days is not full yet
    (event,) = service.look(LATER + HOUR).events
    assert text in event["text"]


def test_labels_that_are_due_and_do_not_come(make_service: MakeService) -> None:
    service = make_service(
        'watch mae(feedback) <= 40 over 7d lag 1d\non labels_late do notify("true")',
    )
    service.serve(BEGIN, AT, labels=0.5)
    service.serve(AT, LATER, labels=0.5)
    service.serve(LATER, LATER + 7 * DAY)
    (event,) = service.look(AT + DAY).events
    assert event["category"] == "labels_late"
    assert "labels that are due have arrived" in event["text"]
    assert service.look(LATER + DAY).events == ()
    service.look(LATER + 8 * DAY)
    assert statuses(service, "labels_late") == ["broken", "holds"]
    assert statuses(service, "watch mae") == ["undecided", "undecided", "holds"]


def test_few_requests_are_no_late_labels(make_service: MakeService) -> None:
    service = make_service("watch mae(feedback) <= 40 over 7d")
    service.serve(BEGIN, BEGIN + 3 * DAY)
    assert service.look(AT).events == ()
    assert statuses(service) == ["undecided"]
    assert "72 answers in the window" in service.records()[-1]["text"]


def test_an_outage_burns_what_uptime_allows(make_service: MakeService) -> None:
    service = make_service("watch uptime >= 99.9% over 30d")
    service.serve(BEGIN, AT)
    assert service.look(AT).events == ()
    service.serve(AT + 0.5 * DAY, LATER)
    (event,) = service.look(AT + DAY).events
    assert event["category"] == "uptime"
    assert AT < event["evidence"]["worst"] < AT + 0.5 * DAY
    service.look(LATER)
    assert statuses(service)[-1] == "holds"


def test_a_router_that_was_killed_is_an_outage(make_service: MakeService) -> None:
    service = make_service("watch uptime >= 99.9% over 30d")
    service.go_to(BEGIN)
    process = os.fork()
    if process == 0:
        writer = LogWriter(service.deployment, interval=3_600.0)
        writer.flush()
        clock.set_clock(service.project / "clock", BEGIN + DAY)
        writer.flush()
        os._exit(0)
    os.waitpid(process, 0)
    (event,) = service.look(BEGIN + DAY + HOUR).events
    assert BEGIN + DAY < event["evidence"]["worst"] <= BEGIN + DAY + 600


def test_a_service_that_was_never_started_is_no_outage(make_service: MakeService) -> None:
    service = make_service("watch uptime >= 99.9% over 30d")
    assert service.look(BEGIN + DAY).events == ()
    assert statuses(service) == ["learning"]


def test_failing_requests_burn_it_too(make_service: MakeService) -> None:
    service = make_service("watch uptime >= 99.9% over 30d")
    service.go_to(BEGIN)
    writer = LogWriter(service.deployment, interval=3_600.0)
    rows = rows_between(BEGIN, BEGIN + HOUR).to_dict("records")[0]
    bad = range(5_000, 6_000)
    writer.add(
        RequestRow(
            BEGIN + 7.2 * i,
            f"{i:032x}",
            f"{i}",
            "",
            1,
            1,
            "served",
            "error" if i in bad else "ok",
            0.01,
            1.0,
            None,
            rows,
        )
        for i in range(12_000)
    )
    service.go_to(BEGIN + DAY)
    writer.close()
    (event,) = service.look(BEGIN + DAY).events
    assert BEGIN + 36_000 < event["evidence"]["worst"] < BEGIN + 43_300


def test_a_window_with_gaps_is_undecided(make_service: MakeService) -> None:
    service = make_service(
        "watch stable(features) over 7d\nwatch error_rate <= 1% over 7d\nwatch mae(feedback) <= 9 over 7d"
    )
    service.serve(BEGIN, BEGIN + 3 * DAY)
    service.go_to(BEGIN + 3 * DAY)
    process = os.fork()
    if process == 0:  # a router that is killed before it has written its rows
        writer = LogWriter(service.deployment, interval=3_600.0)
        writer.flush()
        clock.set_clock(service.project / "clock", BEGIN + 4 * DAY)
        os._exit(0)
    os.waitpid(process, 0)
    service.serve(BEGIN + 4 * DAY, AT, truth=lambda true: true + 60)
    service.look(AT)
    assert statuses(service) == ["undecided"] * 3
    assert "the log of the window has gaps" in service.records()[-1]["text"]


def test_looks_that_were_missed_are_caught_up_once(make_service: MakeService) -> None:
    service = make_service("watch stable(features) over 7d")
    service.serve(BEGIN, BEGIN + 35 * DAY)
    service.look(BEGIN + 36 * DAY)
    (record,) = service.records()
    assert record["window"] == [clock.stamp(BEGIN + 28 * DAY), clock.stamp(BEGIN + 35 * DAY)]


def test_nothing_is_looked_at_before_the_first_release(make_service: MakeService) -> None:
    import shutil

    service = make_service("watch stable(features) over 7d")
    shutil.rmtree(service.project / ".mlops" / "store" / "release")
    result = service.look(AT)
    assert result.texts == ("`api` has no release in `prod` yet",)
    assert service.records() == []


def test_rows_that_are_sent_again_are_no_new_evidence(make_service: MakeService) -> None:
    service = make_service("watch stable([temp]) over 7d")
    service.serve(BEGIN, AT)
    for _ in range(2):  # one warm hour, sent again and again
        service.go_to(AT - HOUR)
        writer = LogWriter(service.deployment, interval=3_600.0)
        row = rows_between(BEGIN, BEGIN + HOUR).assign(temp=60.0).to_dict("records")[0]
        writer.add(
            RequestRow(AT - 60 + i / 10, os.urandom(16).hex(), "same", "", 1, 1, "served", "ok", 0.01, 1.0, None, row)
            for i in range(300)
        )
        writer.close()
    assert service.look(AT).events == ()
    assert service.records()[-1]["evidence"]["rows"] == 169


def test_a_detector_that_is_not_installed_says_how_to_get_it(make_service: MakeService) -> None:
    if importlib.util.find_spec("alibi_detect"):
        pytest.skip("it is installed here")
    service = make_service("watch stable(features, detector = alibi.ks()) over 7d")
    service.serve(BEGIN, AT)
    assert service.look(AT).events == ()
    assert statuses(service) == ["undecided"]
    assert "alibi]" in service.records()[-1]["text"]
