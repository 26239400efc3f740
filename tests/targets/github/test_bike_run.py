"""The bicycle example as it is committed, by its own workflows: a pull request, a merge, a retraining, a rollback."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import acting
import pytest
import shop_project
from acting import ROOT, Run, Workshop
from delivered_world import HOUR, PUSH, Served, World, delivered_to
from github_api import GitHub, github_api

__all__ = ["github_api"]

pytestmark = pytest.mark.integration

EXAMPLE = ROOT / "examples" / "bike-demand"
ROWS = "data/bikeshare.csv"
JOBS = {"rides": "data-rides", "demand": "train-demand", "demand_gate": "test-demand_gate"}
FIRST_DAY = datetime(2011, 1, 1, tzinfo=UTC)
BEGIN = 344
"""The day of the year after which the first version is merged: so many are in the rows by then."""
FEW = 216
"""A day after which there are hardly more rows than the example asks for, so that two machines fit them soon."""
WEEK = 7
LEADS = "@example-org/ml-leads"
FORK = {
    "number": 8,
    "pull_request": {
        "number": 8,
        "head": {"ref": "main", "repo": {"fork": True, "full_name": "somebody/bike-demand"}},
        "base": {"ref": "main", "repo": {"full_name": "example-org/bike-demand"}},
    },
}


@pytest.fixture(scope="module")
def example(workshop: Workshop) -> Path:
    """What is committed of the example."""
    folder = workshop.folder / "bike"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=EXAMPLE, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(EXAMPLE / name, folder / name)
    (folder / ".gitignore").write_text(shop_project.IGNORED, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def world(workshop: Workshop, example: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The example on the day of its first merge, with the key of somebody who approves."""
    folder = tmp_path_factory.mktemp("bike")
    project = folder / "project"
    shutil.copytree(example, project)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "lead")], check=True)
    (project / "approvers").write_text(f"{LEADS} {(folder / 'lead.pub').read_text('utf-8')}", encoding="utf-8")
    write_rows(project, BEGIN)
    with delivered_to(workshop, project, "bike_demand", folder, at(BEGIN)) as found:
        yield found


@pytest.fixture(scope="module")
def merged(world: World) -> Run:
    """The first merge, when its pull request has been approved; then a lead approves, and a tick lets it answer."""
    world.github.reviews.append(
        {"user": {"login": "lead"}, "state": "APPROVED", "submitted_at": "2026-01-01T00:00:00Z"}
    )
    done = world.run("cd", "push", PUSH)
    approve_and_tick(world)
    return done


@pytest.fixture(scope="module")
def looked(world: World, merged: Run) -> Run:
    """A look after a week in which many more bikes were taken than was predicted; rows of the week have come."""
    assert merged
    world.serve(1, [Served(one.at, one.inputs, one.true, one.true + 200) for one in rides(BEGIN, BEGIN + WEEK)])
    write_rows(world.project, BEGIN + WEEK + 1)
    acting.committed(world.project, "Add the rides of a week")
    world.go_to(at(BEGIN + WEEK + 1) + HOUR)
    return world.run("monitor", "schedule", {})


def at(day: float) -> float:
    """The end of a day of the year."""
    return (FIRST_DAY + timedelta(days=day)).timestamp()


def write_rows(project: Path, until: int) -> None:
    """Leave the rows up to a day."""
    head, *rows = (EXAMPLE / ROWS).read_text("utf-8").splitlines()
    known = [row for row in rows if int(row.split(",")[2]) <= until]
    (project / ROWS).write_text("\n".join([head, *known, ""]), encoding="utf-8")


