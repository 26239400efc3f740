"""Stages called by hand: data from a DataFrame, then `run` and its fan-outs one after the other in this process."""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.engine.tasks import Fanout, StageResult
from mlopsc.stdlib.runtime.engine.usercode import forget_project_modules
from mlopsc.stdlib.runtime.store.local import LocalStore

RUNTIME = {
    "data": "mlopsc.stdlib.runtime.data:run",
    "train": "mlopsc.stdlib.runtime.train:run",
    "test": "mlopsc.stdlib.runtime.test:run",
}
Stage = dict[str, Any]


@dataclass
class Project:
    """A project in a folder, with its store, the stages that were declared and the records of those that ran."""

    folder: Path
    serves: bool = True
    stages: dict[str, Stage] = field(default_factory=dict)
    records: dict[str, StageRecord] = field(default_factory=dict)
    metrics: list[Mapping[str, Any]] = field(default_factory=list)
    release_logs: tuple[str, ...] = ()

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.folder / ".mlops" / "store")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def data(self, name: str, rows: pd.DataFrame, columns: list[Stage], **settings: Any) -> StageRecord:
        """Declare a data stage over these rows and run it."""
        rows.to_parquet(self.folder / f"{name}.parquet")
        source = {"function": "parquet", "path": f"{name}.parquet"}
        stage = {"name": name, "kind": "data", "settings": {"source": source, **settings}, "columns": columns}
        return self._run(stage)

    def train(self, name: str, data: str, rules: Sequence[Stage] = (), **settings: Any) -> StageRecord:
        """Declare a train stage and run it."""
        stage = {"name": name, "kind": "train", "settings": {"data": data, **settings}, "inputs": [data]}
        return self._run({**stage, "rules": list(rules)})

    def test(self, name: str, model: str, rules: Sequence[Stage], **settings: Any) -> StageRecord:
        """Declare a test stage and run it."""
        inputs = [model, self.stages[model]["settings"]["data"]]
        stage = {"name": name, "kind": "test", "settings": {"model": model, **settings}, "inputs": inputs}
        return self._run({**stage, "rules": list(rules)})

    def _run(self, stage: Stage) -> StageRecord:
        """Run a stage and its fan-outs; what passes between processes is pickled here too."""
        self.stages[stage["name"]] = stage
        context = self.context(stage["name"])
        result = _task(context, RUNTIME[stage["kind"]], {})
        while isinstance(result, Fanout):
            results = [_task(context, one.function, one.arguments) for one in result.tasks]
            result = _task(context, result.then.function, result.then.arguments, results)
        assert isinstance(result, StageResult)
        self.records[stage["name"]] = self._recorded(context, result)
        return self.records[stage["name"]]

    def context(self, name: str) -> StageContext:
        declaration = self.stages[name]
        inputs = {one: self.records[one] for one in declaration.get("inputs", ())}
        seen = [{k: v for k, v in self.stages[one].items() if k != "rules"} for one in inputs]
        contents = {one: [dict(record.outputs), record.facts] for one, record in inputs.items()}
        code = {path.name: path.read_text() for path in sorted(self.folder.glob("*.py"))}
        scratch = self.folder / ".mlops" / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        return StageContext(
            stage=declaration,
            pipeline={
                "name": "trial",
                "environment": {"name": "prod" if self.serves else "dev", "serves": self.serves, "settings": {}},
                "stages": seen,
                "metrics": self.metrics,
                "release_logs": self.release_logs,
            },
            project=self.folder,
            scratch=scratch,
            inputs=inputs,
            store=self.store,
            key=_key(declaration, contents, code, self.serves),
        )

    def _recorded(self, context: StageContext, result: StageResult) -> StageRecord:
        return StageRecord(
            stage=context.name,
            kind=context.kind,
            key=context.key,
            verdict=result.verdict,
            outputs={name: self.store.put_object(content) for name, content in result.outputs.items()},
            facts=json.loads(json.dumps(dict(result.facts), allow_nan=False)),
            notes=json.loads(json.dumps(dict(result.notes), allow_nan=False)),
            messages=result.messages,
        )


def column(name: str, word: str, **said: Any) -> Stage:
    """A column as `pipeline.json` has it."""
    return {"name": name, "type": {"function": word}, **said}


def _task(context: StageContext, reference: str, arguments: Mapping[str, Any], *results: Any) -> Any:
    module, _, name = reference.partition(":")
    given = pickle.loads(pickle.dumps(dict(arguments)))
    before, path = set(sys.modules), list(sys.path)
    try:
        return pickle.loads(pickle.dumps(getattr(import_module(module), name)(context, *results, **given)))
    finally:
        forget_project_modules(context.project, before)
        sys.path[:] = path


def _key(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def rule(text: str, subject: Stage, operator: str = "", limit: Stage | None = None, **clauses: Any) -> Stage:
    """A `require` as `pipeline.json` has it."""
    comparisons = [{"operator": operator, "limit": limit}] if limit is not None else []
    said = {"id": f"require {text}", "verb": "require", "text": f"require {text}", "subject": subject}
    return {**said, "comparisons": comparisons, "clauses": clauses}
