"""What a run walks: the stages of a `pipeline.json` that can be run, read without pydantic.

The file was checked when it was written; reading it again as plain JSON keeps a run with nothing to do fast.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.release.state import log_prefix
from mlopsc.stdlib.runtime.store.faults import OperationError

_IR_VERSION = 1
_NOT_OF_THE_RESULT = frozenset({"timeout", "retries", "compute"})
_ONLY_OF_THE_ROWS = frozenset({"source", "from", "transform", "refresh", "window", "as_of", "sample"})


@dataclass(frozen=True)
class PlannedStage:
    """One stage and the function (`"module:name"`) that does its work; `inputs` are those that are run too."""

    declaration: Mapping[str, Any]
    function: str
    inputs: tuple[str, ...]

    @property
    def name(self) -> str:
        """The stage's name."""
        return str(self.declaration["name"])

    @property
    def kind(self) -> str:
        """The stage's kind."""
        return str(self.declaration["kind"])

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its settings, as they stand in the file."""
        settings: Mapping[str, Any] = self.declaration.get("settings", {})
        return settings

    @property
    def files(self) -> tuple[str, ...]:
        """The project's files that it names."""
        return tuple(self.declaration.get("files", ()))

    @property
    def is_unseen(self) -> bool:
        """Whether nothing but reading its source tells if there are other rows."""
        return (self.settings.get("source") or {}).get("function") in ("python", "sql")

    @property
    def is_timed(self) -> bool:
        """Whether it judges the age of its rows by the clock."""
        subjects = [rule.get("subject") or {} for rule in self.declaration.get("rules", ())]
        aged = any(rule.get("function") == "age" for rule in subjects)
        return self.kind == "data" and aged and not self.settings.get("as_of")

    @property
    def is_pinned(self) -> bool:
        """Whether it keeps the rows that `mlops.lock` pins."""
        return (self.settings.get("refresh") or {}).get("function") == "pinned"

    @property
    def retries(self) -> int:
        """How often it is tried again after it failed."""
        return int(self.settings.get("retries") or 0)

    @property
    def timeout(self) -> float | None:
        """After how many seconds it is stopped."""
        text = self.settings.get("timeout")
        if text is None:
            return None
        from mlopsc.compiler.schema.values import Duration

        duration = Duration.parse(text)
        return duration.seconds + duration.months * 30 * 86_400


@dataclass(frozen=True)
class Plan:
    """The stages to walk, each after its inputs, and the whole file that they stand in."""

    document: Mapping[str, Any]
    stages: tuple[PlannedStage, ...]

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return str(self.document["name"])

    @property
    def environment(self) -> str:
        """The environment's name."""
        return str(self.document["environment"]["name"])

    @property
    def settings(self) -> Mapping[str, Any]:
        """The environment's settings."""
        settings: Mapping[str, Any] = self.document["environment"].get("settings", {})
        return settings

    def visible(self, stage: PlannedStage) -> dict[str, Any]:
        """The part of the file that a stage may see beside itself: its inputs, without their rules."""
        inputs = [one for one in self.document["stages"] if one["name"] in stage.inputs]
        return {**self.document, "stages": [seen(one) for one in inputs], "release_logs": self.release_logs(stage)}

    def release_logs(self, stage: PlannedStage) -> tuple[str, ...]:
        """The logs that tell which version a test stage's model has to beat: of the releases that it is the gate of.

        Where it is the gate of none, those of all releases of its model.
        """
        if stage.kind != "test":
            return ()
        releases = [(one["name"], one["settings"]) for one in self.document["stages"] if one["kind"] == "release"]
        gated = [name for name, settings in releases if settings.get("gate") == stage.name]
        alike = [name for name, settings in releases if settings.get("model") == stage.settings.get("model")]
        return tuple(log_prefix(name, self.environment) for name in gated or alike)

    def narrowed(self, names: Iterable[str]) -> Plan:
        """Only the named stages and what they need; raises OperationError when one is not there."""
        known = {stage.name: stage for stage in self.stages}
        wanted: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in known:
                raise self._no_stage(name)
            if name not in wanted:
                wanted.add(name)
                waiting += known[name].inputs
        return Plan(self.document, tuple(stage for stage in self.stages if stage.name in wanted))

    def _no_stage(self, name: str) -> OperationError:
        for stage in self.document["stages"]:
            if stage["name"] == name:
                return OperationError(f"`{name}` is a `{stage['kind']}` stage, which a run does not do", self._hint())
        return OperationError(f"`{self.name}` has no stage `{name}`", self._hint())

    def _hint(self) -> str:
        return f"it runs {', '.join(f'`{stage.name}`' for stage in self.stages)}"


def seen(declaration: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a stage's declaration that stages after it may see.

    How a data stage comes to its rows is left out: only its rows count, so moving a file trains nothing anew.
    """
    kept = {name: declaration[name] for name in ("name", "kind", "columns") if name in declaration}
    hidden = _ONLY_OF_THE_ROWS if declaration["kind"] == "data" else frozenset()
    settings = {name: value for name, value in result_settings(declaration).items() if name not in hidden}
    return {**kept, "settings": settings}


def result_settings(declaration: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a stage that its result can depend on."""
    settings: Mapping[str, Any] = declaration.get("settings", {})
    return {name: value for name, value in settings.items() if name not in _NOT_OF_THE_RESULT}


def load_plan(pipeline: Path | Mapping[str, Any], functions: Mapping[str, str]) -> Plan:
    """The plan of a `pipeline.json`; `functions` says which function (`"module:name"`) runs a kind of stage.

    Stages of other kinds are left out. Raises OperationError when the file is missing or is not such a file.
    """
    document = _read(pipeline) if isinstance(pipeline, Path) else pipeline
    runnable = {stage["name"] for stage in document["stages"] if stage["kind"] in functions}
    return Plan(
        document,
        tuple(
            PlannedStage(stage, functions[stage["kind"]], tuple(i for i in stage.get("inputs", ()) if i in runnable))
            for stage in document["stages"]
            if stage["name"] in runnable
        ),
    )


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise OperationError(f"`{path}` cannot be read: {error.strerror}", "run `mlopsc build`") from error
    except ValueError as error:
        raise OperationError(f"`{path}` is not JSON: {error}", "run `mlopsc build` to write it again") from error
    if not isinstance(document, dict) or not {"ir", "name", "environment", "stages"} <= document.keys():
        raise OperationError(f"`{path}` is not a pipeline", "run `mlopsc build` to write it again")
    if document["ir"] != _IR_VERSION:
        raise OperationError(
            f"`{path}` has version {document['ir']} of the format, and this mlopsc reads version {_IR_VERSION}",
            "install the mlopsc that wrote it, or run `mlopsc build`",
        )
    return document
