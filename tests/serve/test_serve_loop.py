"""A router and the release that it follows."""

from __future__ import annotations

import hashlib
import http.client
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pandas as pd
from serve.service import ROW, Service

from mlopsc.stdlib.runtime.release.state import ReleaseLog, state_of
from mlopsc.stdlib.runtime.serve.environments import lock_of
from mlopsc.stdlib.runtime.service.assignment import version_for
from mlopsc.stdlib.runtime.service.keys import log_secret, unit_of


def test_a_row_is_answered_and_logged_and_its_truth_joined(service: Service) -> None:
    first = service.add_version(value=7.0)
    service.release({first: 1.0})
    with service.serving() as router:
        status, answer = router.predict(headers={"X-Assign-Key": "anna"})
        assert status == 200
        assert answer["sequence"] == 1
        (prediction,) = answer["predictions"]
        assert prediction["version"] == first
        assert prediction["prediction"] == 7.0
        assert router.ask("POST", "/feedback", {"id": prediction["id"], "y": 9}) == (
            200,
            {"accepted": 1, "repeated": 0},
        )
        assert router.ask("POST", "/feedback", {"id": prediction["id"], "y": 9}) == (
            200,
            {"accepted": 0, "repeated": 1},
        )
        assert router.stop() == 0
    rows = service.log.labelled(0, 4e9)
    assert rows[["id", "version", "role", "status", "prediction", "y"]].to_dict("records") == [
        {"id": prediction["id"], "version": 1, "role": "served", "status": "ok", "prediction": 7.0, "y": 9.0}
    ]
    assert rows["x.weathersit"].tolist() == ["clear"]
    assert "x.rider" not in rows
    assert rows["x.at"].dt.strftime("%Y-%m-%d %H:%M %Z").tolist() == ["2026-03-01 12:00 UTC"]


def test_an_empty_router_is_healthy_and_follows(service: Service) -> None:
    with service.serving() as router:
        assert router.ping()["versions"] == {}
        status, answer = router.predict()
        assert (status, answer["error"]["code"]) == (503, "no-model")
        version = service.add_version(value=3.0)
        router.follow(service.release({version: 1.0}))
        assert router.predict()[1]["predictions"][0]["prediction"] == 3.0


def test_shadows_answer_under_the_same_id_and_are_never_seen(service: Service) -> None:
    old, new = service.add_version(value=1.0), service.add_version(value=2.0)
    service.release({old: 1.0}, champion=old, candidate=new, shadow={new: 1.0})
    with service.serving() as router:
        answers = [router.predict()[1]["predictions"][0] for _ in range(5)]
        assert {one["version"] for one in answers} == {old}
        router.wait(lambda: router.ping()["versions"][str(new)] == "ready")
        answers += [router.predict()[1]["predictions"][0] for _ in range(5)]
        router.process.send_signal(signal.SIGUSR1)
        assert router.stop() == 0
    rows = service.log.requests(0, 4e9)
    served, shadow = rows[rows.role == "served"], rows[rows.role == "shadow"]
    assert sorted(served.id) == sorted(one["id"] for one in answers)
    assert {one["id"] for one in answers[5:]} <= set(shadow.id)
    assert set(shadow.prediction) == {2.0}
    assert set(rows["row"]) == {served["row"].iloc[0]}


def test_rows_of_csv_are_read_as_the_data_stage_reads_them(service: Service) -> None:
    service.target = "bool"
    service.release({service.add_version("Classes", "binary"): 1.0})
    with service.serving() as router:
        header = ",".join(ROW)
        body = f"{header},hum\n2026-03-01 12:00,3,true,mist,0.25,\n2026-03-01 12:00,18,0,rain,1,0.5\n"
        status, answer = router.predict(body, {"Content-Type": "text/csv"})
        assert status == 200
        assert [one["prediction"] for one in answer["predictions"]] == [False, True]
        assert answer["predictions"][0]["probabilities"] == {"false": 0.875, "true": 0.125}


