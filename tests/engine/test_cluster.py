"""The same tasks on the workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from engine_project import Project, by_name, worked

from mlopsc.stdlib.runtime.engine.events import LogLine, Outcome

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A scheduler and two worker processes; its address."""
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as started:
        yield started.scheduler_address


@pytest.fixture
def distributed_project(project: Project, cluster: str) -> Project:
    """A project whose environment names the cluster."""
    project.environment["settings"] = {"executor": {"function": "dask", "url": cluster}}
    return project


def test_stages_and_tasks_run_on_the_cluster(distributed_project: Project) -> None:
    project = distributed_project
    project.stage("squares", do="fan", values=list(range(10)))
    project.calling(
        "where", "import os\ndef work(context):\n    print('there')\n    context.log('hello')\n    return os.getpid()\n"
    )
    project.stage("after", "squares")
    result = project.run()
    assert result.exit_code == 0
    assert [project.output(result, name) for name in ("squares", "after")] == ["285", "286"]
    assert int(project.output(result, "where")) != os.getpid()
    log = by_name(result)["where"].log
    assert log is not None
    assert log.read_text() == "there\n"
    assert LogLine("where", "hello") in project.events
    assert worked(project.run()) == []


def test_changed_code_is_not_served_from_a_workers_memory(distributed_project: Project) -> None:
    project = distributed_project
    for value in ("1", "2", "3"):
        project.calling("one", f"def work(context):\n    return {value}\n")
        assert project.output(project.run(), "one") == value


def test_errors_crashes_and_timeouts_are_told(distributed_project: Project) -> None:
    project = distributed_project
    project.calling("bad", "def work(context):\n    1 / 0\n")
    project.calling("long", "import time\ndef work(context):\n    time.sleep(3)\n", timeout="500ms")
    project.stage("good")
    summaries = by_name(project.run())
    assert summaries["good"].outcome is Outcome.OK
    messages = {name: summaries[name].failure.message for name in ("bad", "long")}  # type: ignore[union-attr]
    assert messages["bad"] == "the stage `bad` raised ZeroDivisionError: division by zero"
    assert messages["long"] == "`long` took longer than 0.5 s"


def test_a_cluster_that_is_not_there_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlopsc.stdlib.runtime.engine import cluster

    monkeypatch.setattr(cluster, "_SECONDS_TO_CONNECT", 1)
    project.environment["settings"] = {"executor": {"function": "dask", "url": "tcp://127.0.0.1:1"}}
    project.stage("rides")
    result = project.run()
    told = by_name(result)["rides"].failure
    assert told is not None
    assert told.message == "no Dask scheduler answers at `tcp://127.0.0.1:1`"
    assert result.exit_code == 4
