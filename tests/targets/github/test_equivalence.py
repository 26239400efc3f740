"""The emitted workflows and Terraform say what the pipeline says: read back, they are the same graph."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import shop_project
from networkx import DiGraph, transitive_closure_dag
from workflow_graphs import (
    Jobs,
    environments,
    graph_by_artifacts,
    graph_by_needs,
    jobs_of,
    logged_in,
    served,
    told_by,
    trusted,
)

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.ir.graph import differences, graph_of
from mlopsc.compiler.ir.model import Pipeline
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry

EXAMPLES = Path(__file__).parents[3] / "examples"
BIKE, FLIGHTS = EXAMPLES / "bike-demand", EXAMPLES / "flight-delays"
RUN = ("data", "train", "test")
AFTERWARDS = ("release", "monitor")


@dataclass(frozen=True)
class Emitted:
    """What a spec makes."""

    pipelines: tuple[Pipeline, ...]
    files: dict[str, str]

    def jobs(self, word: str) -> Jobs:
        """The jobs of a workflow; none where there is no such workflow."""
        (text, *_) = [*(text for path, text in self.files.items() if path.endswith(f"-{word}.yml")), "jobs: {}"]
        return jobs_of(text)

    @property
    def terraform(self) -> list[str]:
        return [text for path, text in self.files.items() if path.endswith("main.tf.json")]

    @property
    def told(self) -> dict[tuple[str, str], str]:
        """What GitHub knows of Azure once somebody has done what the pages say."""
        return told_by([text for path, text in self.files.items() if path.endswith("README.md")])

    def run_graph(self) -> DiGraph[str]:
        """What a run goes through, of the pipeline in its first environment."""
        graph = graph_of(self.pipelines[0])
        return graph.subgraph([name for name, kind in graph.nodes(data="kind") if kind in RUN])


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    three = tmp_path_factory.mktemp("specs") / "three"
    three.mkdir()
    for file in BIKE.glob("*.py"):
        (three / file.name).write_bytes(file.read_bytes())
    (three / "requirements.txt").write_bytes((BIKE / "requirements.txt").read_bytes())
    before, _, prod = (BIKE / "pipeline.mlops").read_text("utf-8").partition("environment prod {\n  follows   = dev\n")
    block, _, after = prod.partition("\n}\n")
    stage = f"environment stage {{\n  follows   = dev\n{block}\n}}\n"
    text = f"{before}{stage}\nenvironment prod {{\n  follows   = stage\n{block}\n}}\n{after}"
    (three / "pipeline.mlops").write_text(text, encoding="utf-8")
    (three / "tests").symlink_to(BIKE / "tests")
    (three / "data").symlink_to(BIKE / "data")
    spec = shop_project.changed(shop_project.SPEC, shop_project.VISITS)
    shop_project.write(three.parent / "shop", spec, Path(sys.executable).parent)
    return {"bike": BIKE, "flights": FLIGHTS, "three": three, "shop": three.parent / "shop"}


@pytest.fixture(scope="module")
def emitted(specs: dict[str, Path]) -> Callable[[str], Emitted]:
    @cache
    def emit(name: str) -> Emitted:
        compilation = Compilation(DiskWorkspace(specs[name]), registry(), "pipeline.mlops")
        targets = ["github", "terraform"]
        assert [one.message for one in compilation.diagnostics_for(targets) if one.is_error] == []
        files = {file.path: file.text for file in compilation.emit(targets)}
        return Emitted(tuple(build.pipeline for build in compilation.builds.values()), files)

    return emit


@pytest.mark.parametrize("word", ["ci", "cd"])
@pytest.mark.parametrize("spec", ["bike", "flights", "three", "shop"])
def test_jobs_of_stages_are_the_graph_of_the_pipeline(spec: str, word: str, emitted: Callable[[str], Emitted]) -> None:
    wanted, jobs = emitted(spec).run_graph(), emitted(spec).jobs(word)
    assert len(wanted) >= len(RUN)
    assert differences(wanted, graph_by_needs(jobs)) == ()
    # A job keeps what it made itself, so whoever comes later fetches that of all stages before.
    assert differences(transitive_closure_dag(wanted), graph_by_artifacts(jobs)) == ()


@pytest.mark.parametrize("spec", ["bike", "flights", "three", "shop"])
def test_releases_and_monitors_are_looked_after_where_they_serve(spec: str, emitted: Callable[[str], Emitted]) -> None:
    found = emitted(spec)
    clouds = [one for one in found.pipelines if one.environment.settings["platform"]["function"] != "local"]
    stages = [
        (one.environment.name, stage.kind, stage.name)
        for one in clouds
        for stage in one.stages
        if stage.kind in AFTERWARDS and one.environment.serves
    ]
    assert _about(found.jobs("monitor")) == sorted(stages)
    for word in ("cd", "rollback"):
        assert _about(found.jobs(word)) == sorted(stage for stage in stages if stage[1] == "release")


def test_environments_come_after_each_other_as_the_spec_says(emitted: Callable[[str], Emitted]) -> None:
    found = emitted("three")
    jobs = found.jobs("cd")
    names = [one.environment.name for one in found.pipelines]
    wanted: DiGraph[str] = DiGraph()
    wanted.add_edges_from((one.environment.settings["follows"], one.environment.name) for one in found.pipelines[1:])
    # What was trained in the first environment goes to all of them.
    wanted.add_edges_from((names[0], name) for name in names[1:])
    about = environments(jobs)
    waits = ((about[one], about[name]) for name, job in jobs.items() for one in job.get("needs", ()) if one in about)
    read: DiGraph[str] = DiGraph()
    read.add_edges_from((one, other) for one, other in waits if one != other)
    assert list(wanted) == ["dev", "stage", "prod"]
    assert differences(wanted, read) == ()


@pytest.mark.parametrize("spec", ["bike", "flights", "three"])
def test_roles_take_the_tokens_of_the_jobs_that_become_them(spec: str, emitted: Callable[[str], Emitted]) -> None:
    found = emitted(spec)
    roles = trusted(found.terraform)
    asked = [one for word in ("ci", "cd", "monitor", "rollback") for one in logged_in(found.jobs(word), found.told)]
    assert {name.rpartition("-")[2] for _, name, _ in asked} >= {
        "plan",
        "apply",
        "image",
        "train",
        "release",
        "monitor",
    }
    assert [one for one in asked if one[1:] not in roles] == []


def test_only_what_is_delivered_to_has_an_identity(emitted: Callable[[str], Emitted]) -> None:
    assert list(logged_in(emitted("bike").jobs("ci"))) == []
    assert list(logged_in(emitted("shop").jobs("cd"))) == []


PLANTED: dict[str, tuple[Callable[[Any], object], str, Callable[[Jobs], DiGraph[str]]]] = {
    "a dropped `needs`": (
        lambda jobs: jobs["train-demand"].update(needs=["check"]),
        "only in one does `demand` read `rides`",
        graph_by_needs,
    ),
    "a `needs` too many": (
        lambda jobs: jobs["data-rides"].update(needs=["check", "train-demand"]),
        "only in one does `rides` read `demand`",
        graph_by_needs,
    ),
    "a stage without a job": (
        lambda jobs: jobs.pop("test-demand_gate"),
        "only one has the stage `demand_gate`",
        graph_by_needs,
    ),
    "an artifact that nobody fetches": (
        lambda jobs: jobs["train-demand"].update(
            steps=[step for step in jobs["train-demand"]["steps"] if "fetch" not in step["id"]]
        ),
        "only in one does `demand` read `rides`",
        graph_by_artifacts,
    ),
    "a stage of another kind": (
        lambda jobs: jobs["train-demand"].update(name="data demand"),
        "the stage `demand` is `train` in one and `data` in the other",
        graph_by_needs,
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_what_is_not_the_pipeline_is_found(case: str, emitted: Callable[[str], Emitted]) -> None:
    plant, said, read = PLANTED[case]
    jobs = copy.deepcopy(dict(emitted("bike").jobs("cd")))
    plant(jobs)
    assert said in differences(emitted("bike").run_graph(), read(jobs))


def test_an_identity_of_another_environment_is_found(emitted: Callable[[str], Emitted]) -> None:
    jobs = copy.deepcopy(dict(emitted("bike").jobs("cd")))
    jobs["plan-prod"]["environment"] = "bike_demand-prod"
    asked = {one[1:] for one in logged_in(jobs)}
    assert asked - trusted(emitted("bike").terraform) == {("bike-demand-prod-ci-plan", "bike_demand-prod")}


def test_an_identity_of_azure_in_another_environment_is_found(emitted: Callable[[str], Emitted]) -> None:
    found = emitted("flights")
    jobs = copy.deepcopy(dict(found.jobs("cd")))
    swapped = {key: who.replace("ci-plan", "ci-apply") for key, who in found.told.items()}
    asked = {one[1:] for one in logged_in(jobs, swapped)}
    assert asked - trusted(found.terraform) == {("flight-delays-prod-ci-apply", "flight_delays-prod-plan")}


def test_a_job_that_builds_an_image_where_its_identity_is_not_trusted_is_found(
    emitted: Callable[[str], Emitted],
) -> None:
    found = emitted("flights")
    jobs = copy.deepcopy(dict(found.jobs("cd")))
    told = {(name, "flight_delays-prod-run"): who for (name, _), who in found.told.items()}
    jobs["image"]["environment"] = "flight_delays-prod-run"
    (asked,) = (one[1:] for one in logged_in({"image": jobs["image"]}, told))
    assert asked == ("flight-delays-image", "flight_delays-prod-run")
    assert asked not in trusted(found.terraform)


def test_a_variable_that_no_page_tells_of_is_found(emitted: Callable[[str], Emitted]) -> None:
    found = emitted("flights")
    jobs = copy.deepcopy(dict(found.jobs("cd")))
    jobs["plan-prod"]["environment"] = "bike_demand-prod"
    with pytest.raises(KeyError, match="CI_PLAN"):
        list(logged_in(jobs, found.told))


def _about(jobs: Jobs) -> list[tuple[str, str, str]]:
    where = environments(jobs)
    return sorted((where[name], kind, stage) for name, kind, stage in served(jobs))
