"""Workflows as `mlopsc build` wrote them, run: jobs that run, fail and are skipped are those of the local runner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import acting
import pytest
import shop_project
from acting import Run, Workshop

pytestmark = pytest.mark.integration

CI = "shop-ci"
JOBS = {"orders": "data-orders", "visits": "data-visits", "price": "train-price", "price_gate": "test-price_gate"}
"""The job of each stage."""
PULL_REQUEST = {
    "number": 7,
    "pull_request": {"number": 7, "head": {"ref": "change", "repo": {"fork": False}}, "base": {"ref": "main"}},
}
NOWHERE = {"GITHUB_API_URL": "http://127.0.0.1:9"}
"""Nobody answers there."""
DONE = ("check", "delivered")
"""The jobs beside those of stages."""
FORK = {
    "number": 8,
    "pull_request": {
        "number": 8,
        "head": {"ref": "main", "repo": {"fork": True, "full_name": "somebody/shop"}},
        "base": {"ref": "main", "repo": {"full_name": "example-org/shop"}},
    },
}
CHANGES: dict[str, tuple[str, Mapping[str, Any], str, str]] = {
    "a fork's pull request, undecided": ("pull_request", FORK, "<= 1 at", "<= 0.41 at"),
    "a dispatch, the gate fails": ("workflow_dispatch", {}, "<= 1 at", "<= 0.1 at"),
    "a merge queue, too few rows": ("merge_group", {}, "check rows >= 100\n", "check rows >= 100_000\n"),
}
"""What sets the workflow off, and what of the spec is another one then."""


@pytest.fixture(scope="session")
def upstream(workshop: Workshop) -> Path:
    """The repository as GitHub has it."""
    folder = workshop.folder / "upstream"
    shop_project.write(folder, programs=workshop.programs)
    acting.begun(folder)
    return folder


@pytest.fixture
def project(upstream: Path, tmp_path: Path) -> Path:
    return acting.cloned(upstream, tmp_path / "project")


@pytest.fixture(scope="session")
def passed(workshop: Workshop, upstream: Path) -> Run:
    """A pull request that is in order."""
    return acting.run(
        workshop, acting.cloned(upstream, workshop.folder / "passed"), CI, "pull_request", PULL_REQUEST, NOWHERE
    )


def expected(outcomes: Mapping[str, str]) -> dict[str, str]:
    """The results of jobs where the local runner's stages end so; undecided is no reason against a change."""
    said = {"ok": "success", "undecided": "success", "fail": "failure", "error": "failure"}
    found = {JOBS[stage]: said[outcome] for stage, outcome in outcomes.items() if outcome != "skipped"}
    ready = "success" if found == dict.fromkeys(JOBS.values(), "success") else "failure"
    return {**dict.fromkeys(DONE, "success"), **found, "ready": ready}


def test_a_pull_request_runs_all_stages(passed: Run) -> None:
    assert passed.results == dict.fromkeys([*DONE, *JOBS.values(), "ready"], "success"), passed.said


def test_jobs_make_what_one_run_on_one_machine_makes(
    workshop: Workshop, passed: Run, project: Path, tmp_path: Path
) -> None:
    """The same keys, facts and bytes, the model's among them, though the store went from job to job by artifacts."""
    assert set(shop_project.outcomes(project, workshop.programs).values()) == {"ok"}
    here = shop_project.records(project / ".mlops" / "store")
    there: dict[str, Mapping[str, Any]] = {}
    for stage, job in JOBS.items():
        made = shop_project.records(passed.unpacked(f"store-{job}", tmp_path / job))
        assert [record["stage"] for record in made.values()] == [stage], "a job keeps what it made, and no more"
        there |= made
    assert there.keys() == here.keys()
    for key, record in there.items():
        for part in ("outputs", "facts", "parts", "verdict"):
            assert record[part] == here[key][part], (record["stage"], part)


def test_no_job_does_the_work_of_an_earlier_one(passed: Run) -> None:
    for job, earlier in (("train-price", ["orders"]), ("test-price_gate", ["orders", "price"])):
        assert [stage for stage in earlier if f"{stage}: cached" in passed.of(job)] == earlier


@pytest.mark.parametrize("case", CHANGES)
def test_jobs_end_as_stages_do_on_this_machine(case: str, workshop: Workshop, project: Path, tmp_path: Path) -> None:
    event, payload, old, new = CHANGES[case]
    shop_project.change(project, old, new, workshop.programs)
    acting.committed(project)
    outcomes = shop_project.outcomes(acting.cloned(project, tmp_path / "beside"), workshop.programs)
    assert set(outcomes.values()) != {"ok"}
    done = acting.run(workshop, project, CI, event, payload, NOWHERE)
    assert done.results == expected(outcomes), done.said
    warnings = done.of(JOBS["price_gate"]).count("::warning ")
    assert warnings == ("undecided" in outcomes.values()), done.said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("target = price", "target = prize", "::error "), ("check rows >= 10\n", "check rows >= 11\n", "mlopsc build")],
    ids=["the spec is wrong", "the spec was not built again"],
)
def test_nothing_runs_on_a_spec_that_is_not_in_order(
    old: str, new: str, said: str, workshop: Workshop, project: Path
) -> None:
    shop_project.change(project, old, new, None)
    acting.committed(project)
    done = acting.run(workshop, project, CI, "pull_request", PULL_REQUEST, NOWHERE)
    assert done.results == {"check": "failure", "delivered": "success", "ready": "failure"}, done.said
    assert said in done.of("check")


def test_a_job_whose_artifact_is_gone_fails(workshop: Workshop, project: Path) -> None:
    """It does not quietly make again what an earlier job has made."""
    lost = {**NOWHERE, "ACTING_LOST": "store-data-orders"}
    done = acting.run(workshop, project, CI, "pull_request", PULL_REQUEST, lost)
    well = dict.fromkeys([*DONE, "data-orders", "data-visits"], "success")
    assert done.results == {**well, "train-price": "failure", "ready": "failure"}, done.said
    assert "artifact not found" in done.of("train-price")
    assert "orders: " not in done.of("train-price")
