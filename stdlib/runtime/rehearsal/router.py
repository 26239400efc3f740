"""The real router of a rehearsal: a process of its own, started, killed and started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.rehearsal.staging import Place
from mlopsc.stdlib.runtime.rehearsal.traffic import Client
from mlopsc.stdlib.runtime.release.state import ReleaseLog
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.heartbeats import newest_heartbeats
from mlopsc.stdlib.runtime.store.faults import OperationError

_READY = re.compile(r"http://(?P<host>[^:/\s]+):(?P<port>\d+)")
_TETHER = "mlopsc.stdlib.runtime.rehearsal.tether"
_PATIENCE = 60.0
_PAUSE = 0.01
_LAST = 5

Found = TypeVar("Found")


class Router:
    """`mlopsc serve` for the release, on a free port of this machine."""

    def __init__(self, deployment: Deployment, place: Place) -> None:
        self._deployment = deployment
        self._place = place
        self._release = ReleaseLog(deployment.store, deployment.log)
        self._output = place.folder / "router.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.client = Client("localhost", 0)

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers; raises OperationError with its last words when it does not."""
        place = self._place
        command = [sys.executable, "-m", _TETHER, "mlopsc.compiler.cli", "serve", str(place.pipeline)]
        command += ["--release", self._deployment.name, "--port", "0"]
        begun = self._output.stat().st_size if self._output.exists() else 0
        with self._output.open("ab") as output:
            environment = {**os.environ, clock.VARIABLE: str(place.clock), "NO_COLOR": "1"}
            self._process = subprocess.Popen(
                command, cwd=place.project, stdout=output, stderr=output, stdin=subprocess.PIPE, env=environment
            )
        match = self._wait(lambda: _READY.search(_text(self._output, begun)), "does not say that it is ready")
        assert match is not None
        self.client.close()
        self.client = Client(match["host"], int(match["port"]))
        self._wait(lambda: self.client.ping().is_good, "does not answer")

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.client.close()
        if self._process is not None and self.is_up:
            self._process.terminate()
            try:
                self._process.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()

    def flush(self) -> None:
        """Have it write what it has answered up to now."""
        if self._process is None or not self.is_up:
            return
        now = clock.now()
        self._process.send_signal(signal.SIGUSR1)
        self._wait(lambda: self._written() >= now, "does not write its log")

    def follow(self) -> None:
        """Have it look for the newest entry of the release's log, and wait until that is in force."""
        wanted = self._release.state().sequence
        if self._process is not None and self.is_up:
            self._process.send_signal(signal.SIGUSR1)
        self._wait(lambda: self._sequence() >= wanted, "does not follow the release")

    def _written(self) -> float:
        """Up to which time its answers are in the store."""
        beats = newest_heartbeats(self._deployment.store, self._deployment.heartbeats)
        alive = [beat.flushed_at for beat in beats.values() if not beat.ended and self._is_of(beat.instance)]
        return max(alive, default=0.0)

    def _is_of(self, instance: str) -> bool:
        return self._process is not None and f"-{self._process.pid}-" in instance

    def _sequence(self) -> int:
        document = self.client.ping().document
        return int(document.get("sequence") or 0) if isinstance(document, dict) else 0

    def _wait(self, look: Callable[[], Found], what: str) -> Found:
        """What `look` finds as soon as it finds anything; raises OperationError after a minute, or a sudden end."""
        deadline = time.monotonic() + _PATIENCE
        while not (found := look()):
            if not self.is_up or time.monotonic() > deadline:
                last = "\n".join(_text(self._output, 0).strip().splitlines()[-_LAST:])
                raise OperationError(f"the router {what}: {last or 'it said nothing'}", f"see `{self._output}`")
            time.sleep(_PAUSE)
        return found


def _text(path: Path, begin: int) -> str:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read().decode("utf-8", "replace")
