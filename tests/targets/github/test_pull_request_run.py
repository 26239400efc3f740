"""Pull requests, run: jobs that run, fail and are skipped are the local runner's stages, and a comment tells of them.

A delivery comes first, by hand and to development alone, so that there is something to compare with; most of what
follows is one pull request after it. That of a fork is run with an example of ours.
"""

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

JOBS = {"orders": "data-orders", "visits": "data-visits", "price": "train-price", "price_gate": "test-price_gate"}
"""The job of each stage."""
DONE = ("check", "delivered")
"""The jobs beside those of stages."""
REFUSED = {"check": "failure", "delivered": "success", "ready": "failure"}
"""What jobs end as where the first finds that the spec is not in order."""
NOWHERE = {"GITHUB_API_URL": "http://127.0.0.1:9"}
"""Nobody answers there."""
MARK = "<!-- mlopsc: shop -->"
SPEC = shop_project.changed(
    shop_project.PROVED, shop_project.VISITS, ("model = price\n", "model  = price\n  reveal = true\n")
)


@dataclass(frozen=True)
class World:
    """The repository, GitHub's API, and what the delivery of `commit` left."""

    workshop: Workshop
    project: Path
    github: GitHub
    states: Path
    commit: str

    def run(self, word: str, event: str, payload: Mapping[str, Any]) -> Run:
        """Run one of its workflows."""
        runs = self.project.parent / "runs"
        variables = {"GITHUB_API_URL": self.github.url, "ACTING_RUNS": str(runs), "ACTING_STATES": str(self.states)}
        return acting.run(self.workshop, self.project, f"shop-{word}", event, payload, variables)

    def propose(self, old: str, new: str) -> None:
        """Change the spec and commit it."""
        shop_project.change(self.project, old, new, self.workshop.programs)
        acting.committed(self.project)

    def delivered(self, folder: Path) -> Path:
        """A copy of what was delivered."""
        project = acting.cloned(self.project, folder)
        acting.git(project, "reset", "--quiet", "--hard", self.commit)
        return project

    def changed(self, folder: Path, old: str, new: str, *, is_built: bool = True) -> Path:
        """A copy of what was delivered, and one change to it."""
        project = self.delivered(folder)
        shop_project.change(project, old, new, self.workshop.programs if is_built else None)
        acting.committed(project)
        return project


ASKED = {
    "number": 7,
    "pull_request": {
        "number": 7,
        "head": {"ref": "change", "sha": "f" * 40, "repo": {"full_name": "example-org/shop", "fork": False}},
        "base": {"ref": "main"},
    },
}
"""The pull request."""


def alone(world: World, project: Path, folder: Path) -> tuple[dict[str, str], Path]:
    """How stages end where one machine runs them all, and the store that it leaves."""
    beside = acting.cloned(project, folder)
    return shop_project.outcomes(beside, world.workshop.programs), beside / ".mlops" / "store"


def expected(outcomes: Mapping[str, str]) -> dict[str, str]:
    """The results of jobs where the local runner's stages end so; undecided is no reason against a change."""
    said = {"ok": "success", "undecided": "success", "fail": "failure", "error": "failure"}
    found = {JOBS[stage]: said[outcome] for stage, outcome in outcomes.items() if outcome != "skipped"}
    ready = "success" if found == dict.fromkeys(JOBS.values(), "success") else "failure"
    return {**dict.fromkeys(DONE, "success"), **found, "ready": ready}


