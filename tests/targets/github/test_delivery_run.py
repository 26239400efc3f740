"""Deliveries, run: by a merge, then a look, and by hand what the gate of production stops."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import acting
import pytest
import shop_project
from acting import Run, Workshop
from delivered_world import HOUR, PUSH, Records, World, delivered_to

pytestmark = pytest.mark.integration

STAGES = ("data-orders", "train-price", "test-price_gate")
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop"
BEGIN = 1_767_571_200.0
"""When the first version is merged: 2026-01-05."""


@dataclass(frozen=True)
class Done:
    """A run, and what was there after it."""

    run: Run
    serving: int | None
    records: Records


@pytest.fixture(scope="module")
def world(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    shop_project.write(folder / "project", shop_project.DELIVERED, workshop.programs)
    with delivered_to(workshop, folder / "project", "shop", folder, BEGIN) as found:
        yield found


@pytest.fixture(scope="module")
def first(world: World) -> Done:
    """The first merge."""
    return _done(world, world.run("cd", "push", PUSH))


def _done(world: World, run: Run) -> Done:
    return Done(run, world.serving(), world.records())


def test_a_merge_is_trained_applied_proven_and_released(first: Done) -> None:
    delivered = ("image", "plan-prod", "apply-prod", "prove-prod", "release-prod-api")
    assert first.run.results == dict.fromkeys(["check", *STAGES, *delivered], "success"), first.run.said
    assert first.serving == 1


def test_what_was_trained_moves_by_its_hash(first: Done, tmp_path: Path) -> None:
    dev = shop_project.records(first.run.unpacked("store-train-price", tmp_path / "store"))
    (trained,) = [one for one in dev.values() if one["kind"] == "train"]
    assert first.records[trained["key"]]["outputs"] == trained["outputs"]
    assert [one["key"] for one in first.records.values() if one["kind"] == "train"] == [trained["key"]]
    assert "price: cached" in first.run.of("prove-prod")
    assert "price_gate: starts" in first.run.of("prove-prod")


def test_exactly_the_plan_is_applied(world: World, first: Done) -> None:
    assert first
    (kept,) = world.keys("state")
    assert kept.endswith(".tfplan")
    assert ": OK" in first.run.of("apply-prod")
    assert "warn  store" in first.run.of("apply-prod"), "who applies may not look into the store"


def test_the_image_is_attested_and_runs_what_was_trained(world: World, first: Done) -> None:
    """What the stand-in of Docker took of the project is all that its runner needs; it has the same keys there."""
    (attested,) = (world.states / "attested").read_text("utf-8").split()[:1]
    registry = world.states / "registry"
    tags = json.loads((registry / "tags").read_text("utf-8"))
    commit = acting.git(world.project, "rev-list", "--max-parents=0", "HEAD").strip()
    digest = tags[f"{IMAGE}:{commit}"]
    assert attested == f"{IMAGE}@{digest}"
    program = [world.workshop.programs / "python", "deploy/shop/prod/run.py", "price"]
    outside = {"PATH": os.defpath, "HOME": str(world.states), "MLOPSC_STORE": str(world.states / "store")}
    done = subprocess.run(program, cwd=registry / digest, env=outside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    trained = {key for key, one in first.records.items() if one["kind"] == "train"}
    assert trained < shop_project.records(world.states / "store").keys()


def test_the_clock_finds_nothing_to_do(world: World, first: Done) -> None:
    assert first.serving == 1
    world.go_to(BEGIN + HOUR)
    due = world.run("monitor", "schedule", {})
    assert due.results == {"tick-prod-api": "success", "look-prod-live": "success"}, due.said
    assert world.serving() == 1


def test_what_productions_gate_refuses_is_not_released(world: World, first: Done) -> None:
    """In development, the gate has too few rows to decide by: that stops nothing, and releases nothing.

    The change is none of infrastructure, so that nothing is applied, and nobody asked.
    """
    shop_project.change(world.project, "<= 1 at", "<= 0.1 at", world.workshop.programs)
    acting.committed(world.project)
    serving = world.serving()
    stopped = _done(world, world.run("cd", "workflow_dispatch", {"inputs": {"environment": "prod"}}))
    passed = dict.fromkeys(["check", *STAGES, "image", "plan-prod"], "success")
    assert stopped.run.results == {**passed, "prove-prod": "failure"}, stopped.run.said
    new = [one for key, one in stopped.records.items() if key not in first.records]
    assert [(one["stage"], one["verdict"]) for one in new if one["kind"] == "test"] == [("price_gate", "fail")]
    assert stopped.serving == serving
