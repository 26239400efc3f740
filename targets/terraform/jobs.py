"""Stages that run as tasks of their own on a cloud: what the spec asks for, before any cloud has a say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.schema.values import Bytes, Duration
from mlopsc.compiler.semantics.model import EnvironmentModel, SettingModel
from mlopsc.targets import Build
from mlopsc.targets.terraform import messages

if TYPE_CHECKING:
    from mlopsc.compiler.ir.model import Stage

KINDS = ("data", "train", "test")
"""The kinds of stages that can be jobs."""
COMPUTE = "compute"
_JOB = "job"


@dataclass(frozen=True)
class Job:
    """A stage as a task: how many processors, how many bytes of memory, after how many seconds it is stopped."""

    stage: Stage
    cpu: float
    memory: int
    seconds: int


def jobs_of(build: Build) -> list[Job]:
    """The jobs of an environment, in the order of its stages."""
    return [_job(stage) for stage in build.pipeline.stages if _is_job(stage.settings.get(COMPUTE))]


def submitted(build: Build) -> bool:
    """Whether workflows start the jobs of an environment; without a repository, a person does."""
    github = cast("Mapping[str, Any]", build.pipeline.settings.get("github") or {})
    return bool(github.get("repository")) and bool(jobs_of(build))


def asked(environment: EnvironmentModel) -> Iterator[tuple[str, str, SettingModel]]:
    """The stages of a checked environment that are to be jobs: name, kind, and the setting that says so."""
    for name, stage in environment.stages.items():
        setting = stage.settings.get(COMPUTE)
        if setting and _is_job(setting.value):
            yield name, stage.kind.word, setting


def no_jobs(environment: EnvironmentModel, platform: str) -> Iterator[Diagnostic]:
    """What a platform without cloud jobs says."""
    for _, _, setting in asked(environment):
        instead = f"Leave `{COMPUTE}` out, or say `{COMPUTE} = runner()` in `override` of `{environment.name}`."
        yield messages.cannot_do(setting.at, "cloud jobs that Terraform writes yet", platform, instead)


def _is_job(compute: Any) -> bool:
    return isinstance(compute, Mapping) and compute.get("function") == _JOB


def _job(stage: Stage) -> Job:
    call = cast("Mapping[str, Any]", stage.settings[COMPUTE])
    seconds = Duration.parse(str(call["timeout"])).seconds
    return Job(stage, float(call["cpu"]), Bytes.parse(str(call["memory"])).count, int(seconds))
