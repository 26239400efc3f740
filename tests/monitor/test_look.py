"""Looks: what each form of `watch` says of a service that is well, and of one that is not."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from monitored import BEGIN, DAY, Service, write_rows

MakeService = Callable[..., Service]
STABLE = "watch stable(features) over 7d, alarms <= 1 / 90d"
QUALITY = "watch mae(feedback) <= 40 over 7d lag 1d, alarms <= 1 / 90d"


def warmer(rows: pd.DataFrame) -> pd.DataFrame:
    """The same hours, eight degrees warmer."""
    return rows.assign(temp=rows["temp"] + 8)


def test_features_that_do_not_move_are_no_event(make_service: MakeService) -> None:
    service = make_service(STABLE)
    for week in range(5):
        service.serve(BEGIN + week * 7 * DAY, BEGIN + (week + 1) * 7 * DAY)
        assert service.look(BEGIN + (week + 1) * 7 * DAY + 60).events == ()
    looks = service.records()
    assert [one["status"] for one in looks] == ["holds"] * 5
    assert set(looks[0]["evidence"]["distances"]) == {"temp", "weather", "open"}
    assert looks[0]["evidence"]["looks"] >= 30  # the rows before the service are its history
    assert looks[-1]["evidence"]["looks"] == looks[0]["evidence"]["looks"] + 4


def test_a_feature_that_moves_is_one_event_an_episode(make_service: MakeService) -> None:
    service = make_service(STABLE)
    service.serve(BEGIN, BEGIN + 14 * DAY)
    service.serve(BEGIN + 14 * DAY, BEGIN + 28 * DAY, change=warmer)
    statuses = []
    for week in range(1, 5):
        service.look(BEGIN + week * 7 * DAY + 60)
        statuses.append(service.records()[-1]["status"])
    (event,) = [one for one in service.records() if one["kind"] == "event"]
    assert statuses == ["holds", "holds", "broken", "broken"]
    assert event["watch"] == "watch stable(features)"
    assert event["category"] == "drift"
    assert "`temp`" in event["text"]
    assert "`weather`" not in event["text"]
    assert service.records()[-1]["episode"] == event["id"]


@pytest.mark.parametrize("minutes", [0.0, 60.0])
def test_a_second_look_adds_nothing(make_service: MakeService, minutes: float) -> None:
    service = make_service(f"{STABLE}\n{QUALITY}\nwatch age(hours) <= 2d")
    service.serve(BEGIN, BEGIN + 8 * DAY, change=warmer)
    first = service.look(BEGIN + 8 * DAY)
    records = service.records()
    assert {one["category"] for one in first.events} == {"drift", "quality", "freshness"}
    second = service.look(BEGIN + 8 * DAY + minutes * 60)
    assert second.texts == ()
    assert service.records() == records


def test_old_data_is_an_event_that_ends_when_rows_come(make_service: MakeService) -> None:
    service = make_service("watch age(hours) <= 2d")
    assert service.look(BEGIN + DAY).events == ()
    (event,) = service.look(BEGIN + 3 * DAY).events
    assert event["category"] == "freshness"
    assert "3.04 d old against 2 d" in event["text"]
    assert service.look(BEGIN + 4 * DAY).events == ()
    write_rows(service.project, BEGIN + 5 * DAY)
    service.look(BEGIN + 5 * DAY)
    assert service.records()[-1]["status"] == "holds"
    (again,) = service.look(BEGIN + 8 * DAY).events
    assert again["id"] != event["id"]


def test_quality_within_and_beyond_its_limit(make_service: MakeService) -> None:
    service = make_service(QUALITY)
    service.serve(BEGIN, BEGIN + 7 * DAY)
    service.serve(BEGIN + 7 * DAY, BEGIN + 14 * DAY, truth=lambda true: true + 60)
    assert service.look(BEGIN + 8 * DAY).events == ()
    held = service.records()[-1]
    assert held["status"] == "holds"
    assert 8 < held["evidence"]["value"] < 16
    assert held["evidence"]["windows"] >= 8  # the rows that the first version was tested on
    (event,) = service.look(BEGIN + 15 * DAY).events
    assert event["category"] == "quality"
    assert event["evidence"]["value"] > 55