@pytest.fixture(scope="module")
def world(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("commented")
    shop_project.write(folder / "project", SPEC, workshop.programs)
    acting.begun(folder / "project")
    commit = acting.git(folder / "project", "rev-parse", "HEAD").strip()
    (folder / "states").mkdir()
    (folder / "runs").mkdir()
    found = World(workshop, folder / "project", started(), folder / "states", commit)
    yield found
    found.github.stop()


@pytest.fixture(scope="module")
def delivery(world: World) -> Run:
    """A delivery by hand to development."""
    found = world.run("cd", "workflow_dispatch", {"inputs": {"environment": "dev"}})
    (world.project.parent / "runs" / "4").symlink_to(found.artifacts)
    ours = {"id": 1}
    about = {"event": "workflow_dispatch", "head_branch": "main", "conclusion": "success"}
    world.github.runs.append({"id": 4, "head_repository": ours, "repository": ours, **about})
    return found


@pytest.fixture(scope="module")
def first(world: World, delivery: Run) -> tuple[Run, str]:
    """A pull request that changes the split, and what is said on it."""
    assert delivery
    world.propose("validation = 10%, test = 30%", "validation = 15%, test = 25%")
    run = world.run("ci", "pull_request", ASKED)
    (comment,) = world.github.comments
    return run, str(comment["body"])


@pytest.fixture(scope="module")
def second(world: World, first: tuple[Run, str]) -> tuple[Run, str]:
    """The same pull request after a push by which its gate fails."""
    assert first
    world.propose("<= 1 at", "<= 0.1 at")
    run = world.run("ci", "pull_request", ASKED)
    return run, str(world.github.comments[0]["body"])


def test_a_delivery_by_hand_to_development_goes_no_farther(world: World, delivery: Run) -> None:
    assert delivery.results == dict.fromkeys(["check", *JOBS.values()], "success"), delivery.said
    assert not any(world.states.iterdir()), "nothing was applied, and no image made"


def test_jobs_make_what_one_run_on_one_machine_makes(world: World, first: tuple[Run, str], tmp_path: Path) -> None:
    """The same keys, facts and bytes, the model's among them, though the store went from job to job by artifacts."""
    run, _ = first
    outcomes, store = alone(world, world.project, tmp_path / "beside")
    assert set(outcomes.values()) == {"ok"}
    assert run.results == {**expected(outcomes), "comment": "success"}, run.said
    there: dict[str, Mapping[str, Any]] = {}
    for stage, job in JOBS.items():
        made = shop_project.records(run.unpacked(f"store-{job}", tmp_path / job))
        assert [record["stage"] for record in made.values()] == [stage], "a job keeps what it made, and no more"
        there |= made
    here = shop_project.records(store)
    assert there.keys() == here.keys()
    for key, record in there.items():
        for part in ("outputs", "facts", "parts", "verdict"):
            assert record[part] == here[key][part], (record["stage"], part)


def test_no_job_does_the_work_of_an_earlier_one(first: tuple[Run, str]) -> None:
    run, _ = first
    for job, earlier in (("train-price", ["orders"]), ("test-price_gate", ["orders", "price"])):
        assert [stage for stage in earlier if f"{stage}: cached" in run.of(job)] == earlier


def test_what_was_found_stands_on_the_pull_request(world: World, first: tuple[Run, str]) -> None:
    _, text = first
    assert text.startswith(f"{MARK}\n## shop: all has passed\n")
    for job in ("check", *JOBS.values()):
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


def test_a_gate_that_fails_is_told_by_the_same_comment(
    world: World, first: tuple[Run, str], second: tuple[Run, str], tmp_path: Path
) -> None:
    run, text = second
    outcomes, _ = alone(world, world.project, tmp_path / "beside")
    assert outcomes["price_gate"] == "fail"
    assert run.results == {**expected(outcomes), "comment": "success"}, run.said
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
    return world.run("ci", "pull_request", ASKED)


def test_nothing_runs_on_a_spec_that_is_wrong(world: World, broken: Run) -> None:
    """What was told before is gone, as nothing is told."""
    assert broken.results == {**REFUSED, "comment": "success"}, broken.said
    assert "::error " in broken.of("check")
    text = world.github.comments[0]["body"]
    assert "| :x: | `check` | failure |\n| :white_circle: | `data-orders` | skipped |" in text
    assert "###" not in text


def test_that_nothing_can_be_said_fails_no_job(world: World, broken: Run) -> None:
    assert broken
    world.github.trouble = "reads only"
    run = world.run("ci", "pull_request", ASKED)
    assert run.results["comment"] == "success"
    assert "::warning::the comment could not be written" in run.of("comment")
    world.github.trouble = ""


def test_a_queue_of_merges_stops_at_too_few_rows(world: World, tmp_path: Path) -> None:
    project = world.changed(tmp_path / "project", "check rows >= 100\n", "check rows >= 100_000\n")
    outcomes, _ = alone(world, project, tmp_path / "beside")
    assert outcomes == {"orders": "fail", "visits": "ok", "price": "skipped", "price_gate": "skipped"}
    done = acting.run(world.workshop, project, "shop-ci", "merge_group", {}, NOWHERE)
    assert done.results == expected(outcomes), done.said


def test_nothing_runs_on_a_spec_that_was_not_built_again(world: World, tmp_path: Path) -> None:
    project = world.changed(tmp_path / "project", "check rows >= 10\n", "check rows >= 11\n", is_built=False)
    done = acting.run(world.workshop, project, "shop-ci", "pull_request", ASKED, NOWHERE)
    assert done.results.items() >= REFUSED.items(), done.said
    assert "mlopsc build" in done.of("check")


def test_a_job_whose_artifact_is_gone_fails(world: World, tmp_path: Path) -> None:
    """It does not quietly make again what an earlier job has made."""
    lost = {**NOWHERE, "ACTING_LOST": "store-data-orders"}
    project = world.delivered(tmp_path / "project")
    done = acting.run(world.workshop, project, "shop-ci", "workflow_dispatch", {}, lost)
    well = dict.fromkeys([*DONE, "data-orders", "data-visits"], "success")
    assert done.results == {**well, "train-price": "failure", "ready": "failure"}, done.said
    assert "artifact not found" in done.of("train-price")
    assert "orders: " not in done.of("train-price")
