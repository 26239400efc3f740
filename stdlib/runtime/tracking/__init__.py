"""Experiments in MLflow: a mirror of what runs did, written after the verdict in a process of its own.

Nothing depends on it: what cannot be written is one line of warning. Serving and release read the store only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.credentials import without_credentials
from mlopsc.stdlib.runtime.engine.endings import INTERRUPTED
from mlopsc.stdlib.runtime.engine.events import StageSummary
from mlopsc.stdlib.runtime.engine.history import STATE
from mlopsc.stdlib.runtime.engine.plan import load_plan
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import RunResult
from mlopsc.stdlib.runtime.on_github import is_here
from mlopsc.stdlib.runtime.release.state import ReleaseLog
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.log import Log
from mlopsc.stdlib.runtime.store.opening import environment_place

DATABASE = f"{STATE}/mlflow.db"
"""Where experiments are kept unless the environment names a tracking server, relative to the project."""

_SECONDS = 180


def track_run(request: Request, result: RunResult) -> str:
    """Mirror a finished run into the tracker and wait for it; what went wrong in one line, or "".

    Nothing is written, nor MLflow imported, where no model was trained or judged in this run.
    """
    handed = None if result.exit_code == INTERRUPTED else hand_over(request, result)
    return "" if handed is None else _write(handed)


def track_release(deployment: Deployment) -> str:
    """Have the tracker's aliases follow the log of a release, and wait for it; what went wrong in one line, or ""."""
    train = deployment.declared(deployment.model)
    uri = str(deployment.environment_settings.get("tracking") or _local(deployment.project))
    is_recorded = uri != _local(deployment.project) or (deployment.project / DATABASE).exists()
    if train.get("settings", {}).get("track", True) is False or not is_recorded:
        return ""
    state = ReleaseLog(deployment.store, deployment.log).state()
    keys = {
        entry.number: entry.record["train_key"]
        for entry in Log(deployment.store, deployment.versions).read()
        if entry.record
    }
    roles = {"champion": state.champion, "challenger": state.candidate}
    return _write(
        {
            "uri": uri,
            "pipeline": deployment.document["name"],
            "environment": deployment.environment,
            "released": deployment.model,
            "roles": {role: keys.get(number) if number is not None else None for role, number in roles.items()},
        }
    )


def _write(handed: Mapping[str, Any]) -> str:
    """Have a process of its own write what it is handed; what went wrong in one line, or ""."""
    # By a pipe: it may name a server with a password, which belongs in no file.
    command, text = [sys.executable, "-m", __name__], json.dumps(handed)
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, encoding="utf-8", timeout=_SECONDS, env=_quiet(), check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return _warning(handed, str(error))
    except KeyboardInterrupt:
        return _warning(handed, "interrupted")
    return _warning(handed, done.stderr) if done.returncode else ""


def hand_over(request: Request, result: RunResult) -> dict[str, Any] | None:
    """All that the mirror is made from, as JSON; None where there is nothing to mirror, or no one would find it."""
    document = load_plan(request.pipeline, request.functions).document
    stages = {stage["name"]: stage for stage in document["stages"]}
    records = {one.stage: one for one in result.stages if one.record}
    settings = document["environment"].get("settings", {})
    trained = [one for one in records.values() if one.kind == "train" and _is_tracked(one, stages, records)]
    if not trained:
        return None
    uri = request.options.get("tracking") or settings.get("tracking")
    if not uri and is_here():
        return None
    return {
        "uri": uri or _local(request.project),
        "artifacts": str(request.project.resolve() / STATE / "mlflow-artifacts"),
        "project": str(request.project.resolve()),
        "store": environment_place(settings) if request.store is None else request.store.url,
        "pipeline": document["name"],
        "environment": document["environment"]["name"],
        "document": document,
        "run": result.number,
        "trained": [one.stage for one in trained],
        "records": {name: _told(one) for name, one in records.items()},
    }


def _is_tracked(one: StageSummary, stages: Mapping[str, Any], records: Mapping[str, StageSummary]) -> bool:
    """Whether there is news of a train stage: it ran, or a gate judged its model."""
    if stages[one.stage].get("settings", {}).get("track", True) is False:
        return False
    judged = [other for other in records.values() if other.kind == "test"]
    gates = [other for other in judged if stages[other.stage]["settings"]["model"] == one.stage]
    return not all(part.cached for part in (one, *gates))


def _told(one: StageSummary) -> dict[str, Any]:
    assert one.record is not None
    record = one.record
    said = {"kind": one.kind, "key": record.key, "verdict": record.verdict.value, "seconds": one.seconds}
    return {**said, "outputs": dict(record.outputs), "facts": dict(record.facts), "notes": dict(record.notes)}


def _local(project: Path) -> str:
    return f"sqlite:///{project.resolve() / DATABASE}"


def _quiet() -> dict[str, str]:
    """No telemetry (it would look up a host), and no long waits for a server that is not there."""
    calm = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
    return {**calm, **os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}


def _warning(handed: Mapping[str, Any], text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()] or ["no reason was given"]
    return without_credentials(f"experiments were not recorded in `{handed['uri']}`: {lines[-1].strip()}")