def test_no_request_is_lost_or_wrong_while_weights_change_100_times(service: Service) -> None:
    old, new = service.add_version(value=1.0), service.add_version(value=2.0)
    service.release({old: 1.0, new: 0.0}, champion=old, candidate=new)
    values = {old: 1.0, new: 2.0}
    answers: list[tuple[str, int, dict[str, Any]]] = []
    is_over = threading.Event()

    def ask(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", router.port, timeout=60)
        while not is_over.is_set():
            key = f"{client}-{len(answers) % 200}"
            headers = {"Content-Type": "application/json", "X-Assign-Key": key}
            connection.request("POST", "/predict", json.dumps(ROW), headers)
            response = connection.getresponse()
            answers.append((key, response.status, json.loads(response.read())))
        connection.close()

    with service.serving() as router:
        asking = [threading.Thread(target=ask, args=(client,)) for client in range(3)]
        for one in asking:
            one.start()
        for change in range(100):
            share = (change * 37 % 101) / 100
            last = service.release({old: 1 - share, new: share}, champion=old, candidate=new)
            router.process.send_signal(signal.SIGUSR1)
            if change % 5 == 0:
                router.follow(last)
        router.follow(last)
        is_over.set()
        for one in asking:
            one.join()
        assert router.stop() == 0
    records = ReleaseLog(service.deployment.store, service.deployment.log).records()
    secret = log_secret(service.folder)
    assert len({answer["sequence"] for _, _, answer in answers}) > 20
    for key, status, answer in answers:
        assert status == 200
        (prediction,) = answer["predictions"]
        state = state_of(records[: answer["sequence"]])
        assert prediction["version"] == version_for(state, unit_of(secret, key))
        assert prediction["prediction"] == values[prediction["version"]]
    rows = service.log.requests(0, 4e9)
    logged = rows.set_index("id")[["version", "sequence"]].to_dict("index")
    for _, _, answer in answers:
        (prediction,) = answer["predictions"]
        assert logged[prediction["id"]] == {"version": prediction["version"], "sequence": answer["sequence"]}
    assert len(rows) == len(answers)


def test_a_unit_that_has_moved_to_the_candidate_stays_there(service: Service) -> None:
    service.settings = {"assign": "customer"}
    old, new = service.add_version(value=1.0), service.add_version(value=2.0)
    service.release({old: 0.95, new: 0.05}, champion=old, candidate=new)
    rows = [{**ROW, "customer": number} for number in range(400)]
    moved: set[int] = set()
    with service.serving() as router:
        for share in (0.05, 0.25, 0.5, 1.0):
            router.follow(service.release({old: 1 - share, new: share}, champion=old, candidate=new))
            status, answer = router.predict({"rows": rows, "row_ids": [str(number) for number in range(400)]})
            assert status == 200
            there = {place for place, one in enumerate(answer["predictions"]) if one["version"] == new}
            assert moved <= there
            assert abs(len(there) / 400 - share) < 0.1
            moved = there
        assert router.stop() == 0
    logged = service.log.requests(0, 4e9)
    assert "x.customer" not in logged
    assert logged["row"].nunique() == logged["unit"].nunique() == 400


def test_feedback_is_taken_before_its_prediction_is_flushed_and_by_another_router(service: Service) -> None:
    service.release({service.add_version(value=1.0): 1.0})
    with service.serving() as first, service.serving() as second:
        prediction = first.predict()[1]["predictions"][0]["id"]
        assert second.ask("POST", "/feedback", {"id": prediction, "y": 6})[1] == {"accepted": 1, "repeated": 0}
        assert second.stop() == 0
        assert first.stop() == 0
    assert service.log.labelled(0, 4e9)["y"].tolist() == [6.0]


def test_a_version_of_another_lock_runs_in_an_environment_made_from_it(service: Service) -> None:
    (service.folder / "requirements.txt").write_text("six==1.17.0\n")
    here = lock_of(service.folder)
    artefact = service.deployment.store.get_object(service.models[service.add_version(value=1.0)].artefact)
    same = service.add_artefact(artefact, lock={"requirements.txt": here}, lock_text=None)
    text = b"six==1.16.0\nno-such-package-at-all==9\n"
    other = service.add_artefact(
        artefact,
        lock={"requirements.txt": hashlib.sha256(text).hexdigest()},
        lock_text=service.deployment.store.put_object(text),
    )
    unknown = service.add_artefact(artefact, lock={"requirements.txt": "0" * 64})
    service.release({same: 0.4, unknown: 0.3, other: 0.3}, champion=same, candidate=other)
    with service.serving(seconds=300) as router:
        assert router.ping()["versions"] == {str(same): "ready", str(other): "failed", str(unknown): "ready"}
        told = "\n".join(router.said)
        assert f"version {unknown} was trained under another lock, of which there is no text" in told
        assert f"version {other}: `pip install -r requirements.txt` has failed: ERROR: " in told
        assert "no-such-package-at-all" in told
        assert router.stop() == 0
    assert not list((service.folder / ".mlops" / "venvs").iterdir())


def test_an_environment_that_was_made_is_used_again(service: Service) -> None:
    artefact = service.deployment.store.get_object(service.models[service.add_version(value=1.0)].artefact)
    text = b"six==1.16.0\n"
    digest = hashlib.sha256(text).hexdigest()
    kept = service.deployment.store.put_object(text)
    version = service.add_artefact(artefact, lock={"requirements.txt": digest}, lock_text=kept)
    folder = service.folder / ".mlops" / "venvs" / f"{digest[:16]}-{sys.version_info.major}.{sys.version_info.minor}"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "here.pth").write_text(f"{Path(pd.__file__).parents[1]}\n")
    service.release({version: 1.0})
    with service.serving() as router:
        assert router.predict()[0] == 200
        (worker,) = (one for one in Path("/proc").glob("[0-9]*/cmdline") if str(folder).encode() in read(one))
        assert b"serve.worker" in read(worker)


def read(path: Path) -> bytes:
    """The bytes of a file; nothing if it is gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
