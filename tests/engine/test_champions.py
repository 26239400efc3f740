"""Which version a gate's key names: the one in service, where a release tells, else the newest."""

from __future__ import annotations

from engine_project import Project, by_name, worked

from mlopsc.stdlib.runtime.engine.versions import champion, register
from mlopsc.stdlib.runtime.release.state import Change, Phase, ReleaseLog, State
from mlopsc.stdlib.runtime.store.local import LocalStore


def with_release(project: Project, gate: str) -> None:
    project.stage("gate", "demand", kind="test", model="demand")
    comparison = {"operator": "<=", "limit": {"baseline": "champion", "factor": 1.05}}
    project.stages[-1]["rules"] = [{"id": "mae(test) champion", "verb": "require", "comparisons": [comparison]}]
    project.stage("api", "demand", "gate", kind="release", model="demand", gate=gate)


def serve(store: LocalStore, release: str, version: int) -> None:
    state = State(phase=Phase.SERVING, champion=version, weights={version: 1.0})
    ReleaseLog(store, f"release/{release}/dev/log").append(lambda *_: Change("promote", state, "test", "by hand"))


def test_another_version_in_service_runs_the_gate_again(chain: Project) -> None:
    with_release(chain, "gate")
    record = by_name(chain.run())["demand"].record
    assert record is not None
    store = LocalStore(chain.folder / ".mlops" / "store")
    for key in ("first", "second", record.key):
        register(store, "demand", key, {})
    assert chain.forecast()["gate"].causes == ("the champion of `demand` is version 2 now",)
    serve(store, "api", 1)
    assert chain.forecast()["gate"].causes == ("the champion of `demand` is version 1 now",)
    assert worked(chain.run()) == ["gate"]
    # The candidate comes into service: nothing is judged again, since it was held against the one before it.
    serve(store, "api", 3)
    assert worked(chain.run()) == []
    serve(store, "api", 2)
    assert worked(chain.run()) == ["gate"]


def test_a_gate_of_no_release_meets_the_version_that_a_release_of_its_model_serves(chain: Project) -> None:
    with_release(chain, "other")
    chain.stage("unrelated", "rides", kind="release", model="rides", gate="other")
    record = by_name(chain.run())["demand"].record
    assert record is not None
    store = LocalStore(chain.folder / ".mlops" / "store")
    for key in ("first", "second"):
        register(store, "demand", key, {})
    serve(store, "unrelated", 1)
    assert chain.forecast()["gate"].causes == ("the champion of `demand` is version 2 now",)
    serve(store, "api", 1)
    assert chain.forecast()["gate"].causes == ("the champion of `demand` is version 1 now",)


def test_the_first_version_in_service_has_no_champion_even_when_others_passed_later(chain: Project) -> None:
    store = LocalStore(chain.folder / ".mlops" / "store")
    for key in ("first", "second"):
        register(store, "demand", key, {})
    log = "release/api/dev/log"
    assert (found := champion(store, "demand", "first", (log,))) is not None
    assert found.number == 2
    serve(store, "api", 1)
    assert champion(store, "demand", "first", (log,)) is None
