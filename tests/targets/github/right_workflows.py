"""Workflows that are right, and what a defect is that is planted in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from emitted_workflows import GOLDEN

from mlopsc.targets.github.expressions import Expr
from mlopsc.targets.github.jobs import checkout
from mlopsc.targets.github.model import Concurrency, Job, Permission, Step, Workflow
from mlopsc.targets.github.pins import KNOWN, Pin
from mlopsc.targets.github.writing import workflow_text

Checker = Literal["actionlint", "zizmor", "service", "policy"]

PINS = {
    **KNOWN,
    "aws": Pin("aws-actions/configure-aws-credentials", "v6.2.4", "cbe3b392738ccf3f987d68400dafcf4b0624a56c"),
    "cache": Pin("actions/cache", "v6.1.0", "55cc8345863c7cc4c66a329aec7e433d2d1c52a9"),
}


@dataclass(frozen=True)
class Planted:
    """A defect: what is replaced by what in a workflow, who must catch it, and what that says."""

    name: str
    base: Literal["integration", "azure", "delivery"]
    old: str
    new: str
    checker: Checker
    says: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return "".join(one if one.isalnum() else "-" for one in self.name) + ".yml"

    @property
    def text(self) -> str:
        """The workflow with the defect, at the first place where it can be."""
        before = bases()[self.base]
        assert self.old in before, f"{self.name}: the workflow has no {self.old!r} any more"
        return before.replace(self.old, self.new, 1)


def bases() -> dict[str, str]:
    """What is right: an integration and ticks on Azure as emitted, and a delivery with an identity and a schedule."""
    integration = (GOLDEN / "bike-demand" / "bike_demand-ci.yml").read_text("utf-8")
    azure = (GOLDEN / "flight-delays" / "flight_delays-monitor.yml").read_text("utf-8")
    return {
        "integration": integration,
        "azure": azure,
        "delivery": workflow_text(_delivery(), PINS, "ubuntu-24.04", ["Delivers."]),
    }


def _delivery() -> Workflow:
    login = Step(
        "login",
        "Log in",
        uses="aws",
        given={"role-to-assume": "arn:aws:iam::123456789012:role/bike-prod-apply", "aws-region": "eu-west-1"},
    )
    train = Step(
        "train",
        "Train",
        run='python train.py >"$RUNNER_TEMP/hash"\necho "model=$(cat "$RUNNER_TEMP/hash")" >>"$GITHUB_OUTPUT"\n',
    )
    apply = Step("apply", "Apply", run='python apply.py "$MODEL"', env={"MODEL": Expr("needs.train.outputs.model")})
    code = Permission("contents", "read", "the code")
    token = Permission("id-token", "write", "the identity in the cloud")
    jobs = (
        Job(
            "train",
            "train",
            (checkout(), train),
            60,
            permissions=(code,),
            outputs={"model": Expr("steps.train.outputs.model")},
        ),
        Job(
            "apply-prod",
            "apply prod",
            (checkout(), login, apply),
            30,
            needs=("train",),
            permissions=(code, token),
            environment="prod",
        ),
    )
    triggers = {"push": {"branches": ["main"]}, "schedule": [{"cron": "23 4 * * 1"}], "workflow_dispatch": {}}
    group = Concurrency("bike-cd", cancels=False)
    return Workflow("cd", "bike: delivery", "Delivers.", triggers, jobs, group)
