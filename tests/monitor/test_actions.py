"""What events do: mail, webhooks, commands, functions, retraining and rollback, within cooldown and limit."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pandas as pd
import pytest
from aiosmtpd.controller import Controller
from monitored import BEGIN, DAY, Service, write_rows

from mlopsc.stdlib.runtime.release.state import ReleaseLog
from mlopsc.stdlib.runtime.store.log import Log

MakeService = Callable[..., Service]
AGE = "watch age(hours) <= 2d"
QUALITY = "watch mae(feedback) <= 40 over 7d lag 1d, alarms <= 1 / 90d"
RETRAIN = "on quality do retrain(forecast, refresh = hours, cooldown = 7d,"


class Mailbox:
    """Keeps the mail that a server is given."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 (aiosmtpd's)
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server that the monitor sends to."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=0)
    with _started(controller) as port:
        monkeypatch.setenv("MLOPSC_SMTP", f"smtp://127.0.0.1:{port}")
        monkeypatch.setenv("MLOPSC_MAIL_FROM", "monitor@example.com")
        yield box


@contextmanager
def _started(controller: Controller) -> Iterator[int]:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        controller.port = free.getsockname()[1]
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[tuple[Mapping[str, str], Any]]]]:
    """A server that keeps what is posted to it."""
    posted: list[tuple[Mapping[str, str], Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((dict(self.headers), json.loads(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", posted
        finally:
            server.shutdown()
            thread.join()


def states(service: Service) -> list[tuple[str, str]]:
    """Every action record as action and state."""
    return [(one["action"], one["state"]) for one in service.records() if one["kind"] == "action"]


def bad_week(service: Service, week: int = 0) -> float:
    """Serve a week in which the truth has moved; when a look finds that."""
    start = BEGIN + week * 7 * DAY
    service.serve(start, start + 7 * DAY, truth=lambda true: true + 60)
    return start + 8 * DAY


def test_an_event_is_mailed_once(make_service: MakeService, mailbox: Mailbox) -> None:
    service = make_service(f'{AGE}\non freshness do notify("ops@example.com")')
    service.look(BEGIN + 3 * DAY)
    service.look(BEGIN + 4 * DAY)
    (mail,) = mailbox.mails
    assert mail.rcpt_tos == ["ops@example.com"]
    assert mail.mail_from == "monitor@example.com"
    text = mail.content.decode()
    assert "Subject: [orders prod] freshness: `watch age(hours)`" in text.replace("\r\n ", " ")
    assert "Message-ID: <" in text
    assert states(service) == [("notify(ops@example.com)", "claimed"), ("notify(ops@example.com)", "done")]


def test_mail_that_cannot_be_sent_is_tried_by_later_looks(make_service: MakeService, monkeypatch: Any) -> None:
    monkeypatch.delenv("MLOPSC_SMTP", raising=False)
    service = make_service(f'{AGE}\non freshness do notify("ops@example.com")')
    for day in range(3, 9):
        service.look(BEGIN + day * DAY)
    assert [state for _, state in states(service)] == ["claimed", "failed"] * 3
    failed = [one for one in service.records() if one.get("state") == "failed"]
    assert "`MLOPSC_SMTP` is not set" in failed[0]["reason"]


@pytest.mark.parametrize(
    "server", ["mail.example.com:25", "smtp://", "smtp://host:port", "smtp://u:secret@127.0.0.1:1"]
)
def test_a_mail_server_that_is_none_is_told_without_its_password(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    monkeypatch.setenv("MLOPSC_SMTP", server)
    service = make_service(f'{AGE}\non freshness do notify("ops@example.com")')
    service.look(BEGIN + 3 * DAY)
    failed = service.records()[-1]
    assert failed["state"] == "failed"
    assert "MLOPSC_SMTP" in failed["reason"]
    assert "secret" not in failed["reason"]


def test_a_webhook_gets_json_and_a_key_to_know_repetitions(make_service: MakeService) -> None:
    with webhook() as (url, posted):
        service = make_service(f'{AGE}\non freshness do notify("{url}")')
        service.look(BEGIN + 3 * DAY)
    ((headers, body),) = posted
    assert body["category"] == "freshness"
    assert body["release"] == "api"
    assert body["evidence"]["limit"] == 2 * DAY
    assert headers["Idempotency-Key"] == body["key"]
    assert "hook" not in str(service.records())  # a webhook's path may be a secret


def test_a_webhook_that_refuses_is_told_again_with_the_same_key(make_service: MakeService) -> None:
    with webhook(503) as (url, posted):
        service = make_service(f'{AGE}\non freshness do notify("{url}")')
        service.look(BEGIN + 3 * DAY)
        service.look(BEGIN + 4 * DAY)
    assert len({headers["Idempotency-Key"] for headers, _ in posted}) == 1
    assert len(posted) == 2
    assert "answered 503" in service.records()[-1]["reason"]


def test_commands_scripts_and_functions_get_the_event(make_service: MakeService) -> None:
    script = "import sys, pathlib\npathlib.Path('script.json').write_text(sys.stdin.read())\n"
    function = "import json, pathlib\n\n\ndef note(event):\n    pathlib.Path('called').write_text(event['category'])\n"
    rules = f'{AGE}\non freshness do [notify("tee told.json"), run("script.py"), run("hooks.py:note")]'

    service = make_service(rules, script__py=script, hooks__py=function)
    service.look(BEGIN + 3 * DAY)
    assert json.loads((service.project / "told.json").read_text())["watch"] == "watch age(hours)"
    assert json.loads((service.project / "script.json").read_text())["watch"] == "watch age(hours)"
    assert (service.project / "called").read_text() == "freshness"
    assert [state for _, state in states(service)] == ["claimed", "done"] * 3


def test_a_command_that_fails_says_why(make_service: MakeService) -> None:
    service = make_service(f"{AGE}\non freshness do notify(\"sh -c 'echo no such page >&2; exit 3'\")")
    result = service.look(BEGIN + 3 * DAY)
    assert result.actions[-1]["state"] == "failed"
    assert "ended with 3: no such page" in result.actions[-1]["reason"]


def test_cooldown_skips_what_comes_too_soon(make_service: MakeService) -> None:
    service = make_service(f'{AGE}\non freshness do notify("true", cooldown = 10d)')
    service.look(BEGIN + 3 * DAY)
    write_rows(service.project, BEGIN + 5 * DAY)
    service.look(BEGIN + 5 * DAY)
    service.look(BEGIN + 8 * DAY)
    write_rows(service.project, BEGIN + 10 * DAY)
    service.look(BEGIN + 10 * DAY)
    service.look(BEGIN + 13.5 * DAY)
    assert [state for _, state in states(service)] == ["claimed", "done", "skipped", "claimed", "done"]
    skipped = next(one for one in service.records() if one.get("state") == "skipped")
    assert "within the cooldown of 10d" in skipped["reason"]


def test_a_retraining_makes_a_version_that_the_gate_has_passed(make_service: MakeService) -> None:
    service = make_service(f"{QUALITY}\n{RETRAIN} limit = 4 / 30d)")
    at = bad_week(service)
    write_rows(service.project, at)
    service.look(at)
    done = service.records()[-1]
    assert (done["state"], done["outcome"], done["evidence"]["version"]) == ("done", "passed", 2)
    assert len(Log(service.deployment.store, service.deployment.versions).read()) == 2
    # The version is on its way: that the next window is as bad is no reason to train again.
    service.look(bad_week(service, 1))
    assert len([state for _, state in states(service) if state == "claimed"]) == 1


def test_a_retraining_without_new_rows_is_an_event_and_does_not_count(make_service: MakeService) -> None:
    service = make_service(f'{QUALITY}\n{RETRAIN} limit = 1 / 30d)\non nothing_new do notify("true")')
    service.look(bad_week(service))
    event = next(one for one in service.records() if one.get("category") == "nothing_new")
    assert event["kind"] == "event"
    assert "`hours` has no new rows" in event["text"]
    assert states(service)[-2:] == [("notify(true)", "claimed"), ("notify(true)", "done")]
    # It goes on, rows have come, and the limit of one was not used up.
    at = bad_week(service, 1)
    write_rows(service.project, at)
    service.look(at)
    assert [one["outcome"] for one in service.records() if "outcome" in one] == ["nothing_new", "sent", "passed"]


def test_a_limit_ends_the_retrainings_of_a_gate_that_fails(make_service: MakeService) -> None:
    def wild(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(orders=rows["orders"] * (1 + 4 * (rows.index % 2)))

    service = make_service(f"{QUALITY}\n{RETRAIN} limit = 2 / 90d)")
    for week in range(4):
        at = bad_week(service, week)
        write_rows(service.project, at, change=wild)
        service.look(at)
    ended = [one for one in service.records() if "outcome" in one]
    assert [one["outcome"] for one in ended] == ["failed", "failed"]
    assert "the gate failed: `require mae(test) <= 40 at 95%`" in ended[0]["reason"]
    assert [one["round"] for one in ended] == [0, 1]


def test_a_rollback_is_done_once(make_service: MakeService) -> None:
    service = make_service(f"{QUALITY}\n{RETRAIN} limit = 4 / 30d)")
    at = bad_week(service)
    write_rows(service.project, at)
    service.look(at)
    service.release(2, at)
    service.change_rules(f"{QUALITY} as good\non good do rollback()")
    result = service.look(bad_week(service, 1))
    assert result.actions[-1]["outcome"] == "rolled_back"
    log = ReleaseLog(service.deployment.store, service.deployment.log)
    assert log.state().champion == 1
    assert log.records()[-1]["rule"] == "good"
    service.look(BEGIN + 16 * DAY)
    assert [one["kind"] for one in log.records()].count("rollback") == 1


def test_without_acting_events_wait_for_the_next_look(make_service: MakeService) -> None:
    service = make_service(f'{AGE}\non freshness do notify("true")')
    assert service.look(BEGIN + 3 * DAY, act=False).actions == ()
    assert [one["state"] for one in service.look(BEGIN + 3 * DAY).actions] == ["claimed", "done"]


def test_no_model_is_an_event(make_service: MakeService) -> None:
    from dataclasses import replace

    from mlopsc.stdlib.runtime.release.state import Change

    service = make_service(f'{AGE}\non no_model do notify("true")')
    service.look(BEGIN + DAY)
    log = ReleaseLog(service.deployment.store, service.deployment.log)
    log.append(lambda state, _: Change("rollback", replace(state, weights={}, champion=None), "tester", "none left"))
    (event,) = service.look(BEGIN + 1.5 * DAY).events
    assert event["category"] == "no_model"
    assert service.look(BEGIN + 1.6 * DAY).events == ()
    assert states(service) == [("notify(true)", "claimed"), ("notify(true)", "done")]
