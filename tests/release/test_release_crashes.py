"""Ticks that are killed at every state, and ticks at the same moment: no half step, none twice, none lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from releases import CANARY, DIRECT, Behaviour, Clock, Traffic, add_version, deployed, document, rule
from test_approvals import LEADS, list_signers, new_key
from test_strategies import kinds, state

from mlopsc.stdlib.runtime.release.approval import approve
from mlopsc.stdlib.runtime.release.history import read_records
from mlopsc.stdlib.runtime.release.rollback import rollback
from mlopsc.stdlib.runtime.release.state import Phase
from mlopsc.stdlib.runtime.release.tick import tick
from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.store.local import LocalStore
from mlopsc.stdlib.runtime.store.opening import open_store
from mlopsc.stdlib.runtime.store.protocol import Store

TICKER = Path(__file__).with_name("ticker.py")
ERRORS = rule("guard error_rate <= champion", {"function": "error_rate"}, "<=", {"baseline": "champion", "factor": 2.0})
SHORT = {**CANARY, "every": "2h"}
Scene = tuple[Deployment, str]


@pytest.fixture
def scene(location: str, project: Path, tmp_path: Path) -> Scene:
    """A release with a guard and an approver, in a store of either kind."""
    list_signers(project, leads=new_key(tmp_path, "lead"))
    content = document(SHORT, (ERRORS,), (LEADS,))
    (project / "pipeline.json").write_text(json.dumps(content))
    return open_deployment(content, project, store=open_store(location, project)), location


def ticker(scene: Scene, name: str = "ticker", **environment: str) -> subprocess.Popen[str]:
    deployment, location = scene
    command = [sys.executable, str(TICKER), str(deployment.project), location, name]
    return subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ticked(scene: Scene) -> dict[str, Any]:
    process = ticker(scene)
    out, err = process.communicate()
    assert process.returncode == 0, err
    result: dict[str, Any] = json.loads(out)
    return result


def life(deployment: Deployment, clock: Clock, key: Path, faults: dict[int, Behaviour]) -> Iterator[str]:
    """Everything that happens to a release from outside; after each of these, one tick has something to do."""
    traffic = Traffic(deployment, clock, rate=60)
    add_version(deployment)
    yield "start"
    approve(deployment, key)
    yield "begin"
    add_version(deployment)
    yield "start"
    approve(deployment, key)
    yield "begin"
    traffic.hours(2)
    yield "step"
    traffic.hours(2, faults)
    yield "rollback" if faults else "promote"


@pytest.mark.parametrize("location", ["local"], indirect=True)  # that S3 writes once is the store's own test
@pytest.mark.parametrize("faults", [{}, {2: Behaviour(errors=0.6)}], ids=["promoted", "rolled back"])
def test_a_tick_killed_at_any_state_is_made_good_by_the_next(
    scene: Scene, clock: Clock, tmp_path: Path, faults: dict[int, Behaviour]
) -> None:
    deployment, _ = scene
    places = {"before": 0, "during": 0, "after": 1}
    expected: list[str] = []
    for kind in life(deployment, clock, tmp_path / "lead", faults):
        known = len(read_records(deployment))
        for place, added in places.items():
            assert died(ticker(scene, DIES=place))
            assert len(read_records(deployment)) == known + added
        assert ticked(scene)["entry"] is None, "the step was done a second time"
        expected += ["approve", kind] if kind == "begin" else [kind]
        assert kinds(deployment) == expected
    end = state(deployment)
    assert (end.phase, end.champion, end.candidate) == (Phase.SERVING, 1 if faults else 2, None)


def died(process: subprocess.Popen[str]) -> bool:
    process.communicate()
    return process.returncode == -signal.SIGKILL


def test_of_two_ticks_at_once_one_moves_and_the_other_is_told(scene: Scene, clock: Clock, tmp_path: Path) -> None:
    deployment, location = scene
    turns = 3 if "://" in location else 6
    for turn, _kind in zip(range(turns), life(deployment, clock, tmp_path / "lead", {}), strict=False):
        meeting = tmp_path / f"meeting {turn}"
        meeting.mkdir()
        known = len(read_records(deployment))
        both = [ticker(scene, name, MEETS=str(meeting)) for name in ("first", "second")]
        told = [json.loads(process.communicate()[0]) for process in both]
        assert sorted(one["entry"] or 0 for one in told) == [0, known + 1]
        (other,) = [one["text"] for one in told if one["entry"] is None]
        assert other == f"entry {known + 1} came first: {read_records(deployment)[-1]['reason']}"
        assert len(read_records(deployment)) == known + 1


def test_two_who_go_back_at_once_go_back_one_version(
    store: Store, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deployed(store, project, DIRECT)
    for _ in range(3):
        add_version(deployment)
        tick(deployment, "me")
    put = LocalStore.put_if_absent

    def be_second(self: LocalStore, key: str, value: bytes) -> bool:
        monkeypatch.setattr(LocalStore, "put_if_absent", put)
        rollback(deployment, None, "first")
        return put(self, key, value)

    monkeypatch.setattr(LocalStore, "put_if_absent", be_second)
    assert rollback(deployment, None, "second") is None
    assert state(deployment).champion == 2
    assert [record["actor"] for record in read_records(deployment) if record["kind"] == "rollback"] == ["first"]


def test_a_tick_does_nothing_where_there_is_nothing_to_do(scene: Scene) -> None:
    results = [ticked(scene) for _ in range(2)]
    assert results == [{"entry": None, "text": "nothing serves"}] * 2
    assert kinds(scene[0]) == []
