"""The scripts of the job that builds an image, run one by one with stand-ins for `aws`, `az` and Docker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import acting
import pytest
from emitted_workflows import CASES, GOLDEN
from workflow_graphs import jobs_of, logged_in, told_by

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

STAND_INS = Path(__file__).parent / "stand_ins"
BINS = [STAND_INS / name / "bin" for name in ("machine", "configure-aws-credentials", "login")]
NAME = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/bike-demand"
ON_AZURE = "flightdelays1111111122223333444455555555555543c9b2.azurecr.io/flight-delays"
IMAGE = "deploy/bike_demand/image/Dockerfile"
_EXPRESSION = re.compile(r"\$\{\{ (?:steps|vars)\.(\w+)(?:\.outputs\.(\w+))? \}\}")
WHO = "flight-delays-image"
"""Whom GitHub has been told of, and whom the action that logs in has made of a job."""


@dataclass
class Machine:
    """A job's machine: its scripts run in the order of the workflow, as long as none fails."""

    project: Path
    states: Path
    case: str = "bike-demand"
    told: str = WHO
    said: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def job(self) -> int:
        """Run the job; the code with which it ends."""
        (file,) = (GOLDEN / self.case).glob("*-cd.yml")
        job = jobs_of(file.read_text("utf-8"))["image"]
        self.outputs, self.said = {}, ""
        for step in job["steps"]:
            if "run" in step and not ("if" in step and self.found):
                code = self._step(step, job["env"])
                if code:
                    return code
        return 0

    @property
    def found(self) -> bool:
        """Whether the job has found an image that is there already."""
        return "image" in self.outputs.get("find", {})

    @property
    def image(self) -> str:
        """The output of the job."""
        return self.outputs["find" if self.found else "build"]["image"]

    @property
    def tags(self) -> Mapping[str, str]:
        """All tags of the registry."""
        found: dict[str, str] = json.loads((self.states / "registry" / "tags").read_text("utf-8"))
        return found

    def _step(self, step: Mapping[str, Any], env: Mapping[str, str]) -> int:
        output = self.states / "output"
        output.write_text("", encoding="utf-8")
        given = {
            name: _EXPRESSION.sub(self._value, str(value)) for name, value in {**env, **step.get("env", {})}.items()
        }
        about = {"GITHUB_SHA": acting.git(self.project, "rev-parse", "HEAD").strip(), "GITHUB_OUTPUT": str(output)}
        about |= {"RUNNER_TEMP": str(self.states), "GITHUB_STEP_SUMMARY": os.devnull}
        about |= {"ACTING_STATES": str(self.states), "AWS_ACCESS_KEY_ID": "testing", "ACTING_CLIENT": self.told}
        outside = {
            "PATH": os.pathsep.join([*map(str, BINS), acting.SYSTEM]),
            "HOME": str(self.states),
            **about,
            **given,
        }
        command = ["bash", "-e", "-c", step["run"]]
        done = subprocess.run(command, cwd=self.project, env=outside, capture_output=True, text=True, check=False)
        self.said += done.stdout + done.stderr
        lines = output.read_text("utf-8").splitlines()
        self.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
        return done.returncode

    def _value(self, expression: re.Match[str]) -> str:
        step, output = expression.groups()
        return self.outputs[step][output] if output else self.told


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    project, states = tmp_path / "project", tmp_path / "states"
    states.mkdir()
    for path in ("features.py", "data/bikeshare.csv", "requirements.txt", "README.md", IMAGE):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(path, encoding="utf-8")
    ignored = (CASES["bike-demand"].parent / f"{IMAGE}.dockerignore").read_text("utf-8")
    (project / f"{IMAGE}.dockerignore").write_text(ignored, encoding="utf-8")
    acting.begun(project)
    return Machine(project, states)


@pytest.fixture
def on_azure(machine: Machine) -> Machine:
    """The same for an environment on Azure."""
    place = machine.project / "deploy" / "flight_delays" / "image"
    shutil.copytree(CASES["flight-delays"].parent / "deploy" / "flight_delays" / "image", place)
    acting.committed(machine.project)
    machine.case = "flight-delays"
    return machine


def test_an_image_is_named_by_its_inputs_and_its_commit(machine: Machine) -> None:
    assert machine.job() == 0, machine.said
    commit = acting.git(machine.project, "rev-parse", "HEAD").strip()
    inputs = machine.outputs["find"]["inputs"]
    digest = machine.outputs["build"]["digest"]
    assert machine.tags == {f"{NAME}:inputs-{inputs}": digest, f"{NAME}:{commit}": digest}
    assert machine.image == f"{NAME}@{digest}"


def test_the_same_inputs_are_not_pushed_twice(machine: Machine) -> None:
    assert machine.job() == 0, machine.said
    first, tags = machine.image, machine.tags
    (machine.project / "README.md").write_text("other words", encoding="utf-8")
    acting.committed(machine.project)
    assert machine.job() == 0, machine.said
    assert machine.found
    assert (machine.image, machine.tags) == (first, tags)


@pytest.mark.parametrize("path", ["features.py", "data/bikeshare.csv", "requirements.txt", IMAGE])
def test_other_inputs_are_another_image(path: str, machine: Machine) -> None:
    assert machine.job() == 0, machine.said
    first = machine.image
    (machine.project / path).write_text("other", encoding="utf-8")
    acting.committed(machine.project)
    assert machine.job() == 0, machine.said
    assert not machine.found
    assert machine.image != first
    assert len(machine.tags) == 4


def test_what_was_pushed_without_a_name_is_built_again(machine: Machine) -> None:
    """Somebody ended the job before it was attested: nothing finds that image, so it is made anew and attested."""
    assert machine.job() == 0, machine.said
    (machine.states / "registry" / "tags").unlink()
    assert machine.job() == 0, machine.said
    assert not machine.found


