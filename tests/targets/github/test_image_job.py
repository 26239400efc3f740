"""The scripts of the job that builds an image, run one by one with stand-ins for `aws` and Docker."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import acting
import pytest
from emitted_workflows import CASES, GOLDEN
from workflow_graphs import jobs_of

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

BIN = Path(__file__).parent / "stand_ins" / "configure-aws-credentials" / "bin"
NAME = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/bike-demand"
IMAGE = "deploy/bike_demand/image/Dockerfile"
_EXPRESSION = re.compile(r"\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}")


@dataclass
class Machine:
    """A job's machine: its scripts run in the order of the workflow, as long as none fails."""

    project: Path
    states: Path
    said: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def job(self) -> int:
        """Run the job; the code with which it ends."""
        job = jobs_of((GOLDEN / "bike-demand" / "bike_demand-cd.yml").read_text("utf-8"))["image"]
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
            name: _EXPRESSION.sub(lambda match: self.outputs[match[1]][match[2]], str(value))
            for name, value in {**env, **step.get("env", {})}.items()
        }
        about = {"GITHUB_SHA": acting.git(self.project, "rev-parse", "HEAD").strip(), "GITHUB_OUTPUT": str(output)}
        about |= {"RUNNER_TEMP": str(self.states), "GITHUB_STEP_SUMMARY": os.devnull}
        about |= {"ACTING_STATES": str(self.states), "AWS_ACCESS_KEY_ID": "testing"}
        outside = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.states), **about, **given}
        command = ["bash", "-e", "-c", step["run"]]
        done = subprocess.run(command, cwd=self.project, env=outside, capture_output=True, text=True, check=False)
        self.said += done.stdout + done.stderr
        lines = output.read_text("utf-8").splitlines()
        self.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
        return done.returncode


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
    spec = TWO.replace("{account}", account).replace("{plan}", plan)
    compilation = Compilation(MemoryWorkspace({"pipeline.mlops": spec, "rows.csv": ""}), registry())
    assert [one.message for one in compilation.diagnostics_for(["github"]) if one.is_error] == []
    return jobs_of(next(file.text for file in compilation.emit(["github"]) if file.path.endswith("-cd.yml")))


def test_one_registry_an_account() -> None:
    """The first environment only comes before others, and serves nobody; its account has the registry all the same."""
    jobs = cd("123456789012")
    assert jobs["image"]["env"] == {"IMAGE": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop"}
    step = next(step for step in jobs["image"]["steps"] if step["id"] == "log-in")
    assert step["with"]["role-to-assume"] == "arn:aws:iam::123456789012:role/shop-stage-image"
    assert "image" in jobs["plan-prod"]["needs"]
    other = cd("210987654321")
    assert other["image"]["env"] == {"IMAGE": "210987654321.dkr.ecr.eu-central-1.amazonaws.com/shop"}


def test_private_repositories_attest_with_enterprise_only() -> None:
    for plan, words in (
        ("", "!github.event.repository.private"),
        (", plan = enterprise", "!steps.find.outputs.image"),
    ):
        steps = cd("123456789012", plan)["image"]["steps"]
        attest = next(step for step in steps if step["id"] == "attest")
        assert attest["if"].endswith(f"{words} }}}}")
