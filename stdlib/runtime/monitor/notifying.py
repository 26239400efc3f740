"""`notify(…)`: an address gets mail, a URL a POST with JSON, and anything else is a command that reads JSON."""

from __future__ import annotations

import json
import os
import shlex
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from email.message import EmailMessage
from email.utils import formatdate
from hashlib import sha256
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from mlopsc.stdlib.runtime.credentials import without_credentials
from mlopsc.stdlib.runtime.monitor.journal import Record
from mlopsc.stdlib.runtime.monitor.outcomes import Outcome
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError

SERVER = "MLOPSC_SMTP"
"""The mail server as a URL: `smtp://user:password@host:587` (TLS where it is offered), `smtps://…` for TLS at once."""
SENDER = "MLOPSC_MAIL_FROM"
"""The address that mail comes from."""
_SECONDS = 30.0
_COMMAND_SECONDS = 300.0
_TAIL = 500


def notify(deployment: Deployment, to: str, event: Record, key: str) -> Outcome:
    """Tell somebody of an event; `key` is the same when it is told again, so that a receiver can drop the second.

    Raises OperationError when it does not arrive.
    """
    message = message_of(deployment, event, key)
    if to.startswith(("http://", "https://")):
        return _post(to, message)
    if "@" in to and " " not in to and "/" not in to:
        return _mail(to, message)
    return _call(deployment, to, message)


def message_of(deployment: Deployment, event: Record, key: str) -> dict[str, Any]:
    """What is told of an event, as JSON; `text` is one line for people."""
    line = (
        f"[{deployment.document['name']} {deployment.environment}] {event['category']}: `{event['watch']}`: "
        f"{event['text']}"
    )
    about = {"pipeline": deployment.document["name"], "environment": deployment.environment}
    told = ("id", "watch", "category", "at", "window", "evidence")
    return {"text": line, "key": key, **about, "release": deployment.name, **{name: event[name] for name in told}}


def _mail(to: str, message: dict[str, Any]) -> Outcome:
    server = os.environ.get(SERVER)
    if not server:
        raise OperationError(f"no mail can be sent to `{to}`: `{SERVER}` is not set", f"set it, as in `{_EXAMPLE}`")
    parts = _server_of(server)
    mail = _mail_of(to, message, parts)
    try:
        with _connected(parts) as connection:
            connection.send_message(mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        hint = f"check `{SERVER}`; the next look tries again"
        where = f"{parts.hostname}:{_port(parts)}"
        raise OperationError(f"mail to `{to}` by `{where}` was not sent: {error}", hint) from error
    return Outcome("sent", f"mail to {to}", {"message_id": str(mail["Message-ID"])})


_EXAMPLE = "smtp://user:password@mail.example.com:587"


def _server_of(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_server = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_server = False
    if not is_server:
        raise OperationError(f"`{SERVER}` names no mail server", f"write it as `{_EXAMPLE}`")
    return parts


def _mail_of(to: str, message: dict[str, Any], server: SplitResult) -> EmailMessage:
    sender = os.environ.get(SENDER) or f"mlopsc@{server.hostname}"
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Date"] = sender, to, formatdate()
    mail["Subject"] = " ".join(message["text"].split())[:200]
    # The same for the same event, so that a repeated mail is known as such.
    mail["Message-ID"] = f"<{sha256(message['key'].encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"
    mail.set_content(f"{message['text']}\n\n{json.dumps(message, indent=1, ensure_ascii=False)}\n")
    return mail


def _connected(parts: SplitResult) -> smtplib.SMTP:
    host, port = str(parts.hostname), _port(parts)
    if parts.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=ssl.create_default_context())
    else:
        connection = smtplib.SMTP(host, port, timeout=_SECONDS)
        connection.ehlo()
        if connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
    if parts.username:
        connection.login(unquote(parts.username), unquote(parts.password or ""))
    return connection


def _port(parts: SplitResult) -> int:
    return parts.port or (465 if parts.scheme == "smtps" else 25)


def _post(url: str, message: dict[str, Any]) -> Outcome:
    headers = {"Content-Type": "application/json", "Idempotency-Key": message["key"], "User-Agent": "mlopsc"}
    request = urllib.request.Request(url, json.dumps(message).encode(), headers, method="POST")
    shown = without_credentials(url)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            return Outcome(
                "sent", f"POST to {urlsplit(shown).hostname}: {response.status}", {"status": response.status}
            )
    except urllib.error.HTTPError as error:
        fact = f"`{urlsplit(shown).hostname}` answered {error.code} to a notification"
        raise OperationError(fact, "check the URL; the next look tries again") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        fact = f"`{urlsplit(shown).hostname}` could not be reached: {reason}"
        raise OperationError(fact, "check the URL; the next look tries again") from error


def _call(deployment: Deployment, command: str, message: dict[str, Any]) -> Outcome:
    try:
        words = shlex.split(command)
        done = subprocess.run(
            words,
            input=json.dumps(message).encode(),
            cwd=deployment.project,
            capture_output=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise OperationError(f"`{command}` could not be run: {error}", "correct the command") from error
    if done.returncode:
        tail = done.stderr.decode(errors="replace").strip()[-_TAIL:]
        raise OperationError(f"`{command}` ended with {done.returncode}{': ' if tail else ''}{tail}", "see to it")
    return Outcome("sent", f"`{command}` ended with 0")