def test_on_azure_it_is_pushed_once_by_whom_github_has_been_told_of(on_azure: Machine) -> None:
    assert on_azure.job() == 0, on_azure.said
    digest = on_azure.outputs["build"]["digest"]
    inputs, commit = on_azure.outputs["find"]["inputs"], acting.git(on_azure.project, "rev-parse", "HEAD").strip()
    assert on_azure.tags == {f"{ON_AZURE}:inputs-{inputs}": digest, f"{ON_AZURE}:{commit}": digest}
    assert on_azure.image == f"{ON_AZURE}@{digest}"
    assert on_azure.job() == 0, on_azure.said
    assert (on_azure.found, on_azure.image) == (True, f"{ON_AZURE}@{digest}")


def test_on_azure_nobody_and_nobody_else_pushes(on_azure: Machine) -> None:
    on_azure.told = ""
    assert on_azure.job() != 0
    assert "AZURE_CLIENT_ID_IMAGE_11111111 of its environment flight_delays-image: deploy/" in on_azure.said
    on_azure.told = "flight-delays-prod-ci-plan"
    assert on_azure.job() != 0
    assert "Access was denied" in on_azure.said
    assert not (on_azure.states / "registry" / "tags").exists()


def test_without_a_registry_the_job_fails(machine: Machine) -> None:
    (machine.states / "registry").write_text("no folder", encoding="utf-8")
    assert machine.job() != 0


TWO = """pipeline shop { github = github("o/r"{plan}) }
environment stage { platform = aws(region = "eu-west-1", account = "123456789012") }
environment prod {
  follows  = stage
  platform = aws(region = "eu-central-1", account = "{account}")
}
data rows {
  source = csv("rows.csv")
  target = y
  schema {
    x: float in 0..1
    y: float
  }
  check rows >= 10
  split = random(train = 60%, validation = 20%, test = 20%)
}
train model {
  data      = rows
  estimator = sklearn("linear_model.LinearRegression")
  minimize mae(validation)
}
test gate {
  model = model
  require mae(test) <= 1 at 95%
}
release api {
  model = model
  gate  = gate
}
"""


def cd(account: str, plan: str = "") -> Mapping[str, Mapping[str, Any]]:
    return jobs_of(emitted(TWO.replace("{account}", account).replace("{plan}", plan))["shop-cd.yml"])


def emitted(spec: str) -> dict[str, str]:
    """Workflows by the names of their files, and other files by their paths."""
    targets = ["github", "terraform"]
    compilation = Compilation(MemoryWorkspace({"pipeline.mlops": spec, "rows.csv": ""}), registry())
    assert [one.message for one in compilation.diagnostics_for(targets) if one.is_error] == []
    return {file.path.removeprefix(".github/workflows/"): file.text for file in compilation.emit(targets)}


def test_one_registry_an_account() -> None:
    """The first environment only comes before others, and serves nobody; its account has the registry all the same."""
    jobs = cd("123456789012")
    assert jobs["image"]["env"] == {"IMAGE": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop"}
    step = next(step for step in jobs["image"]["steps"] if step["id"] == "log-in")
    assert step["with"]["role-to-assume"] == "arn:aws:iam::123456789012:role/shop-stage-image"
    assert "image" in jobs["plan-prod"]["needs"]
    other = cd("210987654321")
    assert other["image"]["env"] == {"IMAGE": "210987654321.dkr.ecr.eu-central-1.amazonaws.com/shop"}


MORE = """environment {name} {{
  follows  = {before}
  platform = azure("westeurope", "{subscription}-2222-3333-4444-555555555555")
}}
"""


def test_one_registry_a_subscription() -> None:
    """Beside an account of AWS, two subscriptions of Azure; the identity is called the same in both."""
    places = (("one", "prod", "11111111"), ("two", "one", "aaaaaaaa"), ("three", "two", "AAAAAAAA"))
    azure = "".join(MORE.format(name=name, before=before, subscription=one) for name, before, one in places)
    spec = TWO.replace("{account}", "123456789012").replace("{plan}", "").replace("data rows", f"{azure}data rows")
    files = emitted(spec)
    jobs = jobs_of(files["shop-cd.yml"])
    images = {name: job for name, job in jobs.items() if name.startswith("image")}
    needed = {name: [one for one in job["needs"] if one in images] for name, job in jobs.items() if "plan-" in name}
    assert list(needed.values()) == [["image-prod"], ["image-one"], ["image-two"], ["image-two"]]
    assert len({job["env"]["IMAGE"] for job in images.values()}) == len(images) == 3
    told = told_by([text for path, text in files.items() if path.endswith("README.md")])
    assert {who: place for (_, place), who in told.items() if who == "shop-image"} == {"shop-image": "shop-image"}
    assert [who for _, who, _ in logged_in(images, told)] == ["shop-stage-image", "shop-image", "shop-image"]
    clients = {step["with"].get("client-id") for job in images.values() for step in job["steps"] if "with" in step}
    assert clients == {None, *(f"${{{{ vars.AZURE_CLIENT_ID_IMAGE_{one} }}}}" for one in ("11111111", "AAAAAAAA"))}


def test_private_repositories_attest_with_enterprise_only() -> None:
    for plan, words in (
        ("", "!github.event.repository.private"),
        (", plan = enterprise", "!steps.find.outputs.image"),
    ):
        steps = cd("123456789012", plan)["image"]["steps"]
        attest = next(step for step in steps if step["id"] == "attest")
        assert attest["if"].endswith(f"{words} }}}}")
