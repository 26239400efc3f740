"""What is deleted: old days, and all of one key; and that nothing else ever is, whoever is killed when."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from logged import DAY, NOON, Deploy, FaultyStore, answer, told, until

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.service.compaction import RUN, compact
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.files import LogFile, current, day_of, files_below, parse_key, parse_parquet
from mlopsc.stdlib.runtime.service.keys import VARIABLE, log_secret, unit_of
from mlopsc.stdlib.runtime.service.reading import ServiceLog
from mlopsc.stdlib.runtime.service.retention import Forgotten, forget, prune
from mlopsc.stdlib.runtime.service.writing import LogWriter
from mlopsc.stdlib.runtime.store.faults import OperationError, StoreError

TODAY = day_of(NOON)


def fill(deployment: Deployment, files: int = 4, keys: int = 5) -> str:
    """Requests and feedback of several keys in several files; the name of the instance."""
    secret = log_secret(deployment.project)
    writer = LogWriter(deployment)
    for turn in range(files):
        rows = [
            answer(f"{key}/{turn}", NOON + turn, unit=unit_of(secret, key), inputs={"plan": "a"}, prediction=True)
            for key in range(keys)
        ]
        writer.add([*rows, *(told(row.id, True, NOON + turn) for row in rows)])
        assert writer.flush()
    assert writer.close() == 0
    for thread in threading.enumerate():
        if thread.name == "log-upkeep":
            thread.join(60)
    return writer.instance


def ids(deployment: Deployment) -> list[str]:
    """The predictions that are known, each once: those of the request log, which feedback matches."""
    log = ServiceLog(deployment)
    found = sorted(log.requests(0.0, math.inf)["id"])
    assert sorted(log.labelled(0.0, math.inf)["id"]) == found
    return found


def stored(deployment: Deployment) -> set[str]:
    """All text of all files of both logs, whether it counts or not."""
    files = [*files_of(deployment), *files_below(deployment.store, deployment.feedback)]
    tables = [parse_parquet(deployment.store.get(file.key) or b"") for file in files]
    assert all(table is not None for table in tables)
    return {str(value) for table in tables if table for row in table.to_pylist() for value in row.values()}


def files_of(deployment: Deployment) -> list[LogFile]:
    return files_below(deployment.store, deployment.requests)


def test_days_are_deleted_when_all_of_them_is_old_enough(deploy: Deploy, location: str) -> None:
    deployment = deploy(at=location, log={"function": "log", "retention": "2d"})
    writer = LogWriter(deployment)
    for back in range(5):
        writer.add([answer(f"{back}", NOON - back * DAY), told(f"{back}", 1, NOON - back * DAY)])
    assert writer.close() == 0
    log = ServiceLog(deployment)
    assert len(log.requests(0.0, math.inf)) == 5
    assert prune(deployment, NOON) == 4
    assert prune(deployment, NOON) == 0
    assert sorted(log.requests(0.0, math.inf)["id"]) == ["0", "1", "2"]
    assert len(log.feedback(0.0, math.inf)) == 3


def test_without_a_retention_all_is_kept(deploy: Deploy) -> None:
    deployment = deploy("crm")
    fill(deployment)
    assert prune(deployment, NOON + 10_000 * DAY) == 0
    assert len(ids(deployment)) == 20


def test_old_signs_of_life_go_with_their_rows(deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, str(tmp_path / "clock"))
    deployment = deploy(log={"function": "log", "retention": "2d"})
    for at in (NOON - 9 * DAY, NOON):
        clock.set_clock(tmp_path / "clock", at)
        LogWriter(deployment).close()
    prune(deployment, NOON)
    (beat,) = ServiceLog(deployment).instances().values()
    assert beat.at == NOON


def test_a_writer_deletes_what_is_too_old(deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, str(tmp_path / "clock"))
    clock.set_clock(tmp_path / "clock", NOON)
    deployment = deploy(log={"function": "log", "retention": "2d"})
    writer = LogWriter(deployment)
    writer.add([answer("a")])
    assert writer.flush()
    deleted = threading.Event()

    class Watched(FaultyStore):
        def delete(self, key: str) -> None:
            super().delete(key)
            if key.startswith(deployment.requests):
                deleted.set()

    other = LogWriter(replace(deployment, store=Watched(deployment.store)))
    assert other.flush()
    assert len(ServiceLog(deployment).requests(NOON, NOON + 1)) == 1
    clock.set_clock(tmp_path / "clock", NOON + 4 * DAY)
    assert other.flush()
    assert deleted.wait(30)
    assert len(ServiceLog(deployment).requests(NOON, NOON + 1)) == 0
    writer.close()
    other.close()


def test_a_key_is_forgotten_with_its_feedback_and_nothing_else(deploy: Deploy, location: str) -> None:
    deployment = deploy("crm", at=location)
    fill(deployment)
    log = ServiceLog(deployment)
    assert len(log.requests(NOON, NOON + 60)) == 20
    assert forget(deployment, 3) == Forgotten(4, 4)
    wanted = [f"{key}/{turn}" for key in (0, 1, 2, 4) for turn in range(4)]
    assert ids(deployment) == sorted(wanted)
    assert sorted(log.requests(NOON, NOON + 60)["id"]) == sorted(wanted)  # one that had read it forgets it too
    assert sorted(log.feedback(NOON, NOON + 60)["id"]) == sorted(wanted)
    assert forget(deployment, "3") == Forgotten(0, 0)
    assert forget(deployment, "nobody") == Forgotten(0, 0)
    for key in (0, 1, 2, 4):
        assert forget(deployment, key) == Forgotten(4, 4)
    assert ids(deployment) == []


def test_the_bytes_of_a_forgotten_key_are_gone(deploy: Deploy, tmp_path: Path) -> None:
    deployment = deploy("crm")
    fill(deployment)
    before = stored(deployment)
    forget(deployment, 3)
    unit = unit_of(log_secret(tmp_path), 3)
    assert {unit, "3/0"} <= before
    assert not {unit, "3/0"} & stored(deployment)
    assert stored(deployment) < before


@pytest.mark.parametrize("left", range(0, 60, 3))
def test_forgetting_that_is_stopped_anywhere_loses_nothing_else(deploy: Deploy, left: int) -> None:
    deployment = deploy("crm")
    fill(deployment, files=3, keys=3)
    others = [f"{key}/{turn}" for key in (0, 2) for turn in range(3)]
    try:
        forget(replace(deployment, store=FaultyStore(deployment.store, left)), 1)
    except StoreError:
        assert set(others) <= set(ServiceLog(deployment).labelled(0.0, math.inf)["id"])
        forget(deployment, 1)
    assert ids(deployment) == sorted(others)
    assert sorted(ServiceLog(deployment).feedback(0.0, math.inf)["id"]) == sorted(others)
    files = files_of(deployment)
    assert files == current(files)
    assert forget(deployment, 1) == Forgotten(0, 0)


def test_a_file_that_others_wrote_anew_twice_is_looked_at_again(deploy: Deploy) -> None:
    """Its first new name is free again by then, so writing it there succeeds and takes nobody's place."""
    deployment = deploy("crm")
    fill(deployment, files=1, keys=4)
    done: list[Forgotten] = []

    class Overtaken(FaultyStore):
        def _pass(self, what: str) -> None:
            if what.startswith(f"put {deployment.requests}") and not done:
                done.append(forget(deployment, 0))
                done.append(forget(deployment, 1))

    forget(replace(deployment, store=Overtaken(deployment.store)), 2)
    assert done == [Forgotten(1, 1)] * 2
    assert ids(deployment) == ["3/0"]
    assert stored(deployment).isdisjoint({"0/0", "1/0", "2/0"})


