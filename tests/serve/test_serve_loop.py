"""A router and the release that it follows."""

from __future__ import annotations

import signal

from serve.service import ROW, Service


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
