"""A project folder in which data stages run as the engine would run them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mlopsc.stdlib.runtime.data import run
from mlopsc.stdlib.runtime.data.tables import Table, load_table
from mlopsc.stdlib.runtime.engine.capture import restored
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.outcome import StageFailure, StageRecord, Verdict
from mlopsc.stdlib.runtime.engine.tasks import StageResult
from mlopsc.stdlib.runtime.engine.usercode import forget_project_modules
from mlopsc.stdlib.runtime.store.local import LocalStore

BIKE = Path(__file__).parents[2] / "examples" / "bike-demand"


def column(name: str, word: str, **more: Any) -> dict[str, Any]:
    """A column as it stands in `pipeline.json`; `size` belongs to its type."""
    kind = {"function": word, **({"size": more.pop("size")} if "size" in more else {})}
    return {"name": name, "type": kind, **more}


def check(text: str, function: str, *comparisons: tuple[str, float], **parameters: Any) -> dict[str, Any]:
    """A `check` rule as it stands in `pipeline.json`; its id is its text without the comparison."""
    subject = {"function": function, **parameters}
    limits = [{"operator": operator, "limit": {"offset": limit}} for operator, limit in comparisons]
    rule_id = text.split(" <")[0].split(" >")[0]
    return {"id": rule_id, "verb": "check", "text": text, "subject": subject, "comparisons": limits}


@dataclass
class Project:
    """A folder with the spec's files, a store, and the records of the stages that ran."""

    folder: Path
    store: LocalStore
    records: dict[str, StageRecord] = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    pins: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def write(self, name: str, content: str | bytes) -> Path:
        """Put a file into the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def context(self, name: str) -> StageContext:
        """What the engine gives a stage."""
        stage = self.stages[name]
        scratch = self.folder / ".scratch" / name
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        pipeline = {"environment": {"name": "dev"}, "stages": list(self.stages.values())}
        inputs = {one: self.records[one] for one in self.records if one != name}
        pin = self.pins.get(name)
        return StageContext(stage, pipeline, self.folder, scratch, inputs, self.store, "0" * 64, pin=pin)

    def run(
        self,
        columns: Sequence[Mapping[str, Any]],
        rules: Sequence[Mapping[str, Any]] = (),
        name: str = "rows",
        **settings: Any,
    ) -> StageResult:
        """Run a data stage and keep its outputs in the store."""
        if not settings.keys() & {"source", "from"}:
            settings["source"] = {"function": "csv", "path": "rows.csv"}
        self.stages[name] = {
            "name": name,
            "kind": "data",
            "settings": settings,
            "columns": list(columns),
            "rules": list(rules),
        }
        before = set(sys.modules)
        try:
            with restored():
                result = run(self.context(name))
        finally:
            forget_project_modules(self.folder, before)
        assert isinstance(result, StageResult)
        outputs = {output: self.store.put_object(content) for output, content in result.outputs.items()}
        self.records[name] = StageRecord(name, "data", "0" * 64, result.verdict, outputs, facts=result.facts)
        return result

    def table(self, *args: Any, name: str = "rows", **settings: Any) -> Table:
        """Run a data stage, which must succeed, and read its snapshot as a later stage would."""
        result = self.run(*args, name=name, **settings)
        assert result.verdict is Verdict.OK, [message.text for message in result.messages]
        self.stages["later"] = {"name": "later", "kind": "train"}
        return load_table(self.context("later"), name)

    def failure(self, *args: Any, **settings: Any) -> StageFailure:
        """Run a data stage that cannot do its work."""
        with pytest.raises(StageFailure) as raised:
            self.run(*args, **settings)
        return raised.value
