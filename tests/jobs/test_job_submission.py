"""Jobs are started once for the same work, and found again by whoever comes next."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from job_project import SPEC, Cloud, Time, request, write

from mlopsc.stdlib.runtime.engine.listeners import PlainLines
from mlopsc.stdlib.runtime.engine.runner import run
from mlopsc.stdlib.runtime.jobs.submission import Report
from mlopsc.stdlib.runtime.store.faults import OperationError

HOUR = 3_600.0


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(write(tmp_path / "project"), tmp_path / "store")


def silent(_: str) -> None:
    pass


def states(reports: list[Report]) -> list[tuple[str, bool]]:
    return [(one.state, one.is_left) for one in reports]


def test_nothing_is_started_by_looking(cloud: Cloud) -> None:
    assert states(Time(cloud).jobs().status()) == [("none", False), ("none", False)]
    assert cloud.started == []


def test_all_is_waited_for_one_after_the_other(cloud: Cloud) -> None:
    said: list[str] = []
    time = Time(cloud, works_after=60)
    assert time.jobs().wait(HOUR, said.append) is None
    assert [stage for stage, _ in cloud.started] == ["orders", "price"]
    assert said[0] == "orders: started as arn:task/1"
    assert states(time.jobs().status()) == [("done", False), ("done", False)]
    assert time.jobs().wait(HOUR, silent) is None
    assert len(cloud.started) == 2, "what is done is not started again"


def test_whoever_submits_twice_starts_one_task(cloud: Cloud) -> None:
    time = Time(cloud)
    for _ in range(2):
        assert [one.state for one in time.jobs().submit()] == ["running", "none"]
    assert len(cloud.started) == 1


def test_two_who_submit_at_once_start_one_task(cloud: Cloud) -> None:
    one, other = Time(cloud).jobs(), Time(cloud).jobs()
    assert other.status()[0].state == "none"
    start = cloud.start

    def slow(stage: str, token: str, key: str) -> str:
        cloud.start = start  # type: ignore[method-assign]
        other.submit()
        return start(stage, token, key)

    cloud.start = slow  # type: ignore[method-assign]
    one.submit()
    assert len(cloud.started) == 1


def test_a_start_that_was_not_noted_starts_no_second_task(cloud: Cloud) -> None:
    Time(cloud).jobs().submit()
    (log,) = (cloud.store / "jobs").rglob("00000001.json")
    log.unlink()
    Time(cloud).jobs().submit()
    assert len(cloud.started) == 1


def test_one_that_takes_too_long_is_left_and_found_again(cloud: Cloud) -> None:
    left = Time(cloud).jobs().wait(HOUR, silent)
    assert left
    assert (left.stage, left.state) == ("orders", "running")
    assert states(Time(cloud).jobs().status())[0] == ("running", True)
    cloud.work()
    assert states(Time(cloud).jobs().status())[0] == ("done", True), "nobody has come back to it yet"
    said: list[str] = []
    again = Time(cloud, works_after=60)
    assert again.jobs().wait(HOUR, said.append) is None
    assert states(again.jobs().status()) == [("done", False), ("done", False)]
    assert [stage for stage, _ in cloud.started] == ["orders", "price"]
    assert said[0] == "orders: done"


def test_a_failure_is_told_once_and_started_again_by_who_asks_then(cloud: Cloud) -> None:
    time = Time(cloud)
    time.jobs().submit()
    cloud.fail()
    failed = time.jobs().wait(HOUR, silent)
    assert failed
    assert failed.state == "failed"
    assert "137" in failed.reason
    assert list(failed.printed) == ["orders: no space left on arn:task/1"]
    assert len(cloud.started) == 1
    assert time.jobs().status()[0].state == "failed"
    again = Time(cloud, works_after=60)
    assert again.jobs().wait(HOUR, silent) is None
    assert [stage for stage, _ in cloud.started] == ["orders", "orders", "price"]
    assert len({token for _, token in cloud.started}) == 3


def test_a_task_that_the_cloud_has_forgotten_counts_by_what_it_left(cloud: Cloud) -> None:
    time = Time(cloud)
    time.jobs().submit()
    cloud.work()
    cloud.forgotten.add("arn:task/1")
    assert time.jobs().status()[0].state == "done"
    time.jobs().submit()
    cloud.forgotten.add("arn:task/2")
    report = time.jobs().status()[1]
    assert (report.state, report.reason) == ("failed", "forgotten")


def test_other_work_is_another_job(cloud: Cloud) -> None:
    Time(cloud).jobs().submit()
    (cloud.project / "pipeline.mlops").write_text(SPEC.replace("rows >= 10", "rows >= 20"), encoding="utf-8")
    assert Time(cloud).jobs().status()[0].state == "none"
    assert Time(cloud).jobs().submit()[0].state == "running"
    assert len(cloud.started) == 2


def test_how_much_of_a_machine_it_gets_is_no_other_work(cloud: Cloud) -> None:
    Time(cloud).jobs().submit()
    (cloud.project / "pipeline.mlops").write_text(
        SPEC.replace("cpu = 1, memory = 2GB", "cpu = 2, memory = 8GB"), "utf-8"
    )
    assert Time(cloud).jobs().status()[0].state == "running"


def test_without_a_lock_nobody_could_find_it_again(cloud: Cloud) -> None:
    (cloud.project / "requirements.txt").unlink()
    with pytest.raises(OperationError, match="nothing pins") as told:
        Time(cloud).jobs().submit()
    assert "requirements" in told.value.hint
    assert cloud.started == []


@pytest.mark.parametrize(("job", "told"), [("", True), ("price", False)])
def test_a_stage_that_runs_here_instead_says_so(
    job: str, told: bool, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPSC_JOB", job)
    lines = io.StringIO()
    run(request(cloud.project, cloud.store), PlainLines(lines))
    assert ("price: starts" in lines.getvalue(), "not as the cloud job" in lines.getvalue()) == (True, told)
