"""What of a spec cannot be written as workflows, each at its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel, SettingModel
from mlopsc.targets.github import messages
from mlopsc.targets.github.scheduling import HOURLY, cron
from mlopsc.targets.github.secrets_of import secret_names

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_RESERVED = "GITHUB_"


def refused(model: SemanticModel, environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """What is wrong in one environment; nothing where there are no workflows."""
    named = model.pipeline.settings.get("github") if model.pipeline else None
    if named is None:
        return
    assert model.pipeline is not None
    for at, name in ((model.pipeline.at, model.pipeline.name), (environment.at, environment.name)):
        if not _NAME.fullmatch(name):
            yield messages.environment_name(at, name)
    yield from _secrets(environment)
    yield from _schedule(named)
    yield from _local(named, environment)


def _secrets(environment: EnvironmentModel) -> Iterator[Diagnostic]:
    for stage in environment.stages.values():
        for setting in stage.settings.values():
            for name in secret_names(setting.value):
                if name.upper().startswith(_RESERVED):
                    yield messages.reserved_secret(setting.value_at, name)


def _schedule(named: SettingModel) -> Iterator[Diagnostic]:
    every = str(_call(named).get("every", HOURLY))
    if cron(every, "") is None:
        yield messages.impossible_schedule(named.value_at, every)


def _local(named: SettingModel, environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """An environment after the first that no job reaches."""
    platform = environment.settings.get("platform")
    is_local = platform is None or _call(platform).get("function") == "local"
    if _call(named).get("repository") and environment.rank > 0 and is_local:
        yield messages.not_delivered(platform.at if platform else environment.at, environment.name)


def _call(setting: SettingModel) -> Mapping[str, Any]:
    return setting.value if isinstance(setting.value, dict) else {}
