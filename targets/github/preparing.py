"""What a spec adds to jobs that run stages: scripts before them, containers beside them, and the secrets they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlopsc.compiler.ir.graph import ancestors
from mlopsc.compiler.ir.model import Pipeline, Stage
from mlopsc.targets.github.expressions import Expr
from mlopsc.targets.github.model import Step, Value
from mlopsc.targets.github.names import job_id
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.github.secrets_of import secret_names

_HEALTH = '--health-cmd "{command}" --health-interval 5s --health-timeout 5s --health-retries 24'


def prepared(repository: Repository, stages: Sequence[Stage]) -> Iterator[Step]:
    """The scripts that belong before any of the stages."""
    names = {stage.name for stage in stages}
    counted: dict[str, int] = {}
    for one in repository.settings.get("steps", ()):
        title = str(one.get("name", "Prepare the machine"))
        counted[title] = counted.get(title, 0) + 1
        again = [str(counted[title])] if counted[title] > 1 else []
        if not one.get("stages") or names.intersection(one["stages"]):
            yield Step(job_id("prepare", *again, title), title, run=str(one["run"]))


def services(repository: Repository) -> Mapping[str, Value]:
    """The containers beside jobs that run stages, as GitHub has them."""
    return {str(one["name"]): _container(one) for one in repository.settings.get("services", ())}


def secrets(stages: Sequence[Stage]) -> dict[str, Expr]:
    """The secrets that the stages read, each as the environment variable that code finds it in."""
    names = {name: None for stage in stages for name in secret_names(stage.settings)}
    return {name: Expr(f"secrets.{name}") for name in sorted(names)}


def reads_no_secret(pipeline: Pipeline, stages: Sequence[Stage]) -> list[Stage]:
    """The stages that run where there are no secrets: neither they nor what they are made of reads one."""
    reading = {stage.name for stage in stages if secrets([stage])}
    if not reading:
        return [*stages]
    return [stage for stage in stages if not reading.intersection((stage.name, *ancestors(pipeline, stage.name)))]


def _container(service: Mapping[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {"image": str(service["image"])}
    variables = dict(str(one).split("=", 1) for one in service.get("env", ()))
    if variables:
        found["env"] = variables
    if service.get("ports"):
        found["ports"] = [f"{port}:{port}" for port in service["ports"]]
    if service.get("health"):
        found["options"] = _HEALTH.format(command=service["health"])
    return found
