"""What earlier runs left beside a spec: rows by split from `mlops.lock`, verdicts from the history.

Nothing here fails or waits: what is not there, damaged, or in a store elsewhere, is not known.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from mlopsc.compiler.lint.versioned import LOCK
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.records import Record
from mlopsc.compiler.workspace import SourceProblem

STATE = ".mlops"
"""Where runs leave what can be made again; the runtime, which would take long to import, says the same."""
_MOST_RUNS = 10
"""How many of the newest runs are looked at."""


class Rows(Record):
    """The rows of a data stage as last read: all, and those of each split."""

    environment: str
    rows: int
    splits: Mapping[str, int]


class Ending(Record):
    """How a stage ended when it was last reached, in which run and when."""

    run: int
    environment: str
    outcome: str
    cached: bool
    began: datetime
    key: str

    @property
    def told(self) -> str:
        """In a few words."""
        return f"{self.outcome} in run {self.run} ({self.environment}, {self.began:%Y-%m-%d %H:%M})"


def rows_of(project: Project, data: str) -> Rows | None:
    """The rows of a data stage, by the lock; of several environments, the last one that has read them."""
    pipeline = project.compilation.model.pipeline
    try:
        text = project.compilation.workspace.read(LOCK)
    except SourceProblem:
        return None
    environments = _locked(text).get(pipeline.name if pipeline else "", {})
    for environment in reversed(project.compilation.environments):
        match environments.get(environment.name):
            case {**stages} if isinstance(found := stages.get(data), dict):
                splits = {name: n for name, n in found.get("splits", {}).items() if isinstance(n, int)}
                return Rows(environment.name, int(found.get("rows", 0)), splits)
    return None


def endings(project: Project) -> Mapping[str, Ending]:
    """How each stage of the pipeline ended last, by its name."""
    pipeline = project.compilation.model.pipeline
    if project.folder is None or pipeline is None:
        return {}
    folder = project.folder / STATE / "runs"
    found: dict[str, Ending] = {}
    for content in _runs(folder):
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            if content["pipeline"] != pipeline.name:
                continue
            for stage in content["stages"]:
                found.setdefault(stage["stage"], _ending(content, stage))
    return found


def facts_of(project: Project, stage: str) -> Mapping[str, Any]:
    """What a stage found when it was last reached, if its store is a folder of this project."""
    ending = endings(project).get(stage)
    if ending is None or not ending.key or project.folder is None:
        return {}
    return _facts(project.folder, _store(project, ending.environment), ending.key)


def judgement_of(project: Project, stage: str, rule: str) -> Mapping[str, Any]:
    """What was found of a requirement when its gate was last judged; the worst slice stands for all."""
    for found in facts_of(project, stage).get("rules", ()):
        if isinstance(found, dict) and found.get("rule") == rule:
            judgements = found.get("judgements") or [{}]
            return {**judgements[0], "verdict": found.get("verdict"), "look": found.get("look")}
    return {}


def _ending(content: Mapping[str, Any], stage: Mapping[str, Any]) -> Ending:
    return Ending(
        run=int(content["number"]),
        environment=str(content["environment"]),
        outcome={"error": "stopped"}.get(stage["outcome"], str(stage["outcome"])),
        cached=bool(stage["cached"]),
        began=datetime.fromtimestamp(content["began"]).astimezone(),
        key=str(stage.get("key", "")),
    )


def _runs(folder: Path) -> Iterator[dict[str, Any]]:
    """What is written of the newest runs, newest first."""
    try:
        numbers = sorted((int(one.name) for one in folder.iterdir() if one.name.isdigit()), reverse=True)
    except OSError:
        return
    for number in numbers[:_MOST_RUNS]:
        path = folder / str(number) / "run.json"
        with suppress(OSError, ValueError):
            if path.is_file() and isinstance(content := _json(path, path.stat().st_mtime_ns), dict):
                yield content


def _store(project: Project, environment: str) -> str:
    """The folder that an environment's store is in; empty for one that is elsewhere."""
    found = project.compilation.model.environments.get(environment)
    setting = found.settings.get("store") if found else None
    place = str(setting.value) if setting else ""
    return "" if "://" in place else place or f"{STATE}/store"


@lru_cache(maxsize=32)
def _json(path: Path, changed: int) -> Any:  # noqa: ARG001 (a key)
    return json.loads(path.read_bytes())


@lru_cache(maxsize=32)
def _facts(folder: Path, store: str, key: str) -> Mapping[str, Any]:
    """Records are never changed once they are there."""
    from mlopsc.stdlib.runtime.engine.index import find
    from mlopsc.stdlib.runtime.store.local import LocalStore

    try:
        record = find(LocalStore(folder / store), key).record if store else None
    except (OSError, ValueError):
        return {}
    return record.facts if record is not None else {}


@lru_cache(maxsize=8)
def _locked(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
