"""Runs of several machines on one store behind a URL."""

from __future__ import annotations

import json
from pathlib import Path

from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import RunResult, run
from mlopsc.stdlib.runtime.store.opening import open_store

STAGES = """
from mlopsc.stdlib.runtime.engine.tasks import StageResult

def run(context):
    read = [context.open_input(name, "rows").read_text() for name in context.inputs]
    return StageResult(outputs={"rows": f"{context.name} after {read}".encode()})
"""


def run_on(folder: Path, location: str, *names: str) -> RunResult:
    """A run of a chain of stages by a machine whose project is `folder`."""
    folder.mkdir(exist_ok=True)
    (folder / "stages.py").write_text(STAGES)
    stages = [
        {"name": name, "kind": "data", "inputs": list(names[:place][-1:]), "settings": {}}
        for place, name in enumerate(names)
    ]
    environment = {"name": "dev", "settings": {"store": location}}
    pipeline = folder / "pipeline.json"
    pipeline.write_text(json.dumps({"ir": 1, "name": "bike", "environment": environment, "stages": stages}))
    return run(Request(pipeline, folder, {"data": "stages:run"}, jobs=1))


def test_what_one_machine_did_another_does_not_do_again(bucket: str, tmp_path: Path) -> None:
    first = run_on(tmp_path / "laptop", bucket, "rides", "demand")
    assert (first.exit_code, [stage.cached for stage in first.stages]) == (0, [False, False])
    second = run_on(tmp_path / "runner", bucket, "rides", "demand", "gate")
    assert (second.exit_code, [stage.cached for stage in second.stages]) == (0, [True, True, False])
    record = second.stages[-1].record
    assert record is not None
    content = open_store(bucket, tmp_path / "reader").get_object(record.outputs["rows"])
    assert content == b"gate after [\"demand after ['rides after []']\"]"
    assert open_store(bucket, tmp_path / "reader").size(record.outputs["rows"]) == len(content)
