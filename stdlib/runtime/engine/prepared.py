"""What a run is asked to do, and what it needs before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.engine.files import ProjectFiles
from mlopsc.stdlib.runtime.engine.history import STATE, Latest
from mlopsc.stdlib.runtime.engine.index import Found, bring, find
from mlopsc.stdlib.runtime.engine.keys import Keys, Parts, key_of
from mlopsc.stdlib.runtime.engine.lock import Lock
from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.engine.plan import Plan, PlannedStage, load_plan
from mlopsc.stdlib.runtime.engine.why import causes
from mlopsc.stdlib.runtime.store.opening import environment_store, store_before
from mlopsc.stdlib.runtime.store.protocol import Store


@dataclass(frozen=True)
class Request:
    """What to run: a `pipeline.json` (or its content), and the function (`"module:name"`) of each kind of stage.

    Only the stages in `only` and what they need are walked (none named: all); those in `force` run even if their key
    has a record. `jobs` is how many run side by side, by default what the environment says, else one a core.
    `options` reach stage functions and are part of no key. `store` stands in for the one that the environment names.
    A run that `looks_back` leaves `mlops.lock` and what `why` compares with as they are: its rows are not today's.
    `later` are kinds of stage that this process will run after it: their libraries are imported once for all runs.
    """

    pipeline: Path | Mapping[str, Any]
    project: Path
    functions: Mapping[str, str]
    only: tuple[str, ...] = ()
    force: tuple[str, ...] = ()
    jobs: int | None = None
    store: Store | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    looks_back: bool = False
    later: tuple[str, ...] = ()


class Prepared:
    """What a run and `why` share: the plan, the store and the parts of keys."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.project = request.project.resolve()
        whole = load_plan(request.pipeline, request.functions)
        self.plan: Plan = whole.narrowed([*request.only, *request.force]) if request.only else whole
        self.forced = {stage.name for stage in whole.narrowed(request.force).stages if stage.name in request.force}
        self.store = request.store or environment_store(self.plan.settings, self.project)
        self.before = store_before(self.project)
        self.lock = Lock(self.project, whole.name, whole.environment)
        self.files = ProjectFiles(self.project, self.project / STATE / "cache" / "files.json")
        self.keys = Keys(self.plan, self.files, self.store)
        self.latest = Latest(self.project, whole.name, whole.environment)

    def earlier(self, stage: str) -> Parts | None:
        """The parts of the newest record that the stage had in this project, as far as it can be read."""
        key = self.latest.keys.get(stage)
        record = find(self.store, key).record if key else None
        return dict(record.parts) if record else None

    def find(self, stage: PlannedStage, parts: Parts) -> Found:
        """What the index says of a stage; a record that the run must not use does not count."""
        found = find(self.store, key_of(parts))
        refused = self._refused(stage, found.record) if found.record else ""
        return replace(found, record=None, trouble=refused) if refused else found

    def brought(self, stage: PlannedStage, parts: Parts, found: Found) -> Found:
        """The same with what the environment before has made under that key, if this one has nothing under it yet."""
        if found.record or self.before is None:
            return found
        record = find(self.before, key_of(parts)).record
        if record is None or self._refused(stage, record):
            return found
        return replace(found, record=bring(self.before, self.store, found, record))

    def _refused(self, stage: PlannedStage, record: StageRecord) -> str:
        if stage.name in self.forced:
            return "it is forced"
        pin = self.lock.pin(stage.name) if stage.is_pinned else None
        if pin and pin.get("hash") != record.facts.get("hash"):
            return "`mlops.lock` pins other rows"
        return "`mlops.lock` pins no rows of it" if stage.is_pinned and stage.is_unseen and not pin else ""

    def causes(self, stage: str, parts: Parts, found: Found) -> tuple[str, ...]:
        """In words, why a stage runs whose key has no record that counts."""
        return (found.trouble,) if found.trouble else causes(parts, self.earlier(stage)) or ("its record is gone",)
