"""What guards and requirements decide, from requests and feedback in a real log; and what keeps them from deciding."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from releases import BEGAN, CANARY, DAY, HOUR, MAE, Behaviour, Clock, Traffic, add_version, rule
from test_strategies import kinds, second, state

from mlopsc.stdlib.runtime.release.judging import missing_time
from mlopsc.stdlib.runtime.release.tick import outlook, tick
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.reading import Gap, ServiceLog
from mlopsc.stdlib.runtime.service.records import FeedbackRow, RequestRow
from mlopsc.stdlib.runtime.service.writing import LogWriter
from mlopsc.stdlib.runtime.store.protocol import Store

CHAMPION = {"baseline": "champion", "factor": 1.05}
ERRORS = rule("guard error_rate <= champion", {"function": "error_rate"}, "<=", {"baseline": "champion", "factor": 2.0})
P95 = rule("guard latency(p95)", {"function": "latency", "percentile": "p95"}, "<=", {"offset": 0.2})
BY_28D = rule("require mae(feedback) <= champion", MAE, "<=", CHAMPION, at=0.95, within="28d")
BY_8D = rule("require mae(feedback) <= champion", MAE, "<=", CHAMPION, at=0.95, within="8d")
AB = {"function": "ab", "share": 0.5}


def last(deployment: Deployment) -> Mapping[str, Any]:
    record = tick(deployment, "me").change
    assert record is not None
    return record


def test_errors_of_the_candidate_alone_roll_it_back_and_the_entry_says_why(
    store: Store, project: Path, clock: Clock
) -> None:
    deployment = second(store, project, CANARY, rules=(ERRORS, P95))
    Traffic(deployment, clock).hours(6, {1: Behaviour(errors=0.01), 2: Behaviour(errors=0.5)})
    record = last(deployment)
    assert (record["kind"], record["rule"]) == ("rollback", "guard error_rate <= champion")
    assert state(deployment).weights == {1: 1.0}
    fired, quiet = record["evidence"]["guards"]
    assert fired["fired"]
    assert fired["e_value"] >= fired["threshold"] == pytest.approx(2 / 0.05)
    assert not quiet["fired"]
    assert record["evidence"]["window"] == ["2025-03-01 00:00 UTC", "2025-03-01 06:00 UTC"]
    assert record["evidence"]["calls"]["2"] == fired["calls"]
    assert tick(deployment, "me").change is None, "what was rolled back must not start again by itself"


def test_an_outage_that_meets_both_rolls_nothing_back(store: Store, project: Path, clock: Clock) -> None:
    deployment = second(store, project, {**CANARY, "steps": [0.5, 1.0]}, rules=(ERRORS,))
    Traffic(deployment, clock).hours(6, dict.fromkeys((1, 2), Behaviour(errors=0.4)))
    assert tick(deployment, "me").change is None


def test_slow_answers_roll_back(store: Store, project: Path, clock: Clock) -> None:
    deployment = second(store, project, {**CANARY, "steps": [0.5, 1.0]}, rules=(ERRORS, P95))
    Traffic(deployment, clock).hours(6, {2: Behaviour(seconds=0.3)})
    assert last(deployment)["rule"] == "guard latency(p95)"


def test_where_both_versions_answer_every_request_all_answers_count_for_guards(
    store: Store, project: Path, clock: Clock
) -> None:
    deployment = second(store, project, CANARY, rules=(ERRORS,), outcome="independent")
    Traffic(deployment, clock).hours(3)
    frame = ServiceLog(deployment).requests(BEGAN, clock.at)
    served = frame[(frame["version"] == 2) & (frame["role"] == "served")]
    assert outlook(deployment).evidence["guards"][0]["calls"] == (frame["version"] == 2).sum() > len(served)


def test_a_worse_version_fails_its_requirement(store: Store, project: Path, clock: Clock) -> None:
    deployment = second(store, project, AB, rules=(BY_28D,))
    Traffic(deployment, clock, rate=20).hours(7 * 24, {2: Behaviour(spread=25)})
    record = last(deployment)
    assert (record["kind"], record["rule"]) == ("rollback", BY_28D["id"])
    figures = record["evidence"]["requires"][0]
    assert (figures["verdict"], figures["days"]) == ("fail", 7)
    assert figures["lower"] > figures["limit"]


@pytest.mark.parametrize(("otherwise", "kind", "champion"), [("keep", "keep", 1), ("promote", "promote", 2)])
def test_what_is_undecided_at_its_end_goes_as_otherwise_says(
    store: Store, project: Path, clock: Clock, otherwise: str, kind: str, champion: int
) -> None:
    deployment = second(store, project, AB, rules=(BY_8D,), otherwise=otherwise)
    traffic = Traffic(deployment, clock, rate=6)
    traffic.hours(8 * 24 - 1)
    assert tick(deployment, "me").change is None
    traffic.hours(1)
    assert last(deployment)["kind"] == kind
    assert state(deployment).champion == champion
    assert tick(deployment, "me").change is None


def test_the_clause_of_a_rule_goes_before_the_setting_of_the_release(store: Store, project: Path, clock: Clock) -> None:
    ours = {**BY_8D, "clauses": {**BY_8D["clauses"], "otherwise": "promote"}}
    deployment = second(store, project, AB, rules=(ours,), otherwise="keep")
    Traffic(deployment, clock, rate=6).hours(8 * 24)
    assert last(deployment)["kind"] == "promote"


def test_versions_met_in_other_shares_than_planned_decide_nothing(store: Store, project: Path, clock: Clock) -> None:
    deployment = second(store, project, AB, rules=(BY_8D,))
    now = state(deployment)
    lost = LogWriter(deployment, interval=3600.0)
    for i in range(1500):
        version = 2 if i % 10 == 0 else 1
        lost.add([row(i, BEGAN + 1 + i * 400, version, now.sequence)])
        lost.add([FeedbackRow(f"id-{i}", 50.0, BEGAN + 2 + i * 400)])
    assert lost.flush()
    lost.close()
    clock.set(BEGAN + 7 * DAY)
    result = tick(deployment, "me")
    assert result.change is None
    assert "versions are met in other shares than planned" in result.waiting_for[0]
    clock.set(BEGAN + 8 * DAY)
    assert last(deployment)["kind"] == "keep"


def row(number: int, at: float, version: int, sequence: int, said: float = 40.0) -> RequestRow:
    name = f"id-{number}"
    return RequestRow(at, name, name, f"user {number}", sequence, version, "served", "ok", 0.01, said)


def test_a_row_that_is_asked_again_is_no_new_evidence(store: Store, project: Path, clock: Clock) -> None:
    deployment = second(store, project, AB, rules=(BY_28D,))
    sequence, writer = state(deployment).sequence, LogWriter(deployment, interval=3600.0)
    for i in range(7 * 400):
        asked = row(i, BEGAN + 1 + i * 216, 1 + i % 2, sequence, 40.0 + i % 7)
        same = RequestRow(**{**{n: getattr(asked, n) for n in asked.__slots__}, "row": f"row {i % 150}", "unit": ""})
        writer.add([same, FeedbackRow(same.id, 50.0, asked.time + 1)])
    assert writer.flush()
    writer.close()
    clock.set(BEGAN + 7 * DAY)
    (figures,) = outlook(deployment).evidence["requires"]
    assert figures["verdict"] == "undecided"
    assert figures["units"] <= 150


def test_a_step_lasts_longer_by_what_the_log_lacks(
    store: Store, project: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = second(store, project, CANARY, rules=(ERRORS,))
    Traffic(deployment, clock, rate=60).hours(24)
    lost = [Gap("a", BEGAN + HOUR, BEGAN + 3 * HOUR, "no sign"), Gap("b", BEGAN + 2 * HOUR, BEGAN + 4 * HOUR, "lost")]
    monkeypatch.setattr(ServiceLog, "gaps", lambda *_: lost)
    result = tick(deployment, "me")
    assert result.change is None
    assert result.waiting_for == ("the end of the step at 2025-03-02 03:00 UTC, 3 h later because of gaps in the log",)
    clock.move(3 * HOUR)
    record = last(deployment)
    assert record["kind"] == "step"
    assert record["evidence"]["gaps"][0]["reason"] == "no sign"


def test_a_guard_fires_in_spite_of_gaps_and_a_day_with_one_is_compared_with_nothing(
    store: Store, project: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = second(store, project, AB, rules=(BY_28D, ERRORS))
    traffic = Traffic(deployment, clock, rate=20)
    traffic.hours(7 * 24, {2: Behaviour(spread=25)})
    lost = [Gap("a", BEGAN + 30 * HOUR, BEGAN + 31 * HOUR, "no sign of life")]
    monkeypatch.setattr(ServiceLog, "gaps", lambda *_: lost)
    assert "6 full days" in tick(deployment, "me").waiting_for[0]
    traffic.hours(3, {2: Behaviour(errors=0.6)})
    assert last(deployment)["rule"] == ERRORS["id"]


def test_time_in_several_gaps_at_once_is_missing_once() -> None:
    gaps = [Gap("a", 0, 10, ""), Gap("b", 5, 20, ""), Gap("a", 30, 40, ""), Gap("a", 12, 15, "")]
    assert missing_time(gaps, 4, 35) == 16 + 5


def test_a_fixed_limit_is_held_against_the_candidate_alone(store: Store, project: Path, clock: Clock) -> None:
    fixed = rule("require mae(feedback)", MAE, "<=", {"offset": 6.0}, at=0.95, within="28d")
    deployment = second(store, project, AB, rules=(fixed,))
    Traffic(deployment, clock, rate=20).hours(14 * 24, {1: Behaviour(spread=2), 2: Behaviour(spread=12)})
    record = last(deployment)
    assert (record["kind"], record["evidence"]["requires"][0]["limit"]) == ("rollback", 6.0)


def test_classes_are_compared_by_their_accuracy(store: Store, project: Path, clock: Clock) -> None:
    accuracy = rule(
        "require accuracy(feedback) >= champion",
        {"function": "accuracy", "on": "feedback"},
        ">=",
        {"baseline": "champion", "offset": -0.05},
        within="28d",
    )
    deployment = second(store, project, AB, rules=(accuracy,), target="category")
    sequence, writer = state(deployment).sequence, LogWriter(deployment, interval=3600.0)
    for i in range(7 * 400):
        truth, version = ("yes", "no")[i % 2], 1 + (i // 2) % 2
        said = truth if i % 5 or version == 1 else "neither"
        asked = row(i, BEGAN + 1 + i * 216, version, sequence)
        answered = RequestRow(**{**{n: getattr(asked, n) for n in asked.__slots__}, "prediction": said})
        writer.add([answered, FeedbackRow(asked.id, truth, asked.time + 1)])
    assert writer.flush()
    writer.close()
    clock.set(BEGAN + 7 * DAY)
    record = last(deployment)
    assert (record["kind"], record["rule"]) == ("rollback", accuracy["id"])
    assert record["evidence"]["requires"][0]["estimate"] == pytest.approx(0.8, abs=0.02)


def test_a_rollout_of_a_second_candidate_begins_with_no_evidence_of_the_first(
    store: Store, project: Path, clock: Clock
) -> None:
    deployment = second(store, project, CANARY, rules=(ERRORS,))
    traffic = Traffic(deployment, clock)
    traffic.hours(6, {2: Behaviour(errors=0.5)})
    assert last(deployment)["kind"] == "rollback"
    add_version(deployment)
    tick(deployment, "me")
    traffic.hours(2)
    assert outlook(deployment).evidence["window"][0] == "2025-03-01 06:00 UTC"
    assert outlook(deployment).due is None
    assert kinds(deployment) == ["start", "start", "rollback", "start"]


def test_what_was_shown_on_an_earlier_day_is_shown(store: Store, project: Path, clock: Clock) -> None:
    strategy = {"function": "canary", "steps": [0.5, 1.0], "every": "10d"}
    deployment = second(store, project, strategy, rules=(BY_28D,))
    traffic = Traffic(deployment, clock, rate=20)
    traffic.hours(8 * 24, {2: Behaviour(spread=8.5)})
    assert outlook(deployment).evidence["requires"][0]["verdict"] == "pass"
    traffic.hours(2 * 24, {2: Behaviour(spread=16)})
    (figures,) = outlook(deployment).evidence["requires"]
    assert figures["upper"] > figures["limit"] > figures["lower"]
    assert figures["reason"].startswith("shown earlier: ")
    assert last(deployment)["kind"] == "promote"


def test_a_guard_of_a_metric_fires_when_the_comparison_is_lost(store: Store, project: Path, clock: Clock) -> None:
    guard = rule("guard mae(feedback) <= champion", MAE, "<=", {"baseline": "champion", "factor": 1.2}, at=0.99)
    deployment = second(store, project, {**CANARY, "steps": [0.5, 1.0], "every": "30d"}, rules=(guard,))
    traffic = Traffic(deployment, clock, rate=20)
    traffic.hours(6 * 24, {2: Behaviour(spread=25)})
    assert tick(deployment, "me").change is None
    traffic.hours(24, {2: Behaviour(spread=25)})
    assert last(deployment)["rule"] == guard["id"]


def test_an_error_rate_can_be_required_and_latency_too(store: Store, project: Path, clock: Clock) -> None:
    few = rule("require error_rate", {"function": "error_rate"}, "<=", {"offset": 0.05}, within="28d")
    fast = rule(
        "require latency(p90)", {"function": "latency", "percentile": "p90"}, "<=", {"offset": 0.1}, within="28d"
    )
    deployment = second(store, project, {**CANARY, "steps": [0.5, 1.0]}, rules=(few, fast))
    traffic = Traffic(deployment, clock, rate=20)
    traffic.hours(14 * 24, {2: Behaviour(errors=0.01, seconds=0.02)})
    required = outlook(deployment).evidence["requires"]
    assert [one["verdict"] for one in required] == ["pass", "pass"]
    assert [one["limit"] for one in required] == pytest.approx([0.05, 0.1])
    assert last(deployment)["kind"] == "promote"


def test_a_percentile_of_three_digits_allows_one_call_in_a_thousand(store: Store, project: Path, clock: Clock) -> None:
    subject = {"function": "latency", "percentile": "p999"}
    rare = rule("require latency(p999)", subject, "<=", {"offset": 0.2}, within="28d")
    deployment = second(store, project, {**CANARY, "steps": [0.5, 1.0]}, rules=(rare,))
    Traffic(deployment, clock, rate=20).hours(14 * 24, {2: Behaviour(seconds=0.3)})
    (required,) = outlook(deployment).evidence["requires"]
    assert required["limit"] == pytest.approx(0.001)


def test_a_level_of_its_own_leaves_the_other_guards_their_share(store: Store, project: Path, clock: Clock) -> None:
    sure = {**ERRORS, "clauses": {"at": 0.999}}
    deployment = second(store, project, CANARY, rules=(sure, P95))
    Traffic(deployment, clock).hours(1)
    thresholds = [one["threshold"] for one in outlook(deployment).evidence["guards"]]
    assert thresholds == pytest.approx([1000.0, 40.0])
