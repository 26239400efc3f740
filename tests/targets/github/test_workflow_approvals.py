"""Where GitHub asks no reviewers, the apply goes by the approval of the pull request: the script, run for real."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from emitted_workflows import CASES

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry
from mlopsc.targets import Build
from mlopsc.targets.github.approving import approval
from mlopsc.targets.github.clouds import clouds
from mlopsc.targets.github.model import Step
from mlopsc.targets.github.repository import Repository

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MERGED = [{"number": 7, "merged_at": "2026-01-01T00:00:00Z", "user": {"login": "author"}}]


def step(plan: str, approvers: list[str]) -> Step | None:
    """The step of the bike example's production, where those approve."""
    spec = CASES["bike-demand"]
    found = Compilation(DiskWorkspace(spec.parent), registry(), spec.name).builds.values()
    repository = Repository([_with(one, plan, approvers) for one in found])
    (cloud,) = clouds(repository.builds)
    return approval(repository, cloud)


def _with(build: Build, plan: str, approvers: list[str]) -> Build:
    document = build.pipeline.model_dump(mode="json")
    document["settings"]["github"]["plan"] = plan
    document["environment"]["settings"]["approvers"] = approvers
    return replace(build, pipeline=type(build.pipeline).model_validate(document))


class Hub(BaseHTTPRequestHandler):
    """The two questions, answered."""

    answers: Mapping[str, Any] = {}

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == "Bearer t0ken"
        found = self.answers.get(self.path.partition("?")[0]) if known else None
        self.send_response(404 if found is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *_: object) -> None:
        """Nothing is said of requests."""


@pytest.fixture
def hub() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(hub: str, folder: Path, approvers: list[str], pulls: Any, reviews: Any) -> tuple[int, str, str]:
    """How it ends, what it says, and what it writes down."""
    Hub.answers = {f"/commits/{COMMIT}/pulls": pulls, "/pulls/7/reviews": reviews}
    asked = step("team", approvers)
    assert asked is not None
    page = folder / "page.md"
    page.touch()
    about = {"API": hub, "TOKEN": "t0ken", "COMMIT": COMMIT, "APPROVERS": str(asked.env["APPROVERS"])}
    outside = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(folder), "GITHUB_STEP_SUMMARY": str(page)}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", asked.run]
    done = subprocess.run(command, env={**outside, **about}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, page.read_text("utf-8")


def review(login: str, state: str, minute: int = 0) -> dict[str, Any]:
    return {"user": {"login": login}, "state": state, "submitted_at": f"2026-01-01T00:{minute:02}:00Z"}


@pytest.mark.parametrize(
    ("approvers", "reviews"),
    [
        (["@ann", "@Bob"], [review("bob", "APPROVED")]),
        (["@org/leads"], [review("cat", "COMMENTED"), review("cat", "APPROVED", 1), review("cat", "COMMENTED", 2)]),
        (["@bob"], [review("bob", "CHANGES_REQUESTED"), review("bob", "APPROVED", 1), review("eve", "APPROVED")]),
    ],
)
def test_an_approval_is_found_and_written_down(
    approvers: list[str], reviews: list[Any], hub: str, tmp_path: Path
) -> None:
    code, said, page = run(hub, tmp_path, approvers, MERGED, reviews)
    who = "cat" if "org" in approvers[0] else "bob"
    assert (code, page) == (0, f"Applied on the approval of {who}, in pull request #7.\n"), said


@pytest.mark.parametrize(
    ("approvers", "pulls", "reviews", "words"),
    [
        (["@bob"], MERGED, [], "nobody who may approve has approved pull request #7: bob"),
        (["@bob"], MERGED, [review("eve", "APPROVED")], "nobody who may approve"),
        (["@bob"], MERGED, [review("bob", "APPROVED"), review("bob", "DISMISSED", 1)], "nobody who may approve"),
        (["@bob"], MERGED, [review("bob", "APPROVED"), review("bob", "CHANGES_REQUESTED", 1)], "nobody who may"),
        (["@author"], MERGED, [review("author", "APPROVED")], "nobody who may approve"),
        (["@org/leads"], MERGED, [review("author", "APPROVED")], "#7: anybody but its author"),
        (["@bob"], [], [], f"{COMMIT} came by no pull request"),
        (["@bob"], [{**MERGED[0], "merged_at": None}], [review("bob", "APPROVED")], "came by no pull request"),
        (["@bob"], None, [], "404"),
    ],
)
def test_without_one_nothing_is_applied(
    approvers: list[str], pulls: Any, reviews: Any, words: str, hub: str, tmp_path: Path
) -> None:
    code, said, page = run(hub, tmp_path, approvers, pulls, reviews)
    assert (code != 0, words in said, page) == (True, True, ""), said


@pytest.mark.parametrize(
    ("plan", "approvers", "is_asked"),
    [("free", ["@bob"], True), ("team", ["@bob"], True), ("enterprise", ["@bob"], False), ("free", [], False)],
)
def test_github_asks_where_it_can(plan: str, approvers: list[str], is_asked: bool) -> None:
    assert (step(plan, approvers) is not None) is is_asked
