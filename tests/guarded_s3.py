"""An S3 that lets in whom the emitted policies let in, as our evaluator reads them, and notes what was asked.

In front of moto, because moto knows no conditions. The access key names the identity; ADMIN may do everything.
What moto does not tell apart is done here: a key that is not there is 403 to whoever may not list the bucket.
"""

from __future__ import annotations

import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote

from mlopsc.targets.terraform.aws.evaluation import Account

ADMIN = "testing"
_KEY = re.compile(r"Credential=([^/]+)/")
_DENIED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'


@dataclass(frozen=True)
class Asked:
    """One thing that somebody wanted to do with the bucket, as S3 calls it, and whether he may."""

    identity: str
    action: str
    key: str
    context: Mapping[str, str]
    allowed: bool
    because: str

    def __str__(self) -> str:
        return f"{self.identity} {self.action} {self.key} {dict(self.context)}: {self.because}"


@dataclass
class Guard:
    """A WSGI application before another: asks the account of each request, and notes it in `asked`."""

    application: Callable[..., Iterable[bytes]]
    account: Account
    region: str
    key_of: Mapping[str, str]
    """The ARN of the key that a bucket is encrypted with, by the bucket's name."""
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        identity = _identity(environ)
        if identity == ADMIN:
            return self.application(environ, start)
        bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
        wanted = list(_wanted(environ, key, environ.get("QUERY_STRING", "")))
        decided = [self._ask(identity, bucket, *one) for one in wanted]
        if not decided or not all(decided):
            return _refuse(environ, start)
        is_object = bool(key) and environ["REQUEST_METHOD"] in ("GET", "HEAD")
        if is_object and not self._sees(identity, bucket):
            return self._without_missing(environ, start)
        return self.application(environ, start)

    def _ask(self, identity: str, bucket: str, action: str, key: str, context: Mapping[str, str]) -> bool:
        arn = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
        decision = self.account.decide(identity, action, arn, context)
        self.asked.append(Asked(identity, action, key, context, decision.allowed, decision.because))
        return decision.allowed and self._opens(identity, bucket, action)

    def _opens(self, identity: str, bucket: str, action: str) -> bool:
        """Whether it may use the bucket's key as S3 does for it."""
        needed = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}.get(action)
        if needed is None or bucket not in self.key_of:
            return True
        by_s3 = {"kms:ViaService": f"s3.{self.region}.amazonaws.com"}
        decision = self.account.decide(identity, needed, self.key_of[bucket], by_s3)
        self.asked.append(Asked(identity, needed, "", {}, decision.allowed, decision.because))
        return decision.allowed

    def _sees(self, identity: str, bucket: str) -> bool:
        return self.account.decide(identity, "s3:ListBucket", f"arn:aws:s3:::{bucket}").allowed

    def _without_missing(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        said: list[Any] = []
        answer = self.application(environ, lambda *all_: said.append(all_) or (lambda _: None))
        if said[0][0].startswith("404"):
            return _refuse(environ, start)
        start(*said[0])
        return answer


def _refuse(environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    body = b"" if environ["REQUEST_METHOD"] == "HEAD" else _DENIED
    start("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


def _identity(environ: Mapping[str, Any]) -> str:
    match = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
    assert match, "every request is signed"
    return match[1]


def _wanted(environ: dict[str, Any], key: str, query: str) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """The actions that a request needs; none of one that is not known here, which is then refused."""
    said = parse_qs(query, keep_blank_values=True)
    method = environ["REQUEST_METHOD"]
    once = {"s3:if-none-match": environ["HTTP_IF_NONE_MATCH"]} if "HTTP_IF_NONE_MATCH" in environ else {}
    match method, bool(key):
        case (("GET" | "HEAD"), True):
            yield "s3:GetObject", key, {}
        case (("GET" | "HEAD"), False):
            prefix = {"s3:prefix": said["prefix"][0]} if "prefix" in said else {}
            yield "s3:ListBucket", "", prefix
        case "PUT", True:
            yield "s3:PutObject", key, once
            if source := unquote(environ.get("HTTP_X_AMZ_COPY_SOURCE", "")):
                yield "s3:GetObject", source.lstrip("/").partition("/")[2], {}
        case "POST", True:
            yield "s3:PutObject", key, once
        case "POST", False if "delete" in said:
            for one in _keys_of(environ):
                yield "s3:DeleteObject", one, {}
        case "DELETE", True:
            yield "s3:AbortMultipartUpload" if "uploadId" in said else "s3:DeleteObject", key, {}


def _keys_of(environ: dict[str, Any]) -> list[str]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return [one.text or "" for one in ET.fromstring(body).iter() if one.tag.rpartition("}")[2] == "Key"]


@contextmanager
def guarded_s3(account: Account, region: str, key_of: Mapping[str, str]) -> Iterator[tuple[str, Guard]]:
    """The address of such an S3, and who stands before it; one request at a time, as conditional writes need it."""
    from moto.moto_api._internal.models import moto_api_backend
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    guard = Guard(DomainDispatcherApplication(create_backend_app), account, region, key_of)
    server = make_server("127.0.0.1", 0, guard, threaded=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", guard
    finally:
        server.shutdown()
        thread.join()
        # What moto has is one for a whole process.
        moto_api_backend.reset()
