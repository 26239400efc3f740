"""A release with models that are made by hand, and a router that serves it as a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from mlopsc.compiler.schema.declarations import Task
from mlopsc.stdlib.runtime.engine.versions import register
from mlopsc.stdlib.runtime.model.artefact import library_versions, save_model
from mlopsc.stdlib.runtime.model.code import Snapshot
from mlopsc.stdlib.runtime.model.encoding import ColumnEncoder
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.model.signature import InputColumn, Signature
from mlopsc.stdlib.runtime.model.steps import Steps
from mlopsc.stdlib.runtime.release.state import Change, LiveModel, Phase, ReleaseLog, State
from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.service.reading import ServiceLog

MOODY = Path(__file__).with_name("moody.py")
ROW = {"at": "2026-03-01T12:00:00", "hr": 12, "workingday": True, "weathersit": "clear", "temp": 0.5}
"""A row that the schema allows."""
Found = TypeVar("Found")


def column(name: str, kind: str, **clauses: Any) -> dict[str, Any]:
    """A column as `pipeline.json` has it."""
    return {"name": name, "type": {"function": kind}, **clauses}


COLUMNS = [
    column("at", "timestamp"),
    column("hr", "int", low=0, high=23),
    column("workingday", "bool"),
    column("weathersit", "category", values=["clear", "mist", "rain"]),
    column("temp", "float", low=0.0, high=1.0),
    column("hum", "float", missing=0.1),
    column("city", "category", missing=0.1),
    column("day", "date", missing=0.1),
    column("rider", "text", role="pii", missing=1.0),
    column("customer", "int", role="id", missing=1.0),
    column("casual", "int", role="leak"),
    column("bikers", "int", low=0),
]


def document(target: str = "int", **release: Any) -> dict[str, Any]:
    """A pipeline with one release, and a target of that type; `release` are further settings of the release."""
    data = {"source": {"function": "csv", "path": "rows.csv"}, "time": "at", "target": "bikers"}
    train = {
        "data": "rides",
        "estimator": {"function": "sklearn"},
        "features": {"function": "python", "name": "f.py:F"},
    }
    last = COLUMNS[-1] if target == "int" else column("bikers", target)
    stages = [
        {"name": "rides", "kind": "data", "settings": data, "columns": [*COLUMNS[:-1], last]},
        {"name": "demand", "kind": "train", "settings": train, "inputs": ["rides"]},
        {"name": "gate", "kind": "test", "settings": {"model": "demand"}, "inputs": ["demand", "rides"]},
        {"name": "api", "kind": "release", "settings": {"model": "demand", "gate": "gate", **release}},
    ]
    return {"ir": 1, "name": "bikes", "environment": {"name": "prod"}, "stages": stages}


@dataclass
class Service:
    """A project folder with its store, and the versions that were added to it."""

    folder: Path
    target: str = "int"
    settings: Mapping[str, Any] = field(default_factory=dict)
    models: dict[int, LiveModel] = field(default_factory=dict)

    @cached_property
    def deployment(self) -> Deployment:
        return open_deployment(document(self.target, **self.settings), self.folder)

    @property
    def log(self) -> ServiceLog:
        return ServiceLog(self.deployment)

    def add_version(self, estimator: str = "Constant", task: Task = "regression", **parameters: Any) -> int:
        """A version whose model is a class of `moody.py` with these parameters."""
        code = Snapshot({"moody.py": MOODY.read_text()})
        fitted = code.load(f"moody.py:{estimator}")(**parameters).fit(None)
        frame = pd.DataFrame({"hr": [1, 2]})
        inputs = (InputColumn(name="hr", type="int", optional=False, low=0, high=23),)
        classes = tuple(fitted.classes_.tolist()) if task != "regression" else None
        signature = Signature(inputs=inputs, target="bikers", task=task, classes=classes)
        model = LoadedModel(Steps(None, ColumnEncoder().fit(frame), fitted), signature, code, library_versions(fitted))
        return self.add_model(model)

    def add_model(self, model: LoadedModel) -> int:
        """A version with this model."""
        path = self.folder / "model.zip"
        save_model(model, path)
        return self.add_artefact(path.read_bytes())

    def add_artefact(self, content: bytes, **record: Any) -> int:
        """A version with these bytes as its artefact."""
        sha256 = self.deployment.store.put_object(content)
        key = f"{len(self.models)}"
        number = register(self.deployment.store, "demand", key, {"model": sha256, **record})
        self.models[number] = LiveModel(sha256, *record.get("lock", {}).values())
        return number

    def release(
        self,
        weights: Mapping[int, float],
        *,
        champion: int | None = None,
        candidate: int | None = None,
        shadow: Mapping[int, float] | None = None,
        models: Mapping[int, LiveModel] | None = None,
    ) -> int:
        """Add an entry to the release log; its number."""
        named = {*weights, *(shadow or {})}
        state = State(
            phase=Phase.SERVING if weights else Phase.EMPTY,
            champion=champion if champion is not None else next(iter(weights), None),
            candidate=candidate,
            weights=weights,
            shadow=shadow or {},
            models=models or {version: self.models[version] for version in named},
            salt="salt",
        )
        log = ReleaseLog(self.deployment.store, self.deployment.log)
        record = log.append(lambda *_: Change("step", state, "a test", "it asked for it"))
        assert record is not None
        return int(record["sequence"])

    @contextmanager
    def serving(self, *options: str, seconds: float = 60.0, **variables: str) -> Iterator[Running]:
        """A router as `mlopsc serve` starts it."""
        path = self.folder / "pipeline.json"
        path.write_text(json.dumps(self.deployment.document))
        command = [sys.executable, "-m", "mlopsc.compiler.cli", "serve", str(path), "--port", "0", *options]
        environment = {**os.environ, "NO_COLOR": "1", **variables}
        errors = (self.folder / "errors.txt").open("w+")
        with (
            errors,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, env=environment, cwd=self.folder
            ) as process,
        ):
            running = Running(process, self.folder / "errors.txt")
            try:
                running.wait_until_ready(seconds)
                yield running
            finally:
                process.kill()


@dataclass
class Running:
    """A router that runs."""

    process: subprocess.Popen[bytes]
    errors: Path
    port: int = 0
    said: list[str] = field(default_factory=list)
    begun: bytes = b""

    def wait_until_ready(self, seconds: float) -> None:
        """Read its output until it says where it listens."""
        match = self.wait_for_line(r"http://127\.0\.0\.1:(\d+)", seconds)
        self.port = int(match[1])

    def wait_for_line(self, pattern: str, seconds: float = 60.0) -> re.Match[str]:
        """Read its output until a line matches."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        looked = 0
        while True:
            for line in self.said[looked:]:
                if match := re.search(pattern, line):
                    return match
            looked = len(self.said)
            # Not by `readline`: of two lines that come at once it keeps the second where `select` does not see it.
            if not select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                break
            found = os.read(self.process.stdout.fileno(), 65_536)
            if not found:
                break
            *lines, self.begun = (self.begun + found).split(b"\n")
            self.said += [line.decode() for line in lines]
        raise AssertionError(f"it never said {pattern!r}: {self.said} {self.errors.read_text()}")

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and document of an answer; a body that is no text or bytes is sent as JSON."""
        sent = {"Content-Type": "application/json", **(headers or {})} if body is not None else dict(headers or {})
        content = body if isinstance(body, str | bytes | None) else json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, content, sent)
            response = connection.getresponse()
            text = response.read().decode()
            is_json = response.headers.get_content_type() == "application/json"
            return response.status, json.loads(text) if is_json else text
        finally:
            connection.close()

    def predict(self, body: Any = None, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """Ask for predictions, by default for one row that is as it should be."""
        return self.ask("POST", "/predict", ROW if body is None else body, headers)

    def ping(self) -> dict[str, Any]:
        """What it says of itself."""
        status, found = self.ask("GET", "/ping")
        assert status == 200
        return dict(found)

    def wait(self, look: Callable[[], Found], seconds: float = 60.0) -> Found:
        """What `look` finds as soon as it finds anything."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, self.errors.read_text()
            time.sleep(0.05)
        return found

    def follow(self, sequence: int) -> None:
        """Wait until an entry of the release log is in force."""
        self.process.send_signal(signal.SIGUSR1)
        self.wait(lambda: self.ping()["sequence"] >= sequence)

    def stop(self) -> int:
        """End it as an orchestrator does; its exit code."""
        self.process.terminate()
        return self.process.wait(60)
