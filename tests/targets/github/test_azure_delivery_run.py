"""A delivery to Azure, run: a merge whose identities nobody has told GitHub of, and the same when somebody has.

The cloud is a folder of this machine: what stands in for Terraform makes containers there, `az` keeps plans in it, what
stands in for adlfs has the store in it, and Docker images. Each asks who is there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import acting
import pytest
import shop_project
from acting import Run, Workshop
from workflow_graphs import told_by

pytestmark = pytest.mark.integration

STAGES = ("data-orders", "train-price", "test-price_gate")
BOOTSTRAP = "deploy/shop/bootstrap/azure-11111111-2222-3333-4444-555555555555"
LOCK = "deploy/shop/prod/terraform/.terraform.lock.hcl"
PUSH = {"ref": "refs/heads/main"}


@dataclass(frozen=True)
class World:
    """The repository, the cloud that it is delivered to, and what a person has told GitHub."""

    workshop: Workshop
    project: Path
    azure: Path
    told: dict[str, str]

    def run(self, word: str, event: str, payload: dict[str, object], *identities: str) -> Run:
        """Run a workflow when GitHub knows of these identities."""
        told = {name: who for name, who in self.told.items() if who.endswith(identities)}
        variables = {"ACTING_AZURE": str(self.azure), "ACTING_STATES": str(self.azure.parent / "states")}
        tenant = {"AZURE_TENANT_ID": "99999999-0000-0000-0000-000000000000"}
        return acting.run(self.workshop, self.project, f"shop-{word}", event, payload, variables, {**tenant, **told})

    def blobs(self, place: str) -> list[str]:
        """What is kept in containers that a pattern fits."""
        return sorted(str(file.relative_to(self.azure)) for file in self.azure.glob(f"{place}/**/*") if file.is_file())


@pytest.fixture(scope="module")
def world(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> World:
    """What a person has set up once: the repository with its lock of providers, and the account of states."""
    folder = tmp_path_factory.mktemp("world")
    project, azure = folder / "project", folder / "azure"
    (folder / "states").mkdir()
    shop_project.write(project, shop_project.ON_AZURE, workshop.programs)
    (project / LOCK).touch()
    acting.begun(project)
    page = (project / BOOTSTRAP / "README.md").read_text("utf-8")
    told = {name: who for (name, _), who in told_by([page]).items()}
    account = page.partition("--name tfstate")[2].split()[0]
    (azure / f"tfstate{account}" / "tfplan").mkdir(parents=True)
    return World(workshop, project, azure, told)


@pytest.fixture(scope="module")
def first(world: World) -> Run:
    """A merge when only the bootstrap has been applied: what the environment makes itself has no ids yet."""
    return world.run("cd", "push", dict(PUSH), "ci-plan", "ci-apply", "image")


@pytest.fixture(scope="module")
def second(world: World, first: Run) -> Run:
    """The same once somebody has typed all that the page of the bootstrap says."""
    assert first.results
    return world.run("cd", "push", dict(PUSH), "ci-plan", "ci-apply", "image", "train", "release", "monitor")


def test_the_first_delivery_stops_after_apply_and_says_what_to_tell_github(first: Run) -> None:
    done = dict.fromkeys(["check", *STAGES, "image", "plan-prod", "apply-prod"], "success")
    assert first.results == {**done, "prove-prod": "failure"}, first.said
    said = first.of("prove-prod")
    assert "AZURE_CLIENT_ID_TRAIN of its environment shop-prod-run" in said, said
    assert f"{BOOTSTRAP}/README.md says how" in said


def test_exactly_the_plan_is_applied(world: World, first: Run) -> None:
    (kept,) = world.blobs("*/tfplan")
    assert "/tfplan/shop/prod/" in kept
    assert ": OK" in first.of("apply-prod")


def test_the_image_is_attested_and_named_and_made_once(world: World, first: Run, second: Run) -> None:
    states = world.azure.parent / "states"
    tags = json.loads((states / "registry" / "tags").read_text("utf-8"))
    commit = acting.git(world.project, "rev-parse", "HEAD").strip()
    name = next(tag for tag in tags if tag.endswith(commit)).partition(":")[0]
    assert re.fullmatch(r"shop\w+\.azurecr\.io/shop", name)
    built = f"{name}@{tags[f'{name}:{commit}']}"
    assert (states / "attested").read_text("utf-8").split() == [built]
    assert f"built: {built}" in first.of("image")
    assert f"built before from the same inputs: {built}" in second.of("image")


def test_the_next_delivery_proves_and_releases(world: World, second: Run) -> None:
    done = ["check", *STAGES, "image", "plan-prod", "prove-prod", "release-prod-api"]
    assert second.results == dict.fromkeys(done, "success"), second.said
    assert "price: cached" in second.of("prove-prod")
    assert "price_gate: starts" in second.of("prove-prod")
    assert [one for one in world.blobs("*/store") if "/release/api/prod/" in one]


def test_ticks_looks_and_rollbacks_find_the_store(world: World, second: Run) -> None:
    assert second.results
    due = world.run("monitor", "schedule", {}, "release", "monitor")
    assert due.results == {"tick-prod-api": "success", "look-prod-live": "success"}, due.said
    asked = {"environment": "prod", "version": "", "reason": "it's wrong; $(id)"}
    back = world.run("rollback", "workflow_dispatch", {"inputs": asked}, "release")
    # There is one version only; the store has said so.
    assert back.results == {"rollback-prod-api": "failure"}
    assert "nothing came before it" in back.of("rollback-prod-api")
