"""One release in one environment: what it is made of and where its records lie in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.stdlib.runtime.release.state import log_prefix
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.opening import environment_store

if TYPE_CHECKING:
    from mlopsc.compiler.ir.model import Rule
    from mlopsc.stdlib.release import Release
    from mlopsc.stdlib.runtime.store.protocol import Store

Declaration = Mapping[str, Any]
"""A stage as it stands in `pipeline.json`."""


@dataclass(frozen=True)
class Deployment:
    """A release of a pipeline in an environment. `document` is the content of `pipeline.json`."""

    document: Mapping[str, Any]
    project: Path
    store: Store
    stage: Declaration

    @property
    def name(self) -> str:
        """The name of the release."""
        return str(self.stage["name"])

    @property
    def environment(self) -> str:
        """The name of the environment."""
        return str(self.document["environment"]["name"])

    @property
    def environment_settings(self) -> Mapping[str, Any]:
        """The settings of the environment, as they stand in the file."""
        settings: Mapping[str, Any] = self.document["environment"].get("settings", {})
        return settings

    @cached_property
    def settings(self) -> Release:
        """The settings of the release."""
        from mlopsc.stdlib.release import Release

        return Release.model_validate(self.stage.get("settings", {}))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """What the release requires and guards."""
        from mlopsc.compiler.ir.model import Rule

        return tuple(Rule.model_validate(rule) for rule in self.stage.get("rules", ()))

    @property
    def model(self) -> str:
        """The train stage whose versions are released."""
        return str(self.settings.model)

    @property
    def gate(self) -> str:
        """The test stage that a version has passed."""
        return str(self.settings.gate)

    @property
    def data(self) -> Declaration:
        """The data stage that the model is trained on: schema, `pii`, time, outcome."""
        train: Declaration = self.declared(self.model)
        return self.declared(str(train["settings"]["data"]))

    @property
    def is_independent(self) -> bool:
        """Whether an answer cannot change what happens, so that versions are compared on the same requests."""
        return bool(self.data.get("settings", {}).get("outcome") == "independent")

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who must approve a version here."""
        return tuple(self.environment_settings.get("approvers", ()))

    @property
    def versions(self) -> str:
        """The prefix of the log of versions."""
        return f"versions/{self.model}"

    @property
    def log(self) -> str:
        """The prefix of the log of the release itself."""
        return log_prefix(self.name, self.environment)

    @property
    def requests(self) -> str:
        """The prefix of what was asked and answered."""
        return f"log/{self.name}/{self.environment}"

    @property
    def feedback(self) -> str:
        """The prefix of what turned out to be true."""
        return f"feedback/{self.name}/{self.environment}"

    @property
    def heartbeats(self) -> str:
        """The prefix of the signs of life of routers."""
        return f"heartbeat/{self.name}/{self.environment}"

    def events(self, monitor: str) -> str:
        """The prefix of the log of what a monitor found and did."""
        return f"events/{monitor}/{self.environment}/log"

    def reports(self, monitor: str) -> str:
        """The prefix of a monitor's reports."""
        return f"reports/{monitor}/{self.environment}"

    def declared(self, name: str) -> Declaration:
        """The stage of that name; raises KeyError when there is none."""
        return stage_named(self.document, name)


def stage_named(document: Mapping[str, Any], name: str) -> Declaration:
    """The stage of that name in a `pipeline.json`; raises KeyError when there is none."""
    stages: Mapping[str, Declaration] = {stage["name"]: stage for stage in document["stages"]}
    return stages[name]


def open_deployment(
    document: Mapping[str, Any], project: Path, release: str | None = None, store: Store | None = None
) -> Deployment:
    """The release of that name, or the only one; raises OperationError when there is none or several.

    `store` stands in for the one that the environment names.
    """
    settings = document["environment"].get("settings", {})
    opened = store or environment_store(settings, project)
    return Deployment(document, project, opened, _release(document, release))


def _release(document: Mapping[str, Any], name: str | None) -> Declaration:
    stages: Sequence[Declaration] = [stage for stage in document["stages"] if stage["kind"] == "release"]
    found = [stage for stage in stages if name in (None, stage["name"])]
    if len(found) == 1:
        return found[0]
    known = [str(stage["name"]) for stage in stages]
    if not known:
        raise OperationError(f"`{document['name']}` has no release", "write a `release` block; `mlopsc add release`")
    if name is None:
        raise OperationError(f"`{document['name']}` has several releases", f"name one: {_listed(known)}")
    raise OperationError(f"`{document['name']}` has no release `{name}`", f"it has {_listed(known)}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
