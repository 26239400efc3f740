"""A monitor that is killed at any point, and two of them at once: no event twice, no action beyond its limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from monitored import BEGIN, DAY, Service, write_rows

from mlopsc.compiler.cli.built import describe
from mlopsc.compiler.cli.spec import Spec
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.monitor.look import opened
from mlopsc.stdlib.runtime.service.deployment import open_deployment
from mlopsc.stdlib.runtime.store.local import LocalStore
from mlopsc.stdlib.runtime.store.log import Log

MakeService = Callable[..., Service]
QUALITY = "watch mae(feedback) <= 40 over 7d lag 1d, alarms <= 1 / 90d"
RETRAIN = "on quality do retrain(forecast, refresh = hours, cooldown = 7d,"
RULES = f"""
watch age(hours) <= 2d
{QUALITY}
on freshness do [notify("sh -c 'cat >> told; echo >> told'"), run("once.py")]
on quality or labels_late do notify("sh -c 'cat >> told; echo >> told'")
"""


def look_and_die(service: Service, at: float, write: int, *, after: bool) -> None:
    """Look, and be killed before or after the n-th write to the monitor's log."""
    put, count = LocalStore.put_if_absent, [0]

    def put_and_die(store: LocalStore, key: str, value: bytes) -> bool:
        count[0] += key.startswith("events/")
        is_it = key.startswith("events/") and count[0] == write
        if is_it and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        created = put(store, key, value)
        if is_it:
            os.kill(os.getpid(), signal.SIGKILL)
        return created

    LocalStore.put_if_absent = put_and_die  # type: ignore[method-assign]
    service.look(at)


