"""A stage's key: the hash of all that its result depends on, the same on every machine and in every folder."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from mlopsc.compiler.python_modules import LOCKS
from mlopsc.stdlib.runtime.credentials import masked, without_credentials
from mlopsc.stdlib.runtime.engine.files import ProjectFiles
from mlopsc.stdlib.runtime.engine.outcome import StageFailure, StageRecord
from mlopsc.stdlib.runtime.engine.plan import Plan, PlannedStage, result_settings, seen
from mlopsc.stdlib.runtime.engine.versions import champion
from mlopsc.stdlib.runtime.store.log import canonical
from mlopsc.stdlib.runtime.store.protocol import Store

RESULTS = 1
"""Raised by a release in which a stage computes something else from the same parts."""

INSTALLED = "installed packages"
"""Stands in for the name of a dependency lock where the project has none."""

Parts = dict[str, Any]

_SITES = frozenset({"site-packages", "dist-packages"})

_HOW_ROWS_CAME = frozenset({"source", "dropped", "checks", "waived"})
"""Facts of a data stage that no later stage reads: only its rows count."""


def key_of(parts: Parts) -> str:
    """The key that parts make, 64 hex digits."""
    return _hash(parts)


class Keys:
    """Gathers the parts of keys in one run."""

    def __init__(self, plan: Plan, files: ProjectFiles, store: Store) -> None:
        self._plan = plan
        self._files = files
        self._store = store
        self._run = os.urandom(8).hex()
        self._seen = {stage["name"]: _hash(seen(stage)) for stage in plan.document["stages"]}

    def parts(self, stage: PlannedStage, inputs: Mapping[str, StageRecord]) -> Parts:
        """What the stage's result depends on, by name; raises StageFailure when a file or URL cannot be read."""
        return {
            **self.own_parts(stage),
            "inputs": {name: _content(record) for name, record in inputs.items()},
            **self._champion(stage, inputs),
        }

    def own_parts(self, stage: PlannedStage) -> Parts:
        """The parts that are known before the stage's inputs are."""
        return {
            "declaration": _declaration(stage),
            "seen": {name: self._seen[name] for name in stage.inputs},
            "pipeline": self._of_pipeline(stage),
            **self.contents(stage),
            **self._source(stage),
            **self._machine,
        }

    def contents(self, stage: PlannedStage) -> Parts:
        """The hashes of the files, modules and URLs that the stage names."""
        code: dict[str, str] = {}
        files: dict[str, str] = {}
        for named in [*stage.files, *self._metric_files(stage)]:
            if "://" in named:
                files |= _url_versions(named)
                continue
            found = self._files.tree(named)
            if not found:
                raise StageFailure(f"there is no file `{named}`", "write it, or correct the path", outside=True)
            for path in found:
                code |= self._files.code(path) if path.endswith(".py") else {}
                files |= {} if path.endswith(".py") else {path: self._files.digest(path)}
        return {"code": code, "files": files}

    def _of_pipeline(self, stage: PlannedStage) -> Parts:
        if stage.kind != "test":
            return {"metrics": self._metrics(stage)}
        return {"metrics": self._metrics(stage), "serves": self._plan.document["environment"].get("serves", True)}

    def _metrics(self, stage: PlannedStage) -> list[Mapping[str, Any]]:
        written = canonical(stage.declaration).decode()
        metrics = self._plan.document.get("metrics", ())
        return [metric for metric in metrics if f'"function":"{metric["name"]}"' in written]

    def _metric_files(self, stage: PlannedStage) -> list[str]:
        return [str(metric["function"]).partition(":")[0] for metric in self._metrics(stage)]

    def _source(self, stage: PlannedStage) -> Parts:
        """What only reading can tell is read in each run: a source, unless the lock pins its rows, and the clock."""
        source = {"source": self._run} if stage.is_unseen and not stage.is_pinned else {}
        return {**source, "clock": self._run} if stage.is_timed else source

    def _champion(self, stage: PlannedStage, inputs: Mapping[str, StageRecord]) -> Parts:
        limits = [one["limit"] for rule in stage.declaration.get("rules", ()) for one in rule.get("comparisons", ())]
        model = str(stage.settings.get("model"))
        if model not in inputs or not any(limit.get("baseline") == "champion" for limit in limits):
            return {}
        found = champion(self._store, model, inputs[model].key, self._plan.release_logs(stage))
        return {"champion": {model: found.number if found else None}}

    @cached_property
    def _machine(self) -> Parts:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        return {"dependencies": self._dependencies(), "python": python, "results": RESULTS}

    def _dependencies(self) -> dict[str, str]:
        for name in LOCKS:
            if (self._files.project / name).is_file():
                return {name: self._files.digest(name)}
        return {INSTALLED: digest_of_installed()}


def digest_of_installed() -> str:
    """The hash of the names and versions of all installed packages."""
    return _hash(installed())


def installed() -> list[str]:
    """`name-version` of every installed package, from the names of their metadata folders, sorted."""
    found: set[str] = set()
    for folder in {path for path in sys.path if Path(path).name in _SITES and Path(path).is_dir()}:
        with os.scandir(folder) as entries:
            found |= {
                entry.name.rpartition(".")[0].lower().replace("_", "-")
                for entry in entries
                if entry.name.endswith((".dist-info", ".egg-info")) and "-" in entry.name
            }
    return sorted(found)


def _declaration(stage: PlannedStage) -> Parts:
    rules = {rule["id"]: {k: v for k, v in rule.items() if k not in ("id", "text")} for rule in _rules(stage)}
    kept = {
        name: stage.declaration[name] for name in ("name", "kind", "columns", "waived") if stage.declaration.get(name)
    }
    return {**kept, "settings": masked(result_settings(stage.declaration)), "rules": rules}


def _rules(stage: PlannedStage) -> list[Mapping[str, Any]]:
    return list(stage.declaration.get("rules", ()))


def _content(record: StageRecord) -> Parts:
    hidden = _HOW_ROWS_CAME if record.kind == "data" else frozenset()
    facts = {name: fact for name, fact in record.facts.items() if name not in hidden}
    return {"outputs": dict(record.outputs), "facts": _hash(facts)}


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


_VERSION_FIELDS = (
    "ETag",
    "etag",
    "md5Hash",
    "content_md5",
    "generation",
    "LastModified",
    "last_modified",
    "mtime",
    "size",
)


def _url_versions(url: str) -> dict[str, str]:
    """What tells the versions of the files behind a URL apart, without reading them."""
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(url)
        system.invalidate_cache()
        found = system.glob(path, detail=True) if "*" in url else system.find(path, detail=True)
        # Some systems find nothing where nobody answers; asked for the file itself, they say why.
        found = found or {path: system.info(path)}
    except Exception as error:
        raise _unreachable(url, error) from error
    versions = {name: [str(info.get(field)) for field in _VERSION_FIELDS] for name, info in found.items()}
    return {without_credentials(str(name)): _hash(version) for name, version in versions.items()}


def _unreachable(url: str, error: Exception) -> StageFailure:
    """What to tell; fsspec says of an HTTP server that does not answer that there is no such file, because of that."""
    is_file_error = isinstance(error, FileNotFoundError)
    cause = error.__cause__ if is_file_error else error
    if is_file_error and (cause is None or isinstance(cause, FileNotFoundError)):
        return StageFailure(f"there is nothing at `{url}`", "correct the URL", outside=True)
    told = str(cause) or type(cause).__name__
    hint = "check the URL, the network and credentials"
    return StageFailure(f"`{url}` cannot be reached: {told}", hint, outside=True)