def test_two_keys_are_forgotten_at_once(deploy: Deploy) -> None:
    deployment = deploy("crm")
    fill(deployment, files=20, keys=4)
    found: list[Forgotten] = []
    threads = [threading.Thread(target=lambda key=key: found.append(forget(deployment, key))) for key in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Forgotten(20, 20)] * 3
    assert ids(deployment) == sorted(f"3/{turn}" for turn in range(20))


def test_a_log_of_another_secret_is_named_and_not_called_clean(
    deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy("crm")
    fill(deployment, files=2)
    monkeypatch.setenv(VARIABLE, "another secret of a length")
    found = forget(deployment, 3)
    assert (found.requests, found.feedback) == (0, 0)
    assert sorted(found.unreadable) == [file.key for file in files_of(deployment)]
    assert len(ids(deployment)) == 10
    monkeypatch.delenv(VARIABLE)
    (tmp_path / ".mlops" / "keys" / "log").unlink()
    with pytest.raises(OperationError, match="no secret") as caught:
        forget(deployment, 3)
    assert VARIABLE in caught.value.hint


def test_files_of_a_day_are_merged_and_none_is_lost(
    deploy: Deploy, location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(clock.VARIABLE, str(tmp_path / "clock"))
    clock.set_clock(tmp_path / "clock", NOON)
    deployment = deploy("crm", at=location)
    count = 2 * RUN + 5 if location == "store" else RUN + 2
    instance = fill(deployment, files=count, keys=1)
    before = ids(deployment)
    log = ServiceLog(deployment)
    assert len(log.requests(NOON, NOON + DAY)) == count
    for prefix in (deployment.requests, deployment.feedback):
        compact(deployment, prefix, TODAY, instance, is_over=False)
    spans = [(file.first, file.last) for file in files_of(deployment)]
    assert len(spans) < RUN
    assert spans[0] == (1, RUN)
    assert ids(deployment) == before
    assert len(log.requests(NOON, NOON + DAY)) == count
    compact(deployment, deployment.requests, TODAY, instance, is_over=True)
    assert [(file.first, file.last) for file in files_of(deployment)] == [(1, count)]
    assert ids(deployment) == before
    assert compact(deployment, deployment.requests, TODAY, instance, is_over=True) == 0
    assert forget(deployment, 0) == Forgotten(count, count)


@pytest.mark.parametrize("left", range(26))
def test_merging_that_is_stopped_anywhere_loses_and_doubles_nothing(deploy: Deploy, left: int) -> None:
    deployment = deploy("crm")
    instance = fill(deployment, files=5, keys=2)
    before = ids(deployment)
    faulty = replace(deployment, store=FaultyStore(deployment.store, left))
    try:
        compact(faulty, deployment.requests, TODAY, instance, is_over=True)
    except StoreError:
        assert ids(deployment) == before
        compact(deployment, deployment.requests, TODAY, instance, is_over=True)
    assert ids(deployment) == before
    assert [(file.first, file.last) for file in files_of(deployment)] == [(1, 5)]


@pytest.mark.parametrize("first", ["put", "delete"])
def test_what_is_forgotten_while_files_are_merged_stays_forgotten(deploy: Deploy, first: str) -> None:
    """Forgetting happens between reading the files and writing the merged one, and just after that."""
    deployment = deploy("crm")
    instance = fill(deployment, files=4, keys=3)
    done: list[Forgotten] = []

    class Interrupted(FaultyStore):
        def _pass(self, what: str) -> None:
            if what.startswith(f"{first} {deployment.requests}") and not done:
                done.append(Forgotten(0, 0))
                done.append(forget(deployment, 1))

    store = Interrupted(deployment.store)
    compact(replace(deployment, store=store), deployment.requests, TODAY, instance, is_over=True)
    assert len(done) == 2
    assert ids(deployment) == sorted(f"{key}/{turn}" for key in (0, 2) for turn in range(4))
    assert "1/0" not in stored(deployment)


def test_readers_see_every_row_while_files_are_merged(deploy: Deploy) -> None:
    deployment = deploy("crm")
    instance = fill(deployment, files=30, keys=2)
    merged: list[int] = []

    class Overtaken(FaultyStore):
        def _pass(self, what: str) -> None:
            if what.startswith("get") and not merged:
                merged.append(compact(deployment, deployment.requests, TODAY, instance, is_over=True))

    log = ServiceLog(replace(deployment, store=Overtaken(deployment.store)))
    assert len(log.requests(NOON, NOON + 60)) == 60
    assert merged == [30]


def test_a_writer_merges_its_own_files(deploy: Deploy) -> None:
    deployment = deploy()
    writer = LogWriter(deployment)
    for i in range(RUN + 3):
        writer.add([answer(f"{i}", clock.now())])
        assert writer.flush()
    until(lambda: len(files_of(deployment)) < RUN)
    assert writer.close() == 0
    spans = [(file.first, file.last) for file in files_of(deployment)]
    assert spans == [(1, RUN), *((i, i) for i in range(RUN + 1, RUN + 4))]
    assert len(ServiceLog(deployment).requests(0.0, math.inf)) == RUN + 3


def test_a_damaged_file_is_not_merged_over(deploy: Deploy, tmp_path: Path) -> None:
    deployment = deploy("crm")
    instance = fill(deployment, files=5, keys=1)
    broken = tmp_path / "store" / files_of(deployment)[2].key
    broken.unlink()
    broken.write_bytes(b"half")
    compact(deployment, deployment.requests, TODAY, instance, is_over=True)
    assert [(file.first, file.last) for file in files_of(deployment)] == [(1, 2), (3, 3), (4, 5)]
    assert forget(deployment, 0).unreadable == (files_of(deployment)[1].key,)


def test_keys_of_files_are_read_as_they_are_written() -> None:
    for numbers in ((1, 1, 0), (1, 64, 0), (7, 7, 2), (65, 128, 11)):
        file = LogFile("log/api/prod", TODAY, "host-1-ab", *numbers)
        assert parse_key(file.key) == file
    for other in ("log/api/prod/date=2025-03-03/readme.md", "log/api/prod/date=2025-03-03/instance=a/1.parquet"):
        assert parse_key(other) is None
    assert current([]) == []


def test_kill_while_forgetting_loses_nothing_else(deploy: Deploy, tmp_path: Path) -> None:
    deployment = deploy("crm")
    fill(deployment, files=12, keys=3)
    program = (
        "import os, signal, sys; from pathlib import Path; from logged import FaultyStore, opened\n"
        "from dataclasses import replace; from mlopsc.stdlib.runtime.service.retention import forget\n"
        "class Deadly(FaultyStore):\n"
        "    def delete(self, key):\n"
        "        if len([a for a in self.asked if a.startswith('put')]) > 8: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        super().delete(key)\n"
        "deployment = opened(Path(sys.argv[1]), 'crm')\n"
        "forget(replace(deployment, store=Deadly(deployment.store)), 1)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment)
    assert killed.returncode == -signal.SIGKILL
    others = {f"{key}/{turn}" for key in (0, 2) for turn in range(12)}
    log = ServiceLog(deployment)
    assert others <= set(log.labelled(0.0, math.inf)["id"])
    assert others < set(log.requests(0.0, math.inf)["id"])
    assert forget(deployment, 1).requests > 0
    assert set(ids(deployment)) == others