def in_child(action: Callable[[], None]) -> int:
    """Start a process that does it."""
    process = os.fork()
    if process:
        return process
    try:
        action()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def ended(process: int) -> int:
    """How it ended: 0, 1, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def killed_at(service: Service, at: float, write: int, *, after: bool) -> bool:
    """Look in a process that is killed before or after the n-th thing that it writes; False if it wrote fewer."""

    status = ended(in_child(lambda: look_and_die(service, at, write, after=after)))
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def prepared(make_service: MakeService) -> Service:
    """A service whose data is old and whose answers are bad."""
    script = "with open('ran', 'a') as file:\n    file.write('x')\n"
    service = make_service(RULES, once__py=script)
    service.serve(BEGIN, BEGIN + 7 * DAY, truth=lambda true: true + 60)
    return service


def assert_all_is_done_once(service: Service) -> None:
    """One event of each kind, told under one key each; the script ran once at most."""
    records = service.records()
    events = [one for one in records if one["kind"] == "event"]
    assert Counter(one["category"] for one in events) == {"freshness": 1, "quality": 1}
    told = [line for line in (service.project / "told").read_text().splitlines() if line]
    keys = {line.partition('"key": "')[2].partition('"')[0] for line in told}
    assert len(keys) == 2
    assert len(told) <= 3  # a process that was killed before it noted that it had told may tell again, under its key
    ran = service.project / "ran"
    assert not ran.exists() or ran.read_text() == "x"
    last = {(one["event"], one["action"]): one["state"] for one in records if one["kind"] == "action"}
    assert len(last) == 3
    assert set(last.values()) <= {"done", "failed"}
    windows = Counter((one["key"], one["until"]) for one in records if one["kind"] != "action")
    assert set(windows.values()) == {1}


@pytest.mark.parametrize("after", [False, True])
def test_a_look_that_is_killed_at_any_write_is_taken_up(make_service: MakeService, after: bool) -> None:
    at = BEGIN + 8 * DAY
    service = prepared(make_service)
    pristine = Path(f"{service.project}.pristine")
    _copy(service.project, pristine)
    write = 1
    while True:
        was_killed = killed_at(service, at, write, after=after)
        assert ended(in_child(lambda: service.look(at + 60) and None)) == 0
        assert ended(in_child(lambda: service.look(at + 120) and None)) == 0
        assert_all_is_done_once(Service(service.project, service.document, service.deployment))
        if not was_killed:
            break
        _copy(pristine, service.project)
        _forget()
        write += 1
    assert write > 8  # two events, three actions with a claim and an end each


def test_two_monitors_at_once_do_everything_once(make_service: MakeService) -> None:
    service = prepared(make_service)
    at = BEGIN + 8 * DAY
    service.go_to(at)
    both = [in_child(lambda: service.look(at) and None) for _ in range(2)]
    assert [ended(process) for process in both] == [0, 0]
    assert_all_is_done_once(service)
    assert (service.project / "ran").read_text() == "x"
    assert len([line for line in (service.project / "told").read_text().splitlines() if line]) == 2


@pytest.mark.parametrize("after", [False, True])
def test_a_retraining_that_is_killed_is_finished_and_counts_once(make_service: MakeService, after: bool) -> None:
    service = make_service(f"{QUALITY}\n{RETRAIN} limit = 1 / 90d)")
    service.serve(BEGIN, BEGIN + 7 * DAY, truth=lambda true: true + 60)
    at = BEGIN + 8 * DAY
    write_rows(service.project, at)
    # Either it was claimed and not begun, or the version is there and nothing says so. A process of its own: the
    # engine's workers cannot be started from a fork of one that has some.
    program = f"from test_kill import *; retrain_and_die({str(service.project)!r}, {at}, {2 if after else 3}, {after})"
    folders = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": folders}, check=False)
    assert done.returncode == -signal.SIGKILL
    service.look(at + 60)
    versions = Log(service.deployment.store, service.deployment.versions).read()
    assert len(versions) == 2
    ended_as: list[Any] = [one for one in service.records() if "outcome" in one]
    assert [(one["outcome"], one["evidence"]["version"]) for one in ended_as] == [("passed", 2)]
    claims = [one for one in service.records() if one.get("state") == "claimed"]
    assert [one["round"] for one in claims] == [0, 0]


def test_ctrl_c_in_a_retraining_ends_the_look_and_the_next_goes_on(make_service: MakeService) -> None:
    service = make_service(f"{QUALITY}\n{RETRAIN} limit = 1 / 90d)")
    service.serve(BEGIN, BEGIN + 7 * DAY, truth=lambda true: true + 60)
    write_rows(service.project, BEGIN + 8 * DAY)
    code = service.project / "steps.py"
    waits = "open('training', 'w').close()\n        __import__('time').sleep(600)\n        return self"
    quick = code.read_text()
    code.write_text(quick.replace("return self", waits))
    service.go_to(BEGIN + 8 * DAY)
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "monitor", "look", "-e", "prod"]
    with subprocess.Popen(command, cwd=service.project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        until = time.monotonic() + 60
        while not list(service.project.rglob("training")):
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)[0]
    assert process.returncode == 130, told
    assert [one["state"] for one in service.records() if one["kind"] == "action"] == ["claimed"]
    code.write_text(quick)
    service.look(BEGIN + 8 * DAY + 60)
    (outcome,) = [one for one in service.records() if "outcome" in one]
    assert (outcome["outcome"], outcome["evidence"]["version"]) == ("passed", 2)


@pytest.mark.parametrize(("seconds", "expected"), [(60.0, []), (1_000.0, ["claimed", "done"])])
def test_who_claimed_an_action_elsewhere_is_given_time(
    make_service: MakeService, seconds: float, expected: list[str]
) -> None:
    service = make_service('watch age(hours) <= 2d\non freshness do notify("true")')
    at = BEGIN + 3 * DAY
    (event,) = service.look(at, act=False).events
    claim = {"kind": "action", "event": event["id"], "action": "notify(true)", "round": 0, "state": "claimed"}
    owner = {"actor": "a", "host": "elsewhere", "process": 1, "wall": time.time() - seconds}
    _, log = opened(service.deployment, "live")
    more = {"at": clock.stamp(at), "reason": "", "versions": 0, "resumed": False}
    log.append(lambda *_: {**claim, **owner, **more})
    assert [one["state"] for one in service.look(at + 60).actions] == expected


def retrain_and_die(project: str, at: float, write: int, after: bool) -> None:
    """What the process does that is killed."""
    folder = Path(project)
    document = describe(Spec(folder, "pipeline.mlops").compile()).documents["prod"]
    look_and_die(Service(folder, document, open_deployment(document, folder)), at, write, after=after)


def _copy(source: Path, target: Path) -> None:
    import shutil

    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def _forget() -> None:
    """Forget what this process has read of a store that was put back."""
    from mlopsc.stdlib.runtime.monitor import look

    look._open.clear()
