"""Requests that are not as they should be: each is told what is wrong and where, and none reaches a model."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from serve.service import ROW, Running, Service

HEAD = b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    service = Service(tmp_path_factory.mktemp("requests"), settings={"routes": ["/v1/bikers"]})
    service.release({service.add_version(value=4.0): 1.0})
    with service.serving() as running:
        yield running


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ROW.items() if key != name}


@pytest.mark.parametrize(
    ("row", "code", "column", "told"),
    [
        (without("temp"), "missing-column", "temp", "row 1 has no column `temp`"),
        ({**without("temp"), "tmep": 0.5}, "missing-column", "temp", "did you mean it by `tmep`?"),
        ({**ROW, "temp": None}, "missing-value", "temp", "is missing"),
        ({**ROW, "wind": 3}, "extra-column", "wind", "which the schema does not declare"),
        ({**ROW, "humm": 3}, "extra-column", "humm", "did you mean `hum`?"),
        ({**ROW, "casual": 3}, "extra-column", "casual", "which is known only later"),
        ({**ROW, "bikers": 3}, "extra-column", "bikers", "which is known only later"),
        ({**ROW, "temp": "warm"}, "wrong-type", "temp", '`"warm"`, which is no `float`'),
        ({**ROW, "temp": "0.5"}, "wrong-type", "temp", "expected a finite number"),
        ({**ROW, "hr": 8.5}, "wrong-type", "hr", "which is no `int`"),
        ({**ROW, "hr": True}, "wrong-type", "hr", "which is no `int`"),
        ({**ROW, "hr": 10**30}, "wrong-type", "hr", "which is no `int`"),
        ({**ROW, "workingday": "yes"}, "wrong-type", "workingday", "which is no `bool`"),
        ({**ROW, "workingday": 2}, "wrong-type", "workingday", "which is no `bool`"),
        ({**ROW, "weathersit": ["clear"]}, "wrong-type", "weathersit", "which is no `category`"),
        ({**ROW, "weathersit": "hail"}, "unknown-value", "weathersit", 'not in ["clear", "mist", "rain"]'),
        ({**ROW, "hr": 24}, "out-of-range", "hr", "which is not in 0..23"),
        ({**ROW, "temp": -0.1}, "out-of-range", "temp", "which is not in 0..1"),
        ({**ROW, "temp": float("nan")}, "not-finite", "temp", "is `NaN`"),
        ({**ROW, "temp": float("inf")}, "not-finite", "temp", "is `Infinity`"),
        ({**ROW, "hum": float("nan")}, "not-finite", "hum", "send null for a value that is missing"),
        ({**ROW, "at": "someday"}, "wrong-type", "at", "expected a timestamp"),
        ({**ROW, "at": "2026-02-30T12:00"}, "wrong-type", "at", "expected a timestamp"),
        ({**ROW, "at": 1767225600}, "wrong-type", "at", "expected a timestamp"),
        ({**ROW, "day": "2026-01-01T12:00"}, "wrong-type", "day", "expected a date"),
        ({**ROW, "city": "\ud800"}, "wrong-type", "city", "which is no `category`"),
        ({**ROW, "rider": {"name": "Anna"}}, "wrong-type", "rider", "is ***"),
        ([ROW, {**ROW, "hr": 99}], "out-of-range", "hr", "in row 2"),
        ([ROW, 3], "wrong-type", None, "row 2 is no object"),
    ],
)
def test_a_row_that_breaks_the_schema_is_told_with_its_column(
    router: Running, row: Any, code: str, column: str | None, told: str
) -> None:
    status, answer = router.predict(row)
    error = answer["error"]
    assert (status, error["code"], error.get("column")) == (422, code, column)
    assert told in f"{error['message']}: {error['hint']}"
    assert "Anna" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (ROW, 4.0),
        ({**ROW, "hum": None, "city": None, "day": None}, 4.0),
        ({**ROW, "city": "never seen", "customer": 17, "rider": "Anna"}, 4.0),
        ({**ROW, "hr": 8.0, "temp": 1, "workingday": 0}, 4.0),
        ({**ROW, "at": "2026-03-01T12:00:00+02:00", "day": "2026-03-01"}, 4.0),
    ],
)
def test_a_row_may_be_written_in_several_ways(router: Running, row: Any, expected: float) -> None:
    status, answer = router.predict(row)
    assert status == 200, answer
    assert [one["prediction"] for one in answer["predictions"]] == [expected]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("", "application/json", 400, "empty-body"),
        ("   ", "application/json", 400, "empty-body"),
        ('{"hr": 8', "application/json", 400, "bad-json"),
        (b"\xff\xfe\x00", "application/json", 400, "bad-json"),
        ("[" * 100_000, "application/json", 400, "bad-json"),
        ("3" * 5_000, "application/json", 400, "bad-json"),
        ("3", "application/json", 400, "bad-request"),
        ("[]", "application/json", 400, "no-rows"),
        ('{"rows": []}', "application/json", 400, "no-rows"),
        (json.dumps({"rows": [ROW], "row_ids": ["a", "b"]}), "application/json", 400, "bad-request"),
        (json.dumps([ROW] * 10_001), "application/json", 413, "too-many-rows"),
        ("hr,temp\n" + "1,0.5\n" * 10_001, "text/csv", 413, "too-many-rows"),
        ("hr,temp\n1\n", "text/csv", 400, "bad-csv"),
        ('hr,temp\n1,"0.5\n', "text/csv", 400, "bad-csv"),
        ("hr,hr\n1,2\n", "text/csv", 422, "extra-column"),
        ("hr,temp\n", "text/csv", 400, "no-rows"),
        (json.dumps(ROW), "text/plain", 415, "wrong-content-type"),
        (json.dumps(ROW), "application/x-www-form-urlencoded", 415, "wrong-content-type"),
    ],
)
def test_a_body_that_cannot_be_read_is_told(
    router: Running, body: str | bytes, kind: str, status: int, code: str
) -> None:
    found, answer = router.predict(body, {"Content-Type": kind})
    assert (found, answer["error"]["code"]) == (status, code)
    assert answer["error"]["hint"]


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_a_body_of_50_mb_is_refused_before_it_is_read(router: Running) -> None:
    with socket.create_connection(("127.0.0.1", router.port), timeout=30) as connection:
        connection.sendall(HEAD + b"Content-Length: 50000000\r\n\r\n[")
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"body-too-large" in answer


def test_a_body_without_a_length_is_read_up_to_the_limit(router: Running) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", router.port), timeout=30) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        with suppress(BrokenPipeError, ConnectionResetError):
            while sent < 50_000_000:
                connection.sendall(b"186a0\r\n" + b" " * 100_000 + b"\r\n")
                sent += 100_000
        answer = received(connection)
    assert sent < 50_000_000
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_body_of_50_mb_from_a_client_that_sends_all_first_is_answered(router: Running) -> None:
    with socket.create_connection(("127.0.0.1", router.port), timeout=30) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(HEAD + b"Content-Length: 50000000\r\n\r\n" + b" " * 50_000_000)
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 413")
    status, told = router.predict(b" " * 11_000_000)
    assert (status, told["error"]["code"]) == (413, "body-too-large")


def test_a_compressed_body_is_refused(router: Running) -> None:
    status, answer = router.predict(b"\x1f\x8b", {"Content-Encoding": "gzip"})
    assert (status, answer["error"]["code"]) == (415, "wrong-content-type")


def test_feedback_that_is_not_as_it_should_be_is_refused_whole(router: Running) -> None:
    known = router.predict([ROW] * 3)[1]["predictions"]
    good = {"id": known[0]["id"], "y": 5}
    cases: list[tuple[Any, int, str]] = [
        ([good, {"id": "0" * 40, "y": 5}], 404, "unknown-prediction"),
        ({"id": "ünknown", "y": 5}, 404, "unknown-prediction"),
        ([good, {"id": known[1]["id"]}], 422, "bad-feedback"),
        ([good, {"id": known[1]["id"], "y": None}], 422, "missing-value"),
        ([good, {"id": known[1]["id"], "y": "many"}], 422, "wrong-type"),
        ([good, {"id": known[1]["id"], "y": float("nan")}], 422, "not-finite"),
        ([good, {"id": known[1]["id"], "y": -1}], 422, "out-of-range"),
        ([], 400, "no-rows"),
        ("", 400, "empty-body"),
    ]
    for body, status, code in cases:
        found, answer = router.ask("POST", "/feedback", body)
        assert (found, answer["error"]["code"]) == (status, code), answer
    assert "`000000" in router.ask("POST", "/feedback", {"id": "0" * 40, "y": 5})[1]["error"]["message"]
    assert router.ask("POST", "/feedback", {"feedback": [good]}) == (200, {"accepted": 1, "repeated": 0})
    twice = [{"id": known[2]["id"], "y": 1}, {"id": known[2]["id"], "y": 2}, good]
    assert router.ask("POST", "/feedback", twice) == (200, {"accepted": 1, "repeated": 2})


def test_other_paths_and_methods_are_told(router: Running) -> None:
    assert router.ask("GET", "/predict")[1]["error"]["code"] == "wrong-method"
    assert router.ask("GET", "/nothing")[1]["error"]["code"] == "no-such-path"
    assert router.ask("POST", "/v1/bikers", ROW)[1]["predictions"][0]["prediction"] == 4.0


def test_the_envelope_says_what_is_meant(router: Running) -> None:
    status, answer = router.ask("POST", "/invocations", {"op": "predict", "rows": [ROW], "key": "anna"})
    assert status == 200
    told = {"op": "feedback", "feedback": [{"id": answer["predictions"][0]["id"], "y": 4}]}
    assert router.ask("POST", "/invocations", told) == (200, {"accepted": 1, "repeated": 0})
    assert router.ask("POST", "/invocations", {"rows": [ROW]})[0] == 400
    assert router.ask("POST", "/invocations", {"op": "predict", "rows": [without("hr")]})[1]["error"]["column"] == "hr"


def test_the_description_holds_for_what_is_sent_and_answered(router: Running) -> None:
    status, described = router.ask("GET", "/openapi.json")
    assert status == 200
    assert set(described["paths"]) >= {"/predict", "/v1/bikers", "/feedback", "/invocations", "/ping", "/metrics"}

    def check(name: str, value: Any) -> None:
        schema = {**described, "$ref": f"#/components/schemas/{name}"}
        jsonschema.Draft202012Validator(schema).validate(value)

    check("Row", ROW)
    check("Answers", router.predict()[1])
    check("Error", router.predict({})[1])
    for wrong in (without("hr"), {**ROW, "hr": 24}, {**ROW, "wind": 1}, {**ROW, "weathersit": "hail"}):
        with pytest.raises(jsonschema.ValidationError):
            check("Row", wrong)


def test_what_is_refused_is_counted_and_is_no_row(router: Running, tmp_path: Path) -> None:
    def counted() -> float:
        lines = router.ask("GET", "/metrics")[1].splitlines()
        return float(next(one for one in lines if one.startswith("mlopsc_invalid_requests_total")).split()[-1])

    before = counted()
    router.predict({})
    assert counted() == before + 1
    assert 'mlopsc_release_sequence{environment="prod",release="api"} 1.0' in router.ask("GET", "/metrics")[1]
    assert not list(tmp_path.iterdir())


def test_the_page_shows_what_is_served_and_loads_nothing(router: Running) -> None:
    status, page = router.ask("GET", "/")
    assert status == 200
    assert "<h1>api <small>in prod</small></h1>" in page
    assert "ready" in page
    assert not any(word in page for word in ("http://", "https://", "src=", "<link", "@import", "url("))
