"""A project in a folder with an awkward name, and what is needed to run it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.engine.events import Event, StageSummary
from mlopsc.stdlib.runtime.engine.forecast import forecast
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import RunResult, run
from mlopsc.stdlib.runtime.engine.why import Why

STAGES = Path(__file__).with_name("stage_functions.py")
FUNCTIONS = dict.fromkeys(("data", "train", "test"), "stages:run")


class Project:
    """A project whose stages are `stage_functions.py`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True)
        self.environment: dict[str, Any] = {"name": "dev", "settings": {}}
        self.stages: list[dict[str, Any]] = []
        self.events: list[Event] = []
        self.write("stages.py", STAGES.read_text())

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def stage(self, name: str, *inputs: str, kind: str = "data", files: tuple[str, ...] = (), **settings: Any) -> None:
        """Declare a stage, or declare it anew."""
        declared = {"name": name, "kind": kind, "inputs": list(inputs), "files": list(files), "settings": settings}
        if any(one["name"] == name for one in self.stages):
            self.stages = [declared if one["name"] == name else one for one in self.stages]
        else:
            self.stages.append(declared)

    def calling(self, name: str, code: str, *inputs: str, **settings: Any) -> None:
        """Declare a stage that calls `work(context)` of the module `NAME_code.py`, whose text is `code`."""
        self.write(f"{name}_code.py", code)
        self.stage(name, *inputs, files=(f"{name}_code.py",), do="call", call=f"{name}_code.py:work", **settings)

    @property
    def document(self) -> Mapping[str, Any]:
        """What `pipeline.json` holds."""
        return {"ir": 1, "name": "bike", "environment": self.environment, "stages": self.stages}

    def request(self, **options: Any) -> Request:
        """What to run."""
        path = self.write("pipeline.json", json.dumps(self.document))
        return Request(path, self.folder, FUNCTIONS, **{"jobs": 2, **options})

    def run(self, **options: Any) -> RunResult:
        """Run it; what happened is in `events`."""
        self.events = []
        return run(self.request(**options), self.events.append)

    def forecast(self, **options: Any) -> dict[str, Why]:
        """What a run would do, by stage."""
        return {why.stage: why for why in forecast(self.request(**options))}

    def output(self, result: RunResult, stage: str) -> str:
        """What a stage gave."""
        record = by_name(result)[stage].record
        assert record is not None
        return (self.folder / ".mlops" / "store" / "objects" / "sha256" / sharded(record.outputs["out"])).read_text()


def by_name(result: RunResult) -> dict[str, StageSummary]:
    """The stages of a run."""
    return {summary.stage: summary for summary in result.stages}


def sharded(sha256: str) -> str:
    """The path of an object below its folder."""
    return f"{sha256[:2]}/{sha256[2:]}"


def worked(result: RunResult) -> list[str]:
    """The stages that did work, in the order of the plan."""
    return [summary.stage for summary in result.stages if summary.attempts]
