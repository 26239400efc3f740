"""What keeps a stage from being a task on Amazon, each at its line of the spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.schema.values import Bytes, Duration
from mlopsc.compiler.semantics.model import EnvironmentModel, SettingModel
from mlopsc.targets.terraform import messages
from mlopsc.targets.terraform.aws.tasks import size, told_sizes
from mlopsc.targets.terraform.jobs import COMPUTE, KINDS, asked
from mlopsc.targets.terraform.refusals import unsupported

_NETWORK = 'Add `network = existing(vpc = "vpc-…", subnets = ["subnet-…"])` to `environment {}`.'
_UNSEEN = ("sql", "python")
"""Sources of which only reading tells whether there are other rows: nobody could say whether a job is done."""


def jobs_refused(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """A job needs a network and a size that there is, and a key that is known before it begins."""
    found = list(asked(environment))
    if not found:
        instead = "Leave it out: only cloud jobs (`compute = job(…)`) stand in a network of yours."
        yield from unsupported(environment, "network", "aws", "part in a network here", instead)
    for name, kind, setting in found:
        if kind not in KINDS:
            instead = f"Leave `{COMPUTE}` out: {', '.join(KINDS)} stages can be jobs."
            yield messages.cannot_do(setting.at, f"cloud jobs for `{kind}` stages", "aws", instead)
            continue
        if "network" not in environment.settings:
            what = f"network in which the job of `{name}` could run"
            yield messages.cannot_do(setting.at, what, "aws", _NETWORK.format(environment.name))
        yield from _size(setting)
        yield from _unseen(environment, setting)


def _size(setting: SettingModel) -> Iterator[Diagnostic]:
    call = cast("Mapping[str, Any]", setting.value)
    cpu, memory = float(call["cpu"]), str(call["memory"])
    if size(cpu, Bytes.parse(memory).count) is None:
        what = f"task with {cpu:g} processors and {memory}"
        yield messages.cannot_do(setting.value_at, what, "aws", told_sizes(cpu))
    if Duration.parse(str(call["timeout"])).months:
        yield messages.cannot_do(setting.value_at, "job of months", "aws", "Write `timeout` in hours or days.")


def _unseen(environment: EnvironmentModel, setting: SettingModel) -> Iterator[Diagnostic]:
    for stage in environment.stages.values():
        source = stage.settings.get("source")
        call = cast("Mapping[str, Any]", source.value) if source else {}
        if stage.kind.word == "data" and call.get("function") in _UNSEEN:
            what = f"cloud jobs beside a source such as that of `{stage.name}`, whose version only reading it tells"
            instead = f"Have `{stage.name}` read files, which something else writes; or leave `{COMPUTE}` out."
            yield messages.cannot_do(setting.at, what, "aws", instead)
