"""What every platform needs while it turns a build into a folder: names, reasons, and the spec's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING, Any, cast

from mlopsc.compiler.schema.values import SECONDS, Duration
from mlopsc.targets import Build
from mlopsc.targets.terraform.naming import name
from mlopsc.targets.terraform.resources import Backend, Extension, Output, Provider, Reason, Resource, Root, Variable

if TYPE_CHECKING:
    from mlopsc.compiler.semantics.model import EnvironmentModel, SettingModel
    from mlopsc.compiler.text import Location

_IDENTIFIER = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]*")
FOLDER = "terraform"
_MONTH = 31
"""The days of a month, for what must not go too early."""


@dataclass(frozen=True)
class Written:
    """A build as the platforms read it."""

    build: Build

    @property
    def pipeline(self) -> str:
        """The name of the pipeline."""
        return self.build.pipeline.name

    @property
    def environment(self) -> str:
        """The name of the environment."""
        return self.build.pipeline.environment.name

    @property
    def prefix(self) -> str:
        """What names of the environment begin with."""
        return name("aws_iam_role", self.pipeline, self.environment)

    @cached_property
    def model(self) -> EnvironmentModel | None:
        """The environment as it was checked, for what its text says."""
        return self.build.model.environments.get(self.environment) if self.build.model else None

    @property
    def at(self) -> Location | None:
        """The line that says where the environment lives, or its header."""
        return (self.setting_at("platform") or self.model.at) if self.model else None

    def setting_at(self, setting: str) -> Location | None:
        """Where a setting of the environment is written."""
        found = self.model.settings.get(setting) if self.model else None
        return found.at if found else None

    def because(self, purpose: str, setting: str = "platform") -> Reason:
        """A reason that a setting of the environment gives."""
        found = self.model.settings.get(setting) if self.model else None
        return Reason(purpose, f"environment {self.environment}", setting if found else "", _line(found))

    def because_of_stage(self, purpose: str, stage: str, setting: str = "", rule: str = "") -> Reason:
        """A reason that a stage gives: a rule of it by id, a setting of it, or that it is there."""
        declared = next(one for one in self.build.pipeline.stages if one.name == stage)
        part = f"{declared.kind} {stage}"
        if rule:
            text = next((one.text for one in declared.rules if one.id == rule), "")
            return Reason(purpose, part, rule, text)
        found = self.model.stages[stage].settings.get(setting) if self.model and setting else None
        return Reason(purpose, part, setting if found else "", _line(found))

    def because_of_pipeline(self, purpose: str, setting: str) -> Reason:
        """A reason that a setting of the `pipeline` block gives."""
        declared = self.build.model.pipeline if self.build.model else None
        found = declared.settings.get(setting) if declared else None
        return Reason(purpose, f"pipeline {self.pipeline}", setting, _line(found))

    def identifier(self, text: str) -> str:
        """A name of the spec as one of Terraform's language; changed ones end in a hash, so that none meet."""
        if _IDENTIFIER.fullmatch(text):
            return text
        plain = re.sub(r"[^a-zA-Z0-9_-]", "_", text)
        return f"x_{plain}_{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"

    def root(
        self,
        backend: Backend,
        providers: tuple[Provider, ...],
        resources: tuple[Resource, ...],
        variables: Mapping[str, Variable] | None = None,
        outputs: Mapping[str, Output] | None = None,
    ) -> Root:
        """The folder of the environment, with what a person adds to it."""
        return Root(
            f"{self.build.folder}/{FOLDER}",
            self.pipeline,
            self.environment,
            backend,
            providers,
            resources,
            variables or {},
            outputs or {},
            self.extensions,
            self.at,
        )

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """What `infrastructure = python("file.py:name")` names."""
        call = cast("Mapping[str, str] | None", self.build.pipeline.environment.settings.get("infrastructure"))
        if call is None:
            return ()
        file, _, function = call["name"].rpartition(":")
        return (Extension(file, function, self.setting_at("infrastructure")),)


def log_retention(settings: Mapping[str, Any]) -> int | None:
    """The days for which a release keeps its log of requests, from its settings; None where they say nothing of it."""
    log = cast("Mapping[str, Any]", settings.get("log") or {})
    if log.get("retention") is None:
        return None
    duration = Duration.parse(str(log["retention"]))
    return duration.months * _MONTH or ceil(duration.seconds / SECONDS["d"])


def _line(setting: SettingModel | None) -> str:
    """A setting as it was written; of one on several lines the first, because comments may stand in it."""
    if setting is None:
        return ""
    lines = [line.strip() for line in setting.at.text.splitlines()]
    return " ".join(lines[0].split()) if len(lines) == 1 else f"{lines[0].partition('#')[0].strip()} …"
