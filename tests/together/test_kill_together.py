"""Two routers, ticks, two at a time, and a monitor on one store, each killed with -9 at every state of a release.

The logs and what clients were told must say afterwards that nothing was done by halves, twice or too often.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from monitor.monitored import BEGIN, DAY, SPEC, STEP, write_rows
from together.company import Company, at_work, ended

from mlopsc.compiler.cli.built import describe
from mlopsc.compiler.cli.spec import Spec
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import run
from mlopsc.stdlib.runtime.monitor.look import opened
from mlopsc.stdlib.runtime.release.approval import approve
from mlopsc.stdlib.runtime.release.history import read_records
from mlopsc.stdlib.runtime.release.state import Phase, ReleaseLog, State
from mlopsc.stdlib.runtime.service.deployment import open_deployment
from mlopsc.stdlib.runtime.service.reading import ServiceLog
from mlopsc.stdlib.runtime.store.log import Log

CANARY = "canary(steps = [10%, 25%, 100%], every = 1h)\n  guard error_rate <= champion * 2"
RULES = """
  watch age(hours) <= 2d
  on freshness do [retrain(forecast, refresh = hours, cooldown = 1h, limit = 1 / 90d), notify("sh -c 'cat >> ../told'")]
"""
LEADS = "@example-org/ml-leads"
RELEASE = "release/"
EVENTS = "events/"
PLACES = ["between", "before", "during", "after"]


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A project whose first version has passed its gate, and waits for nothing but a tick."""
    project = tmp_path / "project"
    project.mkdir()
    text = SPEC.replace("direct()", CANARY).replace("RULES", RULES)
    text = text.replace("platform = local() }", f'platform = local()\n  approvers = ["{LEADS}"]\n}}')
    (project / "pipeline.mlops").write_text(text)
    (project / "steps.py").write_text(STEP)
    write_rows(project, BEGIN)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "lead")], check=True)
    (project / "approvers").write_text(f"{LEADS} {(tmp_path / 'lead.pub').read_text()}")
    built = describe(Spec(project, "pipeline.mlops").compile())
    document = built.documents["prod"]
    assert run(Request(document, project, built.runtimes, only=("gate",))).exit_code == 0
    found = Company(project, tmp_path, open_deployment(document, project))
    for name, value in found.variables.items():
        monkeypatch.setenv(name, value)
    found.go_to(BEGIN + 3 * DAY)
    return found


def states(company: Company) -> list[str]:
    return [str(record["kind"]) for record in read_records(company.deployment)]


def state(company: Company) -> State:
    return ReleaseLog(company.deployment.store, company.deployment.log).state()


def step(company: Company, kind: str, *command: str) -> None:
    """One entry, by processes of which three are killed, two at the same moment."""
    command = command or ("release", "tick", "-e", "prod")
    known = states(company)
    for place in ("before", "during"):
        assert company.call(*command, dies=f"{RELEASE} {place}") == -signal.SIGKILL, company.said
        assert states(company) == known
    both = [company.begin(*command, dies=dies) for dies in (f"{RELEASE} after", "")]
    assert ended(both[0]) in (-signal.SIGKILL, 0), company.said
    assert ended(both[1]) in (0, 1), company.said
    assert states(company) == [*known, kind], company.said


def tell_routers(company: Company, place: str, turn: int) -> None:
    """Both follow, one is killed while its client asks and starts again; the other goes on answering."""
    for router in company.routers:
        router.follow()
        router.wait_for_answers()
    victim, survivor = company.routers[turn % 2], company.routers[1 - turn % 2]
    victim.flush()
    victim.wait_for_answers()
    victim.die(place)
    survivor.wait_for_answers()
    victim.start()
    victim.ask_from_now_on()
    victim.wait_for_answers()
    survivor.wait_for_answers()


def look(company: Company, write: int = 0, place: str = "") -> None:
    """One look of the monitor: killed at its n-th write, where it writes as much."""
    code = company.call("monitor", "look", "-e", "prod", dies=f"{EVENTS} {place}" if place else "", write=write)
    assert code in ((0, 1, -signal.SIGKILL) if place else (0, 1)), company.said


def looks(company: Company) -> None:
    """Looks that are killed around an event, a claim and an action that is done but not noted; and one that is not.

    The rest is done by the one after them, and nothing is left for another.
    """
    for write, place in ((1, "before"), (1, "during"), (1, "after"), (1, "after"), (2, "before")):
        look(company, write, place)
    look(company)
    known = noted(company)
    look(company)
    assert noted(company) == known


