"""Two routers with clients, ticks and a monitor, all of them processes on one store that are killed with -9."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from together.actors import ARMED, act, serve

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.release.history import read_records
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.keys import VARIABLE as SECRET

ROW = {"at": "2026-01-05T12:00", "hour": 12, "temp": 15.0, "weather": "clear", "open": True}
PRELOAD = [
    "mlopsc.compiler.cli.main",
    "mlopsc.stdlib.runtime.release.tick",
    "mlopsc.stdlib.runtime.release.verdicts",
    "mlopsc.stdlib.runtime.monitor.look",
    "mlopsc.stdlib.runtime.engine.runner",
    "mlopsc.stdlib.runtime.serve.server",
    "sklearn.linear_model",
    "together.actors",
]


@dataclass(frozen=True)
class Answer:
    """What a client was told: the prediction's id, the version that made it and the entry that was in force."""

    id: str
    version: int
    sequence: int


@dataclass
class Router:
    """A router that is started anew when it was killed, with a client that never stops asking."""

    company: Company
    name: str
    lives: list[list[Answer]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _process: BaseProcess | None = None
    _port: int = 0
    _is_doomed: bool = True
    _client: threading.Thread | None = None

    @property
    def armed(self) -> Path:
        return self.company.folder / f"{self.name}.armed"

    @property
    def errors(self) -> Path:
        return self.company.folder / f"{self.name}.errors"

    def start(self) -> None:
        """Start it and its client, and wait until it is ready."""
        self.armed.unlink(missing_ok=True)
        said = self.errors.with_suffix(".said")
        said.write_text("")
        variables = {**self.company.variables, ARMED: str(self.armed)}
        about = (self.company.project, ("serve", "-e", "prod", "--port", "0"), variables, said, self.errors)
        self._process = self.company.processes.Process(target=serve, args=about)
        self._process.start()
        self.company.wait(lambda: re.search(r"http://127\.0\.0\.1:\d+", said.read_text()))
        self._port = int(said.read_text().split("http://127.0.0.1:")[1].split()[0])
        self.follow()

    def ask_from_now_on(self) -> None:
        """Have the client ask; from now on every request must be answered, until the router is doomed."""
        self.lives.append([])
        self._is_doomed = False
        self._client = threading.Thread(target=self._ask, daemon=True)
        self._client.start()

    def follow(self) -> None:
        """Wait until the newest entry of the release log is in force here."""
        newest = len(read_records(self.company.deployment))
        until = time.monotonic() + 60
        self._signal(signal.SIGUSR1)
        while self._call("GET", "/ping").get("sequence", 0) < newest:
            assert time.monotonic() < until, self.errors.read_text()
            time.sleep(0.05)

    def wait_for_answers(self, count: int = 3) -> None:
        """Wait until its client has so many more answers."""
        known = len(self.lives[-1])
        self.company.wait(lambda: len(self.lives[-1]) >= known + count or self.failures)

    def die(self, place: str) -> None:
        """Kill it: `before`, `during` or `after` it writes its log, or `between`, right now."""
        self._is_doomed = True
        if place == "between":
            self._signal(signal.SIGKILL)
        else:
            self.armed.write_text(f"log/ {place}")
            self._signal(signal.SIGUSR1)
        self._join(-signal.SIGKILL)

    def stop(self) -> None:
        """End it as an orchestrator does: the client has its last answer, then the log is written."""
        self._is_doomed = True
        assert self._client is not None
        self._client.join(60)
        self._signal(signal.SIGTERM)
        self._join(0)

    def flush(self) -> None:
        """Have it write its log, which also makes later losses a part only of its life."""
        known = set(self.company.deployment.store.list(self.company.deployment.requests))
        self._signal(signal.SIGUSR1)
        self.company.wait(lambda: set(self.company.deployment.store.list(self.company.deployment.requests)) - known)

    def kill(self) -> None:
        """Leave nothing behind."""
        self._is_doomed = True
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._client is not None:
            self._client.join(60)

    def _join(self, code: int) -> None:
        assert self._process is not None
        self._process.join(60)
        assert self._process.exitcode == code, self.errors.read_text()
        if self._client is not None:
            self._client.join(60)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def _ask(self) -> None:
        """What the client does."""
        answers = self.lives[-1]
        while not self._is_doomed:
            try:
                told = self._call("POST", "/predict", {**ROW, "temp": 10 + len(answers) % 10})
                (one,) = told["predictions"]
                answers.append(Answer(one["id"], one["version"], told["sequence"]))
            except (OSError, http.client.HTTPException, KeyError) as error:
                if not self._is_doomed:
                    self.failures.append(repr(error))
                return
            time.sleep(0.05)

    def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            found: dict[str, Any] = json.loads(response.read())
            if response.status != 200:
                raise KeyError(str(found))
            return found
        finally:
            connection.close()


@dataclass
class Company:
    """A project with its store and its clock, and all who work on it."""

    project: Path
    folder: Path
    deployment: Deployment
    at: float = 0.0

    @property
    def variables(self) -> Mapping[str, str]:
        return {clock.VARIABLE: str(self.folder / "clock"), SECRET: "a secret of the tests, of no use", "NO_COLOR": "1"}

    @cached_property
    def routers(self) -> list[Router]:
        return [Router(self, "first"), Router(self, "second")]

    @cached_property
    def processes(self) -> Any:
        """Starts processes that have imported already what most of them need."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOAD)
        return context

    @property
    def said(self) -> str:
        """What the commands said."""
        return (self.folder / "said").read_text()

    def go_to(self, seconds: float) -> None:
        """Move the clock of everybody."""
        self.at = seconds
        clock.set_clock(self.folder / "clock", seconds)

    def begin(self, *arguments: str, dies: str = "", write: int = 1) -> BaseProcess:
        """Start a command."""
        about = (self.project, arguments, dict(self.variables), self.folder / "said", dies, write)
        process: BaseProcess = self.processes.Process(target=act, args=about)
        process.start()
        return process

    def call(self, *arguments: str, dies: str = "", write: int = 1) -> int:
        """Run a command to its end; its exit code, or minus the signal."""
        return ended(self.begin(*arguments, dies=dies, write=write))

    def wait(self, look: Callable[[], object]) -> None:
        """Wait until there is something to see."""
        until = time.monotonic() + 60
        while not look():
            assert time.monotonic() < until, [router.errors.read_text() for router in self.routers]
            time.sleep(0.02)


def ended(process: BaseProcess) -> int:
    """How a command ended."""
    process.join(120)
    assert process.exitcode is not None
    return process.exitcode


@contextmanager
def at_work(company: Company) -> Iterator[Company]:
    """Two routers at work on the release that is in force; they end with the block, whatever happens in it."""
    try:
        for router in company.routers:
            router.start()
            router.ask_from_now_on()
        yield company
    finally:
        for router in company.routers:
            router.kill()
