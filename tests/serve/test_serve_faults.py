"""Models that raise, hang, leak, die or do not load, a store that goes away: the service goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from serve.service import ROW, Running, Service

from mlopsc.stdlib.runtime.release.state import LiveModel

BAD = {**ROW, "hr": 13}
"""The row that brings out a model's mood."""


def workers() -> dict[int, str]:
    """The worker processes of this machine, with their command lines."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if folder.name.isdigit() and "serve.worker" in line:
            found[int(folder.name)] = line
    return found


def workers_of(router: Running) -> list[int]:
    """The worker processes that a router has started."""
    return [pid for pid in workers() if parent(pid) == router.process.pid]


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_a_model_that_raises_is_an_error_of_that_request_alone(service: Service) -> None:
    service.release({service.add_version(value=1.0, mood="raise"): 1.0})
    with service.serving() as router:
        status, answer = router.predict(BAD)
        assert (status, answer["error"]["code"]) == (500, "model-error")
        assert not any(word in str(answer) for word in ("Traceback", "secret", "ValueError", "thirteen"))
        outcomes: list[int] = []
        asking = [
            threading.Thread(target=lambda i=i: outcomes.append(router.predict(BAD if i == 3 else ROW)[0]))
            for i in range(12)
        ]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
        assert sorted(outcomes) == [200] * 11 + [500]
        assert router.stop() == 0
    assert "thirteen is too much" in router.errors.read_text()
    rows = service.log.requests(0, 4e9)
    assert rows["status"].value_counts().to_dict() == {"ok": 11, "error": 2}
    assert rows[rows["status"] == "error"]["prediction"].isna().all()


def test_a_prediction_that_is_no_number_is_an_error(service: Service) -> None:
    service.release({service.add_version(value=1.0, mood="nan"): 1.0})
    with service.serving() as router:
        assert router.predict()[0] == 200
        assert router.predict(BAD)[1]["error"]["code"] == "model-error"


def test_a_model_that_hangs_is_ended_and_started_again(service: Service) -> None:
    service.release({service.add_version(value=1.0, mood="hang"): 1.0})
    with service.serving("--timeout", "2s") as router:
        (before,) = workers_of(router)
        status, answer = router.predict(BAD)
        assert (status, answer["error"]["code"]) == (504, "model-timeout")
        router.wait(lambda: workers_of(router) and before not in workers_of(router))
        router.wait(lambda: router.ping()["versions"]["1"] == "ready")
        assert router.predict()[0] == 200
        router.wait_for_line("it hung for 2 s")
        assert router.stop() == 0
    assert service.log.requests(0, 4e9)["status"].tolist() == ["timeout", "ok"]


@pytest.mark.parametrize("mood", ["die", "exit"])
def test_a_row_that_kills_the_model_takes_no_other_request_with_it(service: Service, mood: str) -> None:
    service.release({service.add_version(value=1.0, mood=mood): 1.0})
    with service.serving("--timeout", "30s") as router:
        outcomes: dict[int, int] = {}

        def ask(i: int) -> None:
            outcomes[i] = router.predict(BAD if i == 0 else ROW)[0]

        asking = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
        assert outcomes == {0: 500, **dict.fromkeys(range(1, 8), 200)}
        assert router.ping()["status"] == "ok"


def test_a_model_that_babbles_into_the_router_is_ended(service: Service) -> None:
    service.release({service.add_version(value=1.0, mood="babble"): 1.0})
    with service.serving("--timeout", "30s") as router:
        status, answer = router.predict(BAD)
        assert (status, answer["error"]["code"]) == (500, "model-error")
        assert router.predict()[0] == 200
        router.wait_for_line("it answers what nobody understands")


def test_a_client_that_goes_away_while_it_asks_is_no_failure(service: Service) -> None:
    service.release({service.add_version(value=1.0, mood="slow"): 1.0})
    with service.serving() as router:
        for body in (b"{", json.dumps(BAD).encode()):
            with socket.create_connection(("127.0.0.1", router.port)) as connection:
                head = "POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
                length = len(json.dumps(BAD))
                connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + body)
                time.sleep(0.1)
        assert router.predict()[0] == 200
        assert router.stop() == 0
    assert router.errors.read_text() == ""


def test_a_worker_that_is_killed_loses_no_request(service: Service) -> None:
    service.release({service.add_version(value=1.0): 1.0})
    with service.serving("--timeout", "30s") as router:
        for _ in range(2):
            (pid,) = workers_of(router)
            os.kill(pid, signal.SIGKILL)
            assert router.predict()[0] == 200
        router.wait_for_line("ended by SIGKILL")


def test_a_worker_that_grows_is_replaced_without_a_pause(service: Service) -> None:
    service.release({service.add_version(value=1.0, mood="leak"): 1.0})
    with service.serving("--memory", "200MB") as router:
        (before,) = workers_of(router)
        for _ in range(12):
            assert router.predict(BAD)[0] == 200
        router.wait(lambda: router.predict()[0] == 200 and before not in workers_of(router))
        router.wait_for_line("MB and is replaced")


def test_a_challenger_that_fails_is_stood_in_for_and_left_out(service: Service) -> None:
    old, new = service.add_version(value=1.0), service.add_version(value=2.0, mood="raise")
    service.release({old: 0.0001, new: 0.9999}, champion=old, candidate=new)
    with service.serving() as router:
        answers = [router.predict(BAD) for _ in range(12)]
        assert [status for status, _ in answers] == [200] * 12
        assert {one["predictions"][0]["version"] for _, one in answers} == {old}
        router.wait_for_line("left out of this router's traffic")
        assert router.stop() == 0
    rows = service.log.requests(0, 4e9)
    told = rows.groupby(["version", "role", "status"]).size().to_dict()
    assert told == {(old, "fallback", "ok"): 12, (new, "served", "error"): 5}


def test_a_challenger_that_cannot_load_is_told_and_the_champion_answers(service: Service) -> None:
    old = service.add_version(value=1.0)
    broken = service.add_artefact(b"no model at all")
    service.release({old: 0.5, broken: 0.5}, champion=old, candidate=broken)
    with service.serving() as router:
        assert router.ping() == {**router.ping(), "status": "ok", "versions": {"1": "ready", "2": "failed"}}
        assert {router.predict()[1]["predictions"][0]["version"] for _ in range(20)} == {old}
        router.wait_for_line("version 2: `.*` is no model artefact")
        assert "is no model artefact" in router.ask("GET", "/")[1]
        assert router.stop() == 0
    (beat,) = service.log.instances().values()
    assert beat.versions == (old,)
    assert len(beat.troubles) == 1
    assert beat.troubles[0].startswith(f"version {broken}: ")


def test_a_release_whose_main_version_cannot_load_is_not_put_in_force(service: Service) -> None:
    old = service.add_version(value=1.0)
    service.release({old: 1.0})
    broken = service.add_artefact(b"no model at all")
    with service.serving() as router:
        service.release({broken: 1.0}, models={broken: service.models[broken]})
        router.wait_for_line("entry 2 is not in force: version 2 cannot be loaded")
        status, answer = router.predict()
        assert (status, answer["sequence"], answer["predictions"][0]["version"]) == (200, 1, old)
        good = service.add_version(value=3.0)
        router.follow(service.release({good: 1.0}))
        assert router.predict()[1]["predictions"][0]["prediction"] == 3.0


def test_bytes_that_the_release_log_does_not_name_are_never_loaded(service: Service) -> None:
    version = service.add_version(value=1.0)
    service.release({version: 1.0})
    other = service.deployment.store.get_object(
        LiveModel(service.models[service.add_version(value=9.0)].artefact).artefact
    )
    service.deployment.store.object_path(service.models[version].artefact).write_bytes(other)  # type: ignore[attr-defined]
    with service.serving() as router:
        status, answer = router.predict()
        assert (status, answer["error"]["code"]) == (503, "model-unavailable")
        router.wait_for_line("is damaged")


def test_the_store_may_go_away_for_a_while(service: Service) -> None:
    version = service.add_version(value=1.0)
    service.release({version: 1.0})
    store, away = service.folder / ".mlops" / "store", service.folder / "away"
    with service.serving() as router:
        assert router.predict()[0] == 200
        store.rename(away)
        store.symlink_to(store)  # a path that leads nowhere cannot be read, while an empty folder can
        router.process.send_signal(signal.SIGUSR1)
        for pid in workers_of(router):
            os.kill(pid, signal.SIGKILL)
        assert router.predict()[0] == 200
        router.wait_for_line("the release log cannot be read")
        assert "store unreachable" in router.ask("GET", "/")[1]
        store.unlink()
        away.rename(store)
        newer = service.add_version(value=2.0)
        router.follow(service.release({newer: 1.0}))
        assert router.predict()[1]["predictions"][0]["version"] == newer
        assert router.stop() == 0
    assert service.log.requests(0, 4e9)["version"].tolist() == [version, version, newer]


def test_a_router_that_begins_without_its_store_says_so(service: Service) -> None:
    shutil.rmtree(service.folder / ".mlops", ignore_errors=True)
    (service.folder / ".mlops").mkdir()
    (service.folder / ".mlops" / "store").symlink_to(service.folder / ".mlops" / "store")
    with service.serving() as router:
        status, answer = router.predict()
        assert (status, answer["error"]["code"]) == (503, "store-unreachable")
        assert router.ping()["status"] == "ok"


def test_what_is_in_flight_is_answered_and_logged_before_the_end(service: Service) -> None:
    service.release({service.add_version(value=1.0, mood="slow"): 1.0})
    with service.serving() as router:
        answers: list[int] = []
        asking = [threading.Thread(target=lambda: answers.append(router.predict(BAD)[0])) for _ in range(3)]
        for one in asking:
            one.start()
        time.sleep(0.15)
        assert router.stop() == 0
        for one in asking:
            one.join()
        assert answers == [200] * 3
        assert workers_of(router) == []
    assert len(service.log.requests(0, 4e9)) == 3


def test_workers_end_with_a_router_that_is_killed_and_see_no_credentials(service: Service) -> None:
    service.release({service.add_version(value=1.0): 1.0})
    secrets = {"AWS_SECRET_ACCESS_KEY": "hush", "MLOPSC_LOG_SECRET": "0123456789abcdef", "PGPASSWORD": "hush"}
    with service.serving(**secrets) as router:
        (pid,) = workers_of(router)
        variables = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        names = {one.partition("=")[0] for one in variables}
        assert names.isdisjoint(secrets)
        assert os.environ["HOME"] not in {one.partition("=")[2] for one in variables}
        router.process.kill()
        router.process.wait()
        router.wait(lambda: pid not in workers())


def test_a_token_is_asked_for_by_all_but_ping(service: Service) -> None:
    with service.serving(MLOPSC_TOKEN="open sesame") as router:
        for method, path, body in [("POST", "/predict", ROW), ("GET", "/", None), ("GET", "/metrics", None)]:
            status, answer = router.ask(method, path, body)
            assert (status, answer["error"]["code"]) == (401, "unauthorized")
            assert router.ask(method, path, body, {"Authorization": "Bearer open"})[0] == 401
            assert router.ask(method, path, body, {"Authorization": "Bearer open sesame"})[0] in (200, 503)
        assert router.ping()["status"] == "ok"


def test_a_clock_that_goes_backwards_loses_nothing(service: Service, tmp_path: Path) -> None:
    from mlopsc.stdlib.runtime.clock import set_clock

    clock = tmp_path / "clock"
    set_clock(clock, 1_700_000_000.0)
    service.release({service.add_version(value=1.0): 1.0})
    with service.serving(MLOPSC_CLOCK=str(clock)) as router:
        first = router.predict()[1]["predictions"][0]["id"]
        set_clock(clock, 1_600_000_000.0)
        second = router.predict()[1]["predictions"][0]["id"]
        assert router.ask("POST", "/feedback", [{"id": first, "y": 1}, {"id": second, "y": 2}])[0] == 200
        assert router.ask("GET", "/")[0] == 200
        assert router.stop() == 0
    rows = service.log.labelled(0, 4e9)
    assert dict(zip(rows["id"], rows["y"], strict=True)) == {first: 1.0, second: 2.0}


def run(service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "serve", *arguments]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, cwd=service.folder, env=environment, capture_output=True, text=True, timeout=60)


def test_what_stands_in_the_way_of_serving_is_told(service: Service) -> None:
    with service.serving() as router, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        cases: list[tuple[tuple[Any, ...], str]] = [
            (("pipeline.json", "--port", str(router.port)), f"nothing can listen on 127.0.0.1:{router.port}"),
            (("pipeline.json", "--host", "no.such.host.invalid"), "is no address of this machine"),
            (("pipeline.json", "--host", "192.0.2.1", "--port", "0"), "nothing can listen on 192.0.2.1"),
            (("pipeline.json", "--release", "web"), "has no release `web`"),
            (("errors.txt.json",), "errors.txt.json"),
        ]
        for arguments, told in cases:
            done = run(service, *arguments)
            assert done.returncode == 4, done.stdout + done.stderr
            assert told in done.stderr
            assert "Traceback" not in done.stderr
    assert run(service, "pipeline.json", "--timeout", "soon").returncode == 2
    assert run(service, "pipeline.json", "-e", "dev").returncode == 2