def noted(company: Company) -> list[Any]:
    """What the monitor has noted."""
    _, log = opened(company.deployment, "live")
    return list(log.read().records)


def live(company: Company) -> Iterator[tuple[str, Any]]:
    """The life of two versions: after each of these, the step has the name that is given."""
    key = company.folder / "lead"
    yield "start", ()
    approve(company.deployment, key)
    yield "begin", ()
    yield "start", ()
    approve(company.deployment, key)
    yield "begin", ()
    yield "step", ()
    yield "promote", ()
    yield "rollback", ("release", "rollback", "1", "-e", "prod", "--reason", "a test")


def test_service_goes_on_whoever_is_killed_whenever(company: Company) -> None:
    life = live(company)
    for kind, command in islice(life, 2):
        step(company, kind, *command)
    assert state(company).champion == 1
    with at_work(company):
        write_rows(company.project, BEGIN + DAY)
        looks(company)
        for turn, (kind, command) in enumerate(life):
            step(company, kind, *command)
            tell_routers(company, PLACES[turn % len(PLACES)], turn)
            company.go_to(company.at + 3 * DAY)
            if turn % 2:
                write_rows(company.project, company.at)
            looks(company)
        for router in company.routers:
            router.stop()
    assert [router.failures for router in company.routers] == [[], []]
    assert_one_life(company)
    assert_one_event(company)
    assert_every_answer_was_live(company)
    assert_no_more_is_lost_than_was_not_written(company)


def assert_one_life(company: Company) -> None:
    """The chain holds, which reading it proves, and each step stands in it once."""
    first, second = ["start", "approve", "begin"], ["start", "approve", "begin", "step", "promote", "rollback"]
    assert states(company) == [*first, *second]
    end = state(company)
    assert (end.phase, end.champion, end.candidate) == (Phase.SERVING, 1, None)


def assert_one_event(company: Company) -> None:
    """An event whenever rows ceased to come, one training in all, every window looked at once."""
    records = noted(company)
    events = [one for one in records if one["kind"] == "event"]
    assert [one["category"] for one in events] == ["freshness"] * 3
    told = Counter(re.findall(r'"key": "([^"]+)"', (company.folder / "told").read_text()))
    assert len(told) == len(events)
    assert max(told.values()) <= 2, "only what was done and not noted is done again, under its key"
    claims = [one for one in records if one.get("state") == "claimed" and one["action"].startswith("retrain")]
    assert {(one["event"], one["round"]) for one in claims} == {(1, 0)}
    assert len(Log(company.deployment.store, company.deployment.versions).read()) == 2
    windows = Counter((one["key"], one["until"]) for one in records if one["kind"] != "action")
    assert set(windows.values()) == {1}


def assert_every_answer_was_live(company: Company) -> None:
    """Clients and logs name versions only that the entry which was in force let answer."""
    weights = {one["sequence"]: one["state"]["weights"] for one in read_records(company.deployment)}
    answers = [answer for router in company.routers for life in router.lives for answer in life]
    assert len(answers) > 50
    assert all(weights[one.sequence].get(str(one.version), 0) > 0 for one in answers)
    rows = ServiceLog(company.deployment).requests(0, 4e9)
    assert not rows.duplicated(["id", "version", "role"]).any()
    served = rows[rows["role"] == "served"]
    pairs = set(zip(served["sequence"], served["version"], strict=True))
    assert all(weights[sequence].get(str(version), 0) > 0 for sequence, version in pairs)
    assert set(served["status"]) == {"ok"}
    assert {one.version for one in answers} == {1, 2}


def assert_no_more_is_lost_than_was_not_written(company: Company) -> None:
    """Whoever was killed has lost its last answers alone, and a gap says so; nobody else has lost any."""
    log = ServiceLog(company.deployment)
    known = set(log.requests(0, 4e9)["id"])
    for router in company.routers:
        *killed, last = router.lives
        assert all(one.id in known for one in last)
        for life in killed:
            kept = [one.id in known for one in life]
            assert kept == sorted(kept, reverse=True), "an answer was lost though a later one was written"
            assert any(kept)
    assert len(log.gaps(0, 4e9)) == sum(len(router.lives) - 1 for router in company.routers)
