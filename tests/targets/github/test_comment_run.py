"""The comment on a pull request and what it compares with, run: a delivery, then pull requests after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import acting
import pytest
import shop_project
from acting import Run, Workshop
from github_api import GitHub, started

pytestmark = pytest.mark.integration

STAGES = ("data-orders", "data-visits", "train-price", "test-price_gate")
MARK = "<!-- mlopsc: shop -->"


@dataclass(frozen=True)
class World:
    """The repository, GitHub's API, and what the delivery of `commit` left."""

    workshop: Workshop
    project: Path
    github: GitHub
    runs: Path
    commit: str

    def run(self, workflow: str, event: str, payload: Mapping[str, Any]) -> Run:
        variables = {"GITHUB_API_URL": self.github.url, "ACTING_RUNS": str(self.runs)}
        return acting.run(self.workshop, self.project, workflow, event, payload, variables)

    def propose(self, old: str, new: str) -> None:
        """Change the spec and commit it."""
        shop_project.change(self.project, old, new, self.workshop.programs)
        acting.committed(self.project)


def asked(number: int, whose: str = "example-org/shop") -> dict[str, Any]:
    """A pull request."""
    head = {"ref": "change", "sha": "f" * 40, "repo": {"full_name": whose, "fork": not whose.startswith("example")}}
    return {"number": number, "pull_request": {"number": number, "head": head, "base": {"ref": "main"}}}


@pytest.fixture(scope="module")
def world(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("commented")
    shop_project.write(
        folder / "project",
        shop_project.SPEC.replace("model = price\n", "model  = price\n  reveal = true\n"),
        workshop.programs,
    )
    acting.begun(folder / "project")
    commit = acting.git(folder / "project", "rev-parse", "HEAD").strip()
    found = World(workshop, folder / "project", started(), folder / "runs", commit)
    delivered = found.run("shop-cd", "push", {"ref": "refs/heads/main"})
    assert delivered.results == dict.fromkeys(["check", *STAGES], "success"), delivered.said
    found.runs.mkdir()
    (found.runs / "4").symlink_to(delivered.artifacts)
    ours = {"id": 1}
    about = {"event": "push", "head_branch": "main", "conclusion": "success"}
    found.github.runs.append({"id": 4, "head_repository": ours, "repository": ours, **about})
    yield found
    found.github.stop()


@pytest.fixture(scope="module")
def first(world: World) -> tuple[Run, str]:
    """A pull request that changes the split, and what is said on it."""
    world.propose("validation = 10%, test = 30%", "validation = 15%, test = 25%")
    run = world.run("shop-ci", "pull_request", asked(7))
    (comment,) = world.github.comments
    return run, str(comment["body"])


@pytest.fixture(scope="module")
def second(world: World, first: tuple[Run, str]) -> tuple[Run, str]:
    """The same pull request after a push by which its gate fails."""
    assert first
    world.propose("<= 1 at", "<= 0.1 at")
    run = world.run("shop-ci", "pull_request", asked(7))
    return run, str(world.github.comments[0]["body"])


def test_what_was_found_stands_on_the_pull_request(world: World, first: tuple[Run, str]) -> None:
    run, text = first
    jobs = ["check", "delivered", *STAGES, "ready", "comment"]
    assert run.results == dict.fromkeys(jobs, "success"), run.said
    assert text.startswith(f"{MARK}\n## shop: all has passed\n")
    for job in ("check", *STAGES):
        assert f"| :white_check_mark: | `{job}` | success |" in text
    assert "### What of the spec has changed since" in text
    assert "| data | <code>orders.split</code> | random(train = 60%, validation = 10%, test = 30%) |" in text
    assert "require mae(test) &lt;= 1 at 95% | estimate " in text
    assert '```mermaid\n%%{init: {"xyChart"' in text
    assert f"| the delivery of {world.commit[:7]} |" in text
    assert len(text) < 65_536


def test_what_has_changed_is_held_against_the_delivery(world: World, first: tuple[Run, str]) -> None:
    _, text = first
    changed = text[text.index("### <code>orders</code>") :]
    assert f" | 91 | the delivery of {world.commit[:7]} |" in changed, "the rows of validation"
    assert "<code>visits</code> | rows" not in changed, "what is the same is not told"
    assert f"nothing, since the delivery of {world.commit[:7]}" in changed


def test_the_same_comment_is_kept_up_to_date(world: World, first: tuple[Run, str], second: tuple[Run, str]) -> None:
    run, text = second
    assert run.results["test-price_gate"] == run.results["ready"] == "failure", run.said
    assert run.results["comment"] == "success"
    assert [method for method, _, _ in world.github.requests if method != "GET"] == ["POST", "PATCH"]
    assert len(world.github.comments) == 1
    assert text != first[1]
    assert text.startswith(f"{MARK}\n## shop: not all has passed\n")
    assert "| :x: | `test-price_gate` | failure |" in text
    assert "| ✗ | require mae(test) &lt;= 0.1 at 95% · FAIL | estimate " in text, "a gate that failed is told, too"


@pytest.fixture(scope="module")
def broken(world: World, second: tuple[Run, str]) -> Run:
    """A push after which the spec is wrong, so that only one job tells anything: nothing."""
    assert second
    shop_project.change(world.project, "target = price", "target = prize", None)
    acting.committed(world.project)
    return world.run("shop-ci", "pull_request", asked(7))


def test_what_was_told_before_is_gone_where_nothing_is_told(world: World, broken: Run) -> None:
    assert broken.results == {"check": "failure", "delivered": "success", "ready": "failure", "comment": "success"}
    text = world.github.comments[0]["body"]
    assert "| :x: | `check` | failure |\n| :white_circle: | `data-orders` | skipped |" in text
    assert "###" not in text


def test_nothing_is_said_on_pull_requests_of_forks(world: World, broken: Run) -> None:
    assert broken
    before = list(world.github.requests)
    run = world.run("shop-ci", "pull_request", asked(7, "somebody/shop"))
    assert run.results == {"check": "failure", "delivered": "success", "ready": "failure"}
    assert [method for method, _, _ in world.github.requests[len(before) :]] == ["GET"]


def test_that_nothing_can_be_said_fails_no_job(world: World, broken: Run) -> None:
    assert broken
    world.github.trouble = "reads only"
    run = world.run("shop-ci", "pull_request", asked(7))
    assert run.results["comment"] == "success"
    assert "::warning::the comment could not be written" in run.of("comment")