def rides(after: int, until: int) -> Sequence[Served]:
    """The hours of some days as the service is asked about them."""
    with (EXAMPLE / ROWS).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if after < int(row["day"]) <= until]
    found = []
    for row in rows:
        hour = FIRST_DAY + timedelta(days=int(row["day"]) - 1, hours=int(row["hr"]))
        inputs = {
            "at": hour,
            "hr": int(row["hr"]),
            "workingday": row["workingday"] == "1",
            "weathersit": row["weathersit"],
            "temp": float(row["temp"]),
            "hum": float(row["hum"]),
        }
        found.append(Served(hour.timestamp(), inputs, float(row["bikers"]), float(row["bikers"])))
    return found


def approve_and_tick(world: World) -> Run:
    """What waits is approved with the key of a lead; then the clock of the workflows strikes."""
    world.call("release", "approve", "-e", "prod", "--key", str(world.folder / "lead"))
    return world.run("monitor", "workflow_dispatch", {})


def test_a_pull_request_of_a_fork_runs_what_one_machine_runs(
    workshop: Workshop, example: Path, github_api: GitHub, tmp_path: Path
) -> None:
    """Its gate can't be decided in development, which is a warning; nothing is said on it."""
    project = tmp_path / "project"
    shutil.copytree(example, project)
    write_rows(project, FEW)
    acting.begun(project)
    done = acting.run(workshop, project, "bike_demand-ci", "pull_request", FORK, {"GITHUB_API_URL": github_api.url})
    assert {method for method, _, _ in github_api.requests} == {"GET"}
    assert "::warning " in done.of(JOBS["demand_gate"]), done.said
    assert done.results == dict.fromkeys(["check", "delivered", *JOBS.values(), "ready"], "success"), done.said
    outcomes = shop_project.outcomes(project, workshop.programs, "bike_demand")
    assert outcomes == {"rides": "ok", "demand": "ok", "demand_gate": "undecided"}
    here = shop_project.records(project / ".mlops" / "store")
    there = {
        key: record
        for job in JOBS.values()
        for key, record in shop_project.records(done.unpacked(f"store-{job}", tmp_path / job)).items()
    }
    assert there.keys() == here.keys()
    assert [one["outputs"] for one in there.values() if one["kind"] == "train"] == [
        one["outputs"] for one in here.values() if one["kind"] == "train"
    ]


def test_a_merge_is_delivered_to_production_and_waits_for_its_approval(world: World, merged: Run) -> None:
    delivered = ("image", "plan-prod", "apply-prod", "prove-prod", "release-prod-api")
    assert merged.results == dict.fromkeys(["check", *JOBS.values(), *delivered], "success"), merged.said
    assert "version 1 waits for its approval" in merged.of("release-prod-api")
    assert world.serving() == 1
    assert "demand: cached" in merged.of("prove-prod")
    assert [path for _, path, _ in world.github.requests if path.endswith("/pulls/7/reviews")] != []


def test_bad_predictions_are_answered_by_a_new_version(world: World, looked: Run) -> None:
    """The look is red, as something began to be wrong; the version of its retraining has passed the gate."""
    assert looked.results == {"tick-prod-api": "success", "look-prod-live": "failure"}, looked.said
    said = looked.of("look-prod-live")
    assert "quality event" in said
    assert "the gate passed: version 2" in said
    begun = world.run("monitor", "workflow_dispatch", {})
    assert "version 2 waits for its approval" in begun.of("tick-prod-api"), begun.said
    rolled = approve_and_tick(world)
    assert rolled.results == {"tick-prod-api": "success", "look-prod-live": "success"}, rolled.said
    state = world.state()
    assert (state.champion, state.candidate) == (1, 2)
    assert state.weights[2] == 0.05


def test_a_rollback_ends_it_for_everybody(world: World, looked: Run) -> None:
    assert looked
    asked = {"environment": "prod", "version": "", "reason": "rain"}
    done = world.run("rollback", "workflow_dispatch", {"inputs": asked})
    assert done.results == {"rollback-prod-api": "success"}, done.said
    state = world.state()
    assert (state.champion, state.candidate) == (1, None)
    assert "rain" in world.call("release", "history", "-e", "prod")
