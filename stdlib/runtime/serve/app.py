"""The routes of a router."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from mlopsc.stdlib.runtime.serve.bodies import (
    CSV,
    JSON,
    media_type,
    parse_json,
    parse_question,
    question_within,
    read_body,
)
from mlopsc.stdlib.runtime.serve.openapi import describe
from mlopsc.stdlib.runtime.serve.problems import Problem, malformed
from mlopsc.stdlib.runtime.serve.router import Router
from mlopsc.stdlib.runtime.serve.status import render_status

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

TOKEN = "MLOPSC_TOKEN"
"""The variable that holds the token which clients must send, if there is one."""
KEY = "x-assign-key"
"""The header that holds the key by which a request is assigned to a version."""
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_LINGER_SECONDS = 5.0

Handler = Callable[[Request], Awaitable[Response]]


def make_app(router: Router, token: str | None) -> FastAPI:
    """The application; with a token, all but `/ping` asks for it."""
    app = FastAPI(title=router.deployment.name, docs_url=None, redoc_url=None, openapi_url=None)
    routes = _Routes(router)
    for path in ("/predict", *router.deployment.settings.routes):
        app.add_route(path, _guarded(routes.predict, router, token), methods=["POST"])
    app.add_route("/feedback", _guarded(routes.feedback, router, token), methods=["POST"])
    app.add_route("/invocations", _guarded(routes.invocations, router, token), methods=["POST"])
    app.add_route("/ping", routes.ping, methods=["GET"])
    app.add_route("/metrics", _guarded(routes.metrics, router, token), methods=["GET"])
    app.add_route("/", _guarded(routes.status, router, token), methods=["GET"])
    app.add_route("/openapi.json", _guarded(routes.openapi, router, token), methods=["GET"])
    app.add_exception_handler(HTTPStatus.NOT_FOUND, _no_such_path)
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _wrong_method)
    return app


class _Routes:
    """What each path does."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._openapi = describe(router.deployment, router.answerer.schema)

    async def predict(self, request: Request) -> Response:
        kind = media_type(request.headers)
        body = await self._body(request)
        question = parse_question(body, kind, request.headers.get(KEY, ""), self._router.limits)
        return _json(await self._router.answerer.answer(question))

    async def feedback(self, request: Request) -> Response:
        if media_type(request.headers) == CSV:
            rows = parse_question(await self._body(request), CSV, "", self._router.limits).rows
            return self._learn(list(rows), from_text=True)
        return self._learn(parse_json(await self._body(request)))

    async def invocations(self, request: Request) -> Response:
        """One path for platforms that offer no other: `op` says what is meant, `key` stands for the header."""
        if media_type(request.headers) != JSON:
            return await self.predict(request)
        document = parse_json(await self._body(request))
        match document:
            case {"op": "feedback", **rest}:
                return self._learn(rest)
            case {"op": "predict", **rest}:
                key = rest.pop("key", "")
                question = question_within(rest, str(key), self._router.limits)
                return _json(await self._router.answerer.answer(question))
        raise malformed("bad-request", "the body has no `op`", 'send `"op": "predict"` or `"op": "feedback"`')

    async def ping(self, request: Request) -> Response:  # noqa: ARG002 (what routes are given)
        return _json(self._router.ping())

    async def metrics(self, request: Request) -> Response:  # noqa: ARG002
        return Response(self._router.metrics(), media_type=_PROMETHEUS)

    async def status(self, request: Request) -> Response:  # noqa: ARG002
        return HTMLResponse(render_status(self._router))

    async def openapi(self, request: Request) -> Response:  # noqa: ARG002
        return _json(self._openapi)

    def _learn(self, document: Any, *, from_text: bool = False) -> Response:
        counts = self._router.feedback.take(document, from_text=from_text)
        self._router.telemetry.learned(counts["accepted"])
        return _json(counts)

    async def _body(self, request: Request) -> bytes:
        return await read_body(_parts(request), request.headers, self._router.limits)


async def _parts(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes; raises Problem when the client goes away."""
    is_more = True
    while is_more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise malformed("disconnected", "the client went away while it sent its request", "send it again")
        yield message.get("body", b"")
        is_more = bool(message.get("more_body"))


class _Cut(Response):
    """A refusal of a body that is not read to its end: the connection is closed after a little more of it.

    A client that sends all before it reads would otherwise find the connection broken and miss the answer.
    """

    def __init__(self, problem: Problem, most: int) -> None:
        headers = {"Connection": "close"}
        super().__init__(_encoded(problem.to_json()), problem.status, headers, media_type=JSON)
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI's signature)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            await asyncio.wait_for(self._drain(receive), _LINGER_SECONDS)
        await send({"type": "http.response.body", "body": b""})

    async def _drain(self, receive: Receive) -> None:
        size, is_more = 0, True
        while is_more and size < self._most:
            message = await receive()
            is_more = bool(message.get("more_body"))
            size += len(message.get("body", b""))


def _guarded(handler: Handler, router: Router, token: str | None) -> Handler:
    """The same with the token asked for, and with every failure told as JSON."""

    async def guarded(request: Request) -> Response:
        try:
            _authorize(request, token)
            return await handler(request)
        except Problem as problem:
            if problem.is_invalid:
                router.refused()
            is_unread = problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            return _Cut(problem, router.limits.body) if is_unread else _told(problem)
        except Exception as error:
            router.crashed(error)
            hint = "the service's own log says more"
            return _told(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "the service has failed", hint))

    return guarded


def _authorize(request: Request, token: str | None) -> None:
    if token is None:
        return
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        hint = "send `Authorization: Bearer …`"
        raise Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", "the request has not the token of this service", hint)


async def _no_such_path(request: Request, _: Exception) -> Response:
    fact, hint = f"there is nothing at `{request.url.path[:80]}`", "rows go to `/predict`; `/openapi.json` lists all"
    return _told(Problem(HTTPStatus.NOT_FOUND, "no-such-path", fact, hint))


async def _wrong_method(request: Request, _: Exception) -> Response:
    fact = f"`{request.url.path[:80]}` is not asked by {request.method}"
    return _told(Problem(HTTPStatus.METHOD_NOT_ALLOWED, "wrong-method", fact, "look at `/openapi.json`"))


def _told(problem: Problem) -> Response:
    return _json(problem.to_json(), problem.status)


def _json(document: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(_encoded(document), status, media_type=JSON)


def _encoded(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
