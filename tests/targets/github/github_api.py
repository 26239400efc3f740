"""What plays the part of GitHub's API that workflows ask: comments of a pull request, and runs of a workflow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

BOT = "github-actions[bot]"
LARGEST = 65_536
TOP = "/repos/example-org/shop"
_BROUGHT = re.compile(r"/repos/[\w./-]+/commits/[0-9a-f]{40}/pulls")
_REVIEWS = re.compile(r"/repos/[\w./-]+/pulls/7/reviews")


@dataclass
class GitHub:
    """A server with one pull request, number 7."""

    server: ThreadingHTTPServer
    comments: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    """The newest first."""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    """Of the pull request, by which every commit came."""
    trouble: str = ""
    """`reads only`: writing is refused; `says nonsense`: every answer is another page."""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def asked(self, header: str) -> set[str]:
        """What requests had in a header."""
        return {headers.get(header, "") for _, _, headers in self.requests}

    def comment(self, body: str, who: str = BOT) -> dict[str, Any]:
        """A comment with a number of its own."""
        return {"id": 100 + len(self.comments), "body": body, "user": {"login": who}}

    def stop(self) -> None:
        """Answer nobody any more."""
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """What GitHub would answer."""
        if self.trouble == "reads only" and method != "GET":
            return 403, {"message": "Resource not accessible by integration"}
        if method != "GET" and not 0 < len(body["body"]) <= LARGEST:
            return 422, {"message": "body is too long"}
        if (method, path) == ("GET", f"{TOP}/issues/7/comments"):
            return 200, _page(self.comments, query)
        if (method, path) == ("POST", f"{TOP}/issues/7/comments"):
            self.comments.append(self.comment(body["body"]))
            return 201, self.comments[-1]
        if method == "PATCH" and path.startswith(f"{TOP}/issues/comments/"):
            (found,) = [one for one in self.comments if one["id"] == int(path.rpartition("/")[2])]
            found["body"] = body["body"]
            return 200, found
        if (method, path) == ("GET", f"{TOP}/actions/workflows/shop-cd.yml/runs"):
            wanted = (query["branch"][0], query["status"][0])
            found_runs = [one for one in self.runs if (one["head_branch"], one["conclusion"]) == wanted]
            return 200, {"workflow_runs": _page(found_runs, query)}
        if _BROUGHT.fullmatch(path):
            return 200, [{"number": 7, "merged_at": "2026-01-01T00:00:00Z", "user": {"login": "author"}}]
        if _REVIEWS.fullmatch(path):
            return 200, _page(self.reviews, query)
        return 404, {"message": "Not Found"}


def _page(found: list[Any], query: dict[str, list[str]]) -> list[Any]:
    size, number = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
    return found[(number - 1) * size : number * size]


def started() -> GitHub:
    """A server that answers."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            url = urlparse(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            github.requests.append((self.command, url.path, dict(self.headers)))
            status, found = github.answer(
                self.command, url.path, parse_qs(url.query), json.loads(content) if content else None
            )
            self.send_response(status)
            self.end_headers()
            nonsense = github.trouble == "says nonsense"
            self.wfile.write(b"<html>" if nonsense else json.dumps(found).encode())

        do_GET = do_POST = do_PATCH = _handle  # noqa: N815 (names of the library)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    github = GitHub(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
    Thread(target=github.server.serve_forever, daemon=True).start()
    return github


@pytest.fixture
def github_api() -> Iterator[GitHub]:
    """GitHub's API, with nothing said yet."""
    github = started()
    yield github
    if github.trouble != "is gone":
        github.stop()
