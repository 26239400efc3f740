"""What becomes of rows when a process, a store or a clock fails: the stated bound, counted, and nothing blocked."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from logged import DAY, NOON, Deploy, FaultyStore, answer, told

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.service.heartbeats import (
    INTERVAL,
    Heartbeat,
    Loss,
    heartbeat_key,
    merged,
    new_instance,
    newest_heartbeats,
    read_heartbeat,
)
from mlopsc.stdlib.runtime.service.keys import VARIABLE
from mlopsc.stdlib.runtime.service.reading import ServiceLog
from mlopsc.stdlib.runtime.service.writing import FLUSH_ROWS, MOST_ROWS, LogWriter

ROUTER = Path(__file__).with_name("log_router.py")


def route(project: Path, how: str, lines: int) -> tuple[subprocess.Popen[str], list[str]]:
    """A router that has said so many lines."""
    command = [sys.executable, str(ROUTER), str(project), how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, [process.stdout.readline() for _ in range(lines)]


@pytest.mark.parametrize(("how", "lines"), [("crowd", 30_000), ("trickle", 150)])
def test_kill_loses_no_more_than_what_was_not_flushed(deploy: Deploy, tmp_path: Path, how: str, lines: int) -> None:
    process, told_of = route(tmp_path, how, lines)
    process.kill()
    rest = process.communicate()[0].splitlines(keepends=True)
    taken = [line.split() for line in [*told_of, *rest] if line.endswith("\n")]
    log = ServiceLog(deploy())
    kept = sorted(int(one) for one in log.requests(0.0, math.inf)["id"])
    assert len(kept) >= int(taken[-1][2]) > 0  # what it believed to be written is there
    assert kept == list(range(len(kept)))  # nothing in the middle, nothing twice
    (beat,) = log.instances().values()
    assert not beat.ended
    flushed = [int(number) for number, at, _ in taken if float(at) <= beat.flushed_at]
    assert len(flushed) > lines / 4
    assert max(flushed) < len(kept)
    (gap,) = log.gaps(0.0, math.inf)
    assert gap.reason == "it ended without writing its last rows"
    assert gap.start == beat.flushed_at
    assert gap.end == beat.at + 2 * INTERVAL
    assert list(log.gaps(0.0, beat.flushed_at)) == []


def test_sigterm_loses_nothing(deploy: Deploy, tmp_path: Path) -> None:
    process, _ = route(tmp_path, "term", 2_500)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    process.communicate()
    log = ServiceLog(deploy())
    assert len(log.requests(0.0, math.inf)) == 2_500
    (beat,) = log.instances().values()
    assert (beat.ended, beat.rows_written, beat.rows_lost) == (True, 2_500, 0)
    assert log.gaps(0.0, math.inf) == []


def test_an_outage_keeps_rows_and_counts_what_does_not_fit(deploy: Deploy) -> None:
    deployment = deploy()
    store = FaultyStore(deployment.store, left=0)
    writer = LogWriter(replace(deployment, store=store), interval=0.05)
    for first in range(0, MOST_ROWS + 1_500, 500):
        writer.add(answer(f"{i}", NOON + i / 100) for i in range(first, first + 500))
    assert not writer.flush()
    assert (writer.heartbeat.rows_written, writer.heartbeat.rows_lost) == (0, 1_500)
    store.left = None
    assert writer.flush()
    assert writer.close() == 0
    assert (writer.heartbeat.rows_written, writer.heartbeat.rows_lost) == (MOST_ROWS, 1_500)
    log = ServiceLog(deployment)
    ids = log.requests(0.0, math.inf)["id"].astype(int)
    assert sorted(ids) == list(range(MOST_ROWS))
    (gap,) = log.gaps(0.0, math.inf)
    assert gap.reason == "1,500 rows were lost while the store could not be written"
    assert gap.start == pytest.approx(NOON + MOST_ROWS / 100)
    assert gap.end == pytest.approx(NOON + (MOST_ROWS + 1_499) / 100, abs=1e-3)
    assert log.gaps(NOON, NOON + 60) == []


def test_a_store_that_hangs_blocks_nobody(deploy: Deploy) -> None:
    deployment, release = deploy(), threading.Event()

    class Hanging(FaultyStore):
        def put_if_absent(self, key: str, value: bytes) -> bool:
            release.wait()
            return super().put_if_absent(key, value)

    writer = LogWriter(replace(deployment, store=Hanging(deployment.store)))
    writer.add(answer(f"{i}", NOON + i) for i in range(MOST_ROWS + FLUSH_ROWS))
    writer.count(requests=MOST_ROWS + FLUSH_ROWS)
    assert not writer.flush(timeout=0.05)
    assert writer.heartbeat.rows_lost == FLUSH_ROWS
    release.set()
    assert writer.close() == 0
    assert len(ServiceLog(deployment).requests(0.0, math.inf)) == MOST_ROWS


def test_a_write_whose_answer_was_lost_is_not_done_twice(deploy: Deploy) -> None:
    deployment = deploy()

    class Deaf(FaultyStore):
        def put_if_absent(self, key: str, value: bytes) -> bool:
            done = self.real.put_if_absent(key, value)
            self._pass(key)
            return done

    store = Deaf(deployment.store, left=None)
    writer = LogWriter(replace(deployment, store=store), interval=60)
    assert writer.flush()
    store.left = 0
    writer.add(answer(f"{i}", NOON + i) for i in range(10))
    assert not writer.flush()
    store.left = None
    assert writer.flush()
    writer.close()
    assert sorted(ServiceLog(deployment).requests(NOON, NOON + 60)["id"].astype(int)) == list(range(10))
    assert writer.heartbeat.rows_written == 10


def test_what_nobody_foresaw_does_not_end_the_log(deploy: Deploy) -> None:
    deployment = deploy()

    class Odd(FaultyStore):
        def put_if_absent(self, key: str, value: bytes) -> bool:
            if self.left == 0:
                raise RuntimeError("a library's own")
            return super().put_if_absent(key, value)

    store = Odd(deployment.store, left=0)
    writer = LogWriter(replace(deployment, store=store), interval=0.05)
    writer.add([answer("a"), told("a", 3)])
    assert not writer.flush()
    store.left = None
    assert writer.flush()
    assert writer.close() == 0
    assert len(ServiceLog(deployment).labelled(NOON, NOON + 1)) == 1


def test_close_tries_until_its_time_is_over(deploy: Deploy) -> None:
    deployment = deploy()
    store = FaultyStore(deployment.store, left=0)
    writer = LogWriter(replace(deployment, store=store))
    writer.add([answer("a"), answer("b")])
    assert writer.close(timeout=0.2) == 2
    again = LogWriter(replace(deployment, store=store))
    again.add([answer("c")])
    threading.Timer(0.2, lambda: setattr(store, "left", None)).start()
    assert again.close(timeout=30) == 0
    again.add([answer("d")])
    assert again.heartbeat.rows_lost == 1
    assert list(ServiceLog(deployment).requests(NOON, NOON + 1)["id"]) == ["c"]


def test_a_clock_that_goes_back_loses_nothing(deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hands = tmp_path / "clock"
    monkeypatch.setenv(clock.VARIABLE, str(hands))
    deployment = deploy()
    clock.set_clock(hands, NOON + DAY)
    writer = LogWriter(deployment)
    for at in (NOON + DAY, NOON, NOON + 60, NOON - DAY):
        clock.set_clock(hands, at)
        writer.add([answer(f"{at}", clock.now())])
        assert writer.flush()
    writer.close()
    clock.set_clock(hands, NOON + 2 * DAY)
    log = ServiceLog(deployment)
    assert list(log.requests(0.0, math.inf)["id"]) == [f"{at}" for at in (NOON - DAY, NOON, NOON + 60, NOON + DAY)]
    assert log.gaps(0.0, math.inf) == []


def test_a_clock_that_cannot_be_read_for_a_while_loses_nothing(
    deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = LogWriter(deploy(), interval=0.05)
    monkeypatch.setenv(clock.VARIABLE, str(tmp_path / "gone"))
    writer.add([answer("a")])
    assert not writer.flush()
    monkeypatch.delenv(clock.VARIABLE)
    assert writer.flush()
    assert writer.close() == 0
    assert writer.heartbeat.rows_written == 1


def test_instances_never_share_a_name_or_a_file(deploy: Deploy, location: str) -> None:
    assert len({new_instance() for _ in range(1_000)}) == 1_000
    deployment = deploy(at=location)
    writers = [LogWriter(deployment) for _ in range(4)]
    for turn in range(3):
        for place, writer in enumerate(writers):
            writer.add([answer(f"{place}-{turn}")])
            assert writer.flush()
    assert [writer.close() for writer in writers] == [0] * 4
    log = ServiceLog(deployment)
    assert len(set(log.requests(NOON, NOON + 1)["id"])) == 12
    assert set(log.instances()) == {writer.instance for writer in writers}


def test_a_name_that_was_used_before_overwrites_nothing(deploy: Deploy) -> None:
    deployment = deploy()
    for turn in range(2):
        writer = LogWriter(deployment, "host-1-ab")
        writer.add([answer(f"{turn}")])
        assert writer.close(timeout=0.1) == turn
    assert list(ServiceLog(deployment).requests(NOON, NOON + 1)["id"]) == ["0"]


def test_one_sign_of_life_of_each_instance_is_kept(deploy: Deploy, location: str) -> None:
    deployment = deploy(at=location)
    writer = LogWriter(deployment)
    writer.serves(7, [3, 4])
    writer.count(requests=5, invalid=2)
    for _ in range(3):
        assert writer.flush()
    (beat,) = ServiceLog(deployment).instances().values()
    assert (beat.sequence, beat.versions, beat.requests, beat.invalid) == (7, (3, 4), 5, 2)
    assert beat.is_live(time.time())
    assert len(list(deployment.store.list(deployment.heartbeats))) == 1
    writer.close()
    (beat,) = newest_heartbeats(deployment.store, deployment.heartbeats).values()
    assert beat.ended
    assert not beat.is_live(time.time())


def test_routers_of_different_secrets_are_told(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    deployment = deploy()
    first, alike = LogWriter(deployment), LogWriter(deployment)
    assert first.flush()
    assert alike.flush()
    assert not caplog.messages
    monkeypatch.setenv(VARIABLE, "another secret of a length")
    other = LogWriter(deployment)
    assert other.flush()
    (message,) = caplog.messages
    assert "has another secret" in message
    assert VARIABLE in message
    for writer in (first, alike, other):
        writer.close()


def beat_of(instance: str, silent: float, **given: object) -> Heartbeat:
    """A sign of life that an instance gave some time ago."""
    plain = Heartbeat(instance, at=NOON, wall=time.time() - silent, started=NOON - DAY, flushed_at=NOON - 1)
    return replace(plain, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("silent", "end", "reason"),
    [(0, None, ""), (300, NOON + DAY, "no sign of life"), (7_200, NOON + 2 * INTERVAL, "it ended without")],
)
def test_silence_makes_a_gap_that_ends_when_nobody_can_be_there(
    deploy: Deploy, silent: float, end: float | None, reason: str
) -> None:
    deployment = deploy()
    beat = beat_of("elsewhere-7-ab", silent)
    deployment.store.put_if_absent(heartbeat_key(deployment.heartbeats, beat.instance, 1), beat.to_json())
    gaps = ServiceLog(deployment).gaps(NOON - DAY, NOON + DAY)
    assert [(gap.start, gap.end) for gap in gaps] == ([] if end is None else [(NOON - 1, end)])
    assert all(gap.reason.startswith(reason) for gap in gaps)


def test_a_process_of_this_machine_that_is_gone_is_known_to_be_dead() -> None:
    own = beat_of(new_instance(), 0)
    assert not own.is_dead
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    assert replace(own, instance=own.instance.replace(f"-{os.getpid()}-", f"-{child.pid}-")).is_dead
    assert not replace(own, instance="elsewhere-1-ab").is_dead
    assert not replace(own, instance="router").is_dead


def test_losses_are_merged_and_none_is_forgotten() -> None:
    losses = [Loss(float(i * i), i * i + 0.5, i) for i in range(200)]
    joined = merged(losses)
    assert len(joined) == 50
    assert sum(loss.rows for loss in joined) == sum(range(200))
    assert all(any(one.first <= loss.first and loss.last <= one.last for one in joined) for loss in losses)


def test_a_sign_of_life_of_another_version_is_read_and_a_damaged_one_is_none() -> None:
    beat = beat_of("a-1-b", 0, losses=(Loss(1.0, 2.0, 3),), versions=(1, 2))
    assert read_heartbeat(beat.to_json()) == beat
    newer = beat.to_json().replace(b'"ended"', b'"mood": "fine", "ended"')
    older = beat.to_json().replace(b', "secret": ""', b"").replace(b', "troubles": []', b"")
    assert len(older) < len(beat.to_json()) < len(newer)
    assert read_heartbeat(newer) == read_heartbeat(older) == beat
    for damaged in (b"", b"{}", b"[]", beat.to_json()[:-9], beat.to_json().replace(b'"at"', b'"on"')):
        assert read_heartbeat(damaged) is None
