"""Where each part of a pipeline was written: kept beside it, so that a comment never changes the pipeline itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel, SettingModel, StageModel

Origins = dict[str, Any]
"""`{"pipeline": place, "environment": part, "stages": {name: part}}`, where a place is `file:line:column` and a part
is `{"at": place, "settings": {name: place}, "rules": {id: place}, "columns": {name: place}}`."""


def origins(model: SemanticModel, environment: EnvironmentModel) -> Origins:
    """The places of all parts of a program in one environment."""
    return {
        "pipeline": str(model.pipeline.at) if model.pipeline else "",
        "environment": {"at": str(environment.at), "settings": _settings(environment.settings)},
        "stages": {stage.name: _stage(stage) for stage in environment.stages.values()},
    }


def dump(found: Origins) -> str:
    """The places as the file `origins.json`."""
    return json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def place(found: Mapping[str, Any], stage: str, *, rule: str = "", setting: str = "") -> str:
    """The place of a rule or setting of a stage, else that of the stage, as `file:line:column`; empty if unknown.

    `schema.NAME` is the setting that declares a column.
    """
    part = found.get("stages", {}).get(stage, {})
    exact = part.get("rules", {}).get(rule) or part.get("settings", {}).get(setting)
    if setting.startswith("schema."):
        exact = part.get("columns", {}).get(setting.removeprefix("schema."))
    return str(exact or part.get("at", ""))


def _stage(stage: StageModel) -> dict[str, Any]:
    return {
        "at": str(stage.at),
        "settings": _settings(stage.settings),
        "rules": {rule.id: str(rule.at) for rule in stage.rules},
        "columns": {column.name: str(column.at) for column in stage.columns},
    }


def _settings(settings: Mapping[str, SettingModel]) -> dict[str, str]:
    return {name: str(setting.at) for name, setting in settings.items()}
