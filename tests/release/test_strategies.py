"""What each strategy brings about, tick by tick, and what the log says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from releases import CANARY, DAY, DIRECT, MAE, Behaviour, Clock, Traffic, add_version, deployed, rule

from mlopsc.stdlib.runtime.engine.versions import register
from mlopsc.stdlib.runtime.release.rollback import rollback
from mlopsc.stdlib.runtime.release.start import start
from mlopsc.stdlib.runtime.release.state import Phase, ReleaseLog, State
from mlopsc.stdlib.runtime.release.tick import outlook, tick
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.opening import open_store
from mlopsc.stdlib.runtime.store.protocol import Store

BETTER = rule(
    "require mae(feedback) <= champion", MAE, "<=", {"baseline": "champion", "factor": 1.05}, at=0.95, within="28d"
)


def state(deployment: Deployment) -> State:
    return ReleaseLog(deployment.store, deployment.log).state()


def kinds(deployment: Deployment) -> list[str]:
    return [record["kind"] for record in ReleaseLog(deployment.store, deployment.log).records()]


def second(store: Store, project: Path, strategy: dict[str, Any], **said: Any) -> Deployment:
    """A release in which version 1 serves, and version 2 has just been started."""
    deployment = deployed(store, project, strategy, **said)
    add_version(deployment)
    assert "first release" in tick(deployment, "me").text
    add_version(deployment)
    tick(deployment, "me")
    return deployment


def test_nothing_is_released_before_a_version_has_passed_the_gate(store: Store, project: Path) -> None:
    deployment = deployed(store, project, CANARY)
    result = tick(deployment, "me")
    assert result.change is None
    assert result.waiting_for == ("a new version of `model` that passes `gate`",)
    with pytest.raises(OperationError, match="no version of `model` has passed the gate `gate` yet"):
        start(deployment, None, "me")
    add_version(deployment, gate="another")
    assert tick(deployment, "me").change is None
    with pytest.raises(OperationError, match="version 1 of `model` passed the gate `another`, not `gate`"):
        start(deployment, 1, "me")


def test_direct_moves_all_at_once_and_keeps_nothing(store: Store, project: Path) -> None:
    deployment = second(store, project, DIRECT)
    assert kinds(deployment) == ["start", "start"]
    now = state(deployment)
    assert (now.phase, now.champion, dict(now.weights)) == (Phase.SERVING, 2, {2: 1.0})
    assert list(now.models) == [2]
    assert now.models[2].lock == f"{2:064x}"


def test_a_canary_goes_up_by_steps_and_only_when_requests_have_been_answered(
    location: str, project: Path, clock: Clock
) -> None:
    deployment = second(open_store(location, project), project, CANARY)
    assert dict(state(deployment).weights) == {1: 0.95, 2: 0.05}
    salt = state(deployment).salt
    clock.move(DAY)
    assert tick(deployment, "me").waiting_for == ("the first request that version 2 answers in this step",)
    traffic = Traffic(deployment, clock, rate=60)
    traffic.hours(2)
    assert "gets 25%" in tick(deployment, "me").text
    assert state(deployment).salt == salt, "who has moved would move back"
    traffic.hours(23)
    early = tick(deployment, "me")
    assert early.change is None
    assert early.waiting_for == ("the end of the step at 2025-03-03 02:00 UTC",)
    traffic.hours(1)
    due = outlook(deployment).due
    assert due is not None
    assert due.kind == "promote"
    assert "takes over" in tick(deployment, "me").text
    assert kinds(deployment) == ["start", "start", "step", "promote"]
    now = state(deployment)
    assert (now.champion, now.candidate, dict(now.weights), list(now.models)) == (2, None, {2: 1.0}, [2])
    assert [tick(deployment, "me").change for _ in range(3)] == [None] * 3


def test_a_canary_of_independent_data_has_both_answer_unseen(store: Store, project: Path) -> None:
    assert dict(state(second(store, project, CANARY, outcome="independent")).shadow) == {1: 1.0, 2: 1.0}


def test_blue_green_keeps_the_old_model_as_long_as_it_says(store: Store, project: Path, clock: Clock) -> None:
    guard = rule("guard error_rate", {"function": "error_rate"}, "<=", {"offset": 0.05})
    deployment = second(store, project, {"function": "blue_green", "keep": "2h"}, rules=(guard,))
    now = state(deployment)
    assert (now.phase, now.champion, dict(now.weights), sorted(now.models)) == (Phase.ROLLING, 1, {2: 1.0}, [1, 2])
    Traffic(deployment, clock).hours(2)
    assert "takes over" in tick(deployment, "me").text
    assert list(state(deployment).models) == [2]


def test_blue_green_goes_back_when_its_guard_fires(store: Store, project: Path, clock: Clock) -> None:
    guard = rule("guard error_rate", {"function": "error_rate"}, "<=", {"offset": 0.05})
    deployment = second(store, project, {"function": "blue_green", "keep": "1d"}, rules=(guard,))
    Traffic(deployment, clock).hours(2, {2: Behaviour(errors=0.5)})
    record = tick(deployment, "me").change
    assert record is not None
    assert (record["kind"], record["rule"], state(deployment).champion) == ("rollback", "guard error_rate", 1)


def test_blue_green_without_an_end_keeps_the_old_model_until_the_next_release(store: Store, project: Path) -> None:
    deployment = second(store, project, {"function": "blue_green"})
    assert (state(deployment).phase, sorted(state(deployment).models)) == (Phase.SERVING, [1, 2])
    add_version(deployment)
    tick(deployment, "me")
    assert sorted(state(deployment).models) == [2, 3]


def test_ab_goes_on_until_its_requirement_is_decided(store: Store, project: Path, clock: Clock) -> None:
    deployment = second(store, project, {"function": "ab", "share": 0.5}, rules=(BETTER,))
    assert dict(state(deployment).weights) == {1: 0.5, 2: 0.5}
    traffic = Traffic(deployment, clock, rate=20)
    traffic.hours(6 * 24, {2: Behaviour(spread=5)})
    assert "a comparison begins with 7" in tick(deployment, "me").waiting_for[0]
    traffic.hours(24, {2: Behaviour(spread=5)})
    assert "takes over" in tick(deployment, "me").text


def test_shadow_is_seen_by_nobody_and_decides_by_pairs(store: Store, project: Path, clock: Clock) -> None:
    shadow = {"function": "shadow", "share": 0.5}
    deployment = second(store, project, shadow, rules=(BETTER,), outcome="independent")
    assert (dict(state(deployment).weights), dict(state(deployment).shadow)) == ({1: 1.0}, {2: 0.5})
    Traffic(deployment, clock, rate=20).hours(14 * 24, {2: Behaviour(spread=5)})
    record = tick(deployment, "me").change
    assert record is not None
    assert (record["kind"], record["evidence"]["requires"][0]["days"]) == ("promote", 14)


def test_a_newer_version_waits_until_the_rollout_is_over(store: Store, project: Path) -> None:
    deployment = second(store, project, CANARY)
    add_version(deployment)
    with pytest.raises(OperationError, match="version 2 is being rolled out, and one version at a time is"):
        start(deployment, 3, "me")
    rollback(deployment, None, "me")
    assert "version 3 gets 5%" in tick(deployment, "me").text


def test_what_was_rolled_back_comes_again_only_by_hand(store: Store, project: Path) -> None:
    deployment = second(store, project, CANARY)
    record = rollback(deployment, None, "me", "complaints")
    assert record is not None
    assert record["reason"] == "back to version 1: complaints"
    assert tick(deployment, "me").change is None
    again = start(deployment, 2, "me")
    assert again is not None
    assert start(deployment, 2, "me") is None
    assert state(deployment).candidate == 2


def test_a_rollback_goes_to_the_version_before_and_not_forward_again(store: Store, project: Path) -> None:
    deployment = deployed(store, project, DIRECT)
    for _ in range(3):
        add_version(deployment)
        tick(deployment, "me")
    for expected in (2, 1):
        rollback(deployment, None, "me")
        assert state(deployment).champion == expected
    with pytest.raises(OperationError, match="version 1 is the first that serves in `prod`"):
        rollback(deployment, None, "me")
    rollback(deployment, 3, "me")
    assert (state(deployment).champion, list(state(deployment).models)) == (3, [3])
    assert rollback(deployment, 3, "me") is None
    with pytest.raises(OperationError, match="version 9 never served in `prod`: those that did: 1, 2, 3"):
        rollback(deployment, 9, "me")


def test_a_rollback_is_done_once_for_one_cause(store: Store, project: Path) -> None:
    deployment = deployed(store, project, DIRECT)
    for _ in range(3):
        add_version(deployment)
        tick(deployment, "me")
    assert rollback(deployment, None, "monitor", cause="event 7") is not None
    assert rollback(deployment, None, "monitor", cause="event 7") is None
    assert state(deployment).champion == 2


def test_a_model_that_two_gates_let_through_is_a_version_for_each(store: Store, project: Path) -> None:
    deployment = deployed(store, project, DIRECT)
    record = {"model": store.put_object(b"model"), "test": "other"}
    assert [register(store, "model", "key", record) for _ in range(2)] == [1, 1]
    assert tick(deployment, "me").change is None
    assert register(store, "model", "key", {**record, "test": "gate"}) == 2
    assert "version 2" in tick(deployment, "me").text


def test_the_champion_is_not_started_beside_the_version_that_waits(store: Store, project: Path) -> None:
    deployment = second(store, project, DIRECT)
    strict = deployed(store, project, DIRECT, approvers=("me",))
    add_version(strict)
    assert "version 3 waits" in tick(strict, "me").text
    with pytest.raises(OperationError, match="version 2 serves already, and version 3 is on its way"):
        start(strict, 2, "me")
    assert start(strict, 3, "me") is None
    rollback(strict, None, "me")
    assert (state(deployment).champion, state(deployment).phase) == (2, Phase.SERVING)
    assert start(strict, 2, "me") is None


def test_a_spec_that_loses_its_steps_mid_way_still_waits_for_its_requirements(
    store: Store, project: Path, clock: Clock
) -> None:
    deployment = second(store, project, {**CANARY, "steps": [0.1, 0.2, 1.0]}, rules=(BETTER,))
    traffic = Traffic(deployment, clock)
    traffic.hours(24)
    assert "gets 20%" in tick(deployment, "me").text
    fewer = deployed(store, project, {**CANARY, "steps": [0.1, 1.0]}, rules=(BETTER,))
    traffic.hours(24)
    assert "a comparison begins with 7" in tick(fewer, "me").waiting_for[0]
