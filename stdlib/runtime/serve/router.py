"""A router as one thing: its parts put together, and what it says of itself."""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.serve.answering import Answerer
from mlopsc.stdlib.runtime.serve.breaker import Breaker
from mlopsc.stdlib.runtime.serve.environments import Environments
from mlopsc.stdlib.runtime.serve.feedback import Feedback
from mlopsc.stdlib.runtime.serve.fleet import Fleet
from mlopsc.stdlib.runtime.serve.following import Follower
from mlopsc.stdlib.runtime.serve.lane import Condition, Lane
from mlopsc.stdlib.runtime.serve.limits import Limits
from mlopsc.stdlib.runtime.serve.provision import Provision
from mlopsc.stdlib.runtime.serve.telemetry import Telemetry
from mlopsc.stdlib.runtime.serve.traffic import Traffic
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.keys import log_secret
from mlopsc.stdlib.runtime.service.writing import LogWriter
from mlopsc.stdlib.runtime.store.log import Log

_MOST_HAPPENINGS = 50


@dataclass(frozen=True)
class Happening:
    """Something that happened to a version, or to the router itself (version None), by the service's clock."""

    at: float
    version: int | None
    text: str


class Router:
    """Serves one release. It must be made and used within one event loop."""

    def __init__(self, deployment: Deployment, scratch: Path, limits: Limits) -> None:
        secret = log_secret(deployment.project)
        self.deployment = deployment
        self.limits = limits
        self.happenings: deque[Happening] = deque(maxlen=_MOST_HAPPENINGS)
        self.writer = LogWriter(deployment)
        self.telemetry = Telemetry(deployment)
        self.traffic = Traffic()
        environments = Environments(deployment.store, deployment.project, self._tell)
        self.fleet = Fleet(Provision(deployment, scratch, environments), limits, self._tell_of)
        self.follower = Follower(Log(deployment.store, deployment.log), self.fleet, self._tell)
        self.breaker = Breaker(self._tell_of)
        self.answerer = Answerer(deployment, secret, self.writer, limits)
        self.answerer.connect(self.fleet, self.follower, self.breaker, (self.telemetry, self.traffic))
        self.feedback = Feedback(self.answerer.schema.target, secret, self.writer, limits)
        self._following = asyncio.create_task(self._follow())

    def lanes(self) -> Mapping[int, Lane]:
        """The lane of each version in force; of one that only answers copies, that for these."""
        state = self.follower.state
        found = {
            version: self.fleet.lane(state, version) or self.fleet.lane(state, version, "shadow")
            for version in state.models
        }
        return {version: lane for version, lane in found.items() if lane is not None}

    def conditions(self) -> Mapping[int, Condition]:
        """How each version in force is."""
        return {version: lane.condition for version, lane in self.lanes().items()}

    def metrics(self) -> bytes:
        """What Prometheus scrapes."""
        return self.telemetry.text(self.follower.state, self.conditions(), self.writer.heartbeat)

    def ping(self) -> dict[str, Any]:
        """That it is there, and what it serves."""
        state, ready = self.follower.state, self.conditions()
        return {
            "status": "ok",
            "release": self.deployment.name,
            "environment": self.deployment.environment,
            "instance": self.writer.instance,
            "sequence": state.sequence,
            "versions": {str(version): ready.get(version, "failed") for version in state.models},
        }

    def refused(self) -> None:
        """Count a request that was invalid."""
        self.telemetry.refused()
        self.writer.count(invalid=1)

    def crashed(self, error: Exception) -> None:
        """Show a mistake of the router itself where the service logs."""
        self._tell(f"a request has failed by a mistake of mlopsc: {type(error).__name__}: {error}")
        with suppress(OSError):
            traceback.print_exception(error)

    async def flush(self) -> None:
        """Write the log now, once the copies on their way are answered, and ask for the next entry."""
        self.follower.look_now()
        await self.answerer.finish()
        await asyncio.to_thread(self.writer.flush)

    async def close(self) -> int:
        """Write what is left and end all workers; the number of rows that could not be written."""
        self._following.cancel()
        with suppress(asyncio.CancelledError):
            await self._following
        await self.answerer.finish()
        await self.fleet.close()
        return await asyncio.to_thread(self.writer.close)

    async def _follow(self) -> None:
        await self.follower.run(self._in_force)

    def _in_force(self) -> None:
        state = self.follower.state
        self.breaker.forget(frozenset(state.models))
        lanes = self.lanes().items()
        ready = [version for version, lane in lanes if lane.condition == "ready"]
        troubles = [f"version {version}: {lane.fault}" for version, lane in lanes if lane.fault]
        self.writer.serves(state.sequence, ready, troubles)

    def _tell_of(self, version: int, text: str) -> None:
        self._remember(Happening(clock.now(), version, text))

    def _tell(self, text: str) -> None:
        self._remember(Happening(clock.now(), None, text))

    def _remember(self, happening: Happening) -> None:
        self.happenings.appendleft(happening)
        about = "" if happening.version is None else f"version {happening.version}: "
        with suppress(OSError):  # nobody may read the output any more; that is no reason to stop
            print(f"{clock.stamp(happening.at)} {about}{happening.text}", flush=True)
