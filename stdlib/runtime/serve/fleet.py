"""The versions that a router keeps loaded, and their lanes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from mlopsc.stdlib.runtime.release.state import LiveModel, State
from mlopsc.stdlib.runtime.serve.lane import Lane
from mlopsc.stdlib.runtime.serve.limits import Limits
from mlopsc.stdlib.runtime.serve.processes import LaneName
from mlopsc.stdlib.runtime.serve.provision import Provision

Tell = Callable[[int, str], None]
"""Is told what has happened to a version."""


@dataclass(frozen=True)
class LaneKey:
    """What a lane is for."""

    version: int
    model: LiveModel
    lane: LaneName


class Fleet:
    """Starts lanes that a state of the release needs, and ends those that none needs any more."""

    def __init__(self, provision: Provision, limits: Limits, tell: Tell) -> None:
        self._provision = provision
        self._limits = limits
        self._tell = tell
        self._lanes: dict[LaneKey, Lane] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def lanes(self) -> Mapping[LaneKey, Lane]:
        """All lanes, by what they are for."""
        return self._lanes

    def lane(self, state: State, version: int, lane: LaneName = "served") -> Lane | None:
        """The lane of a version as that state names it; None when there is none."""
        model = state.models.get(version)
        return None if model is None else self._lanes.get(LaneKey(version, model, lane))

    def want(self, state: State) -> None:
        """Start the lanes that are missing for a state."""
        for key in needed(state):
            if key not in self._lanes:
                prepare = partial(self._provision.program, key.version, key.model, key.lane)
                self._lanes[key] = Lane(prepare, self._limits, partial(self._tell, key.version))

    def keep(self, states: Iterable[State]) -> None:
        """End the lanes that none of these states needs, once they have answered what waits."""
        kept = {key for state in states for key in needed(state)}
        for key in [key for key in self._lanes if key not in kept]:
            task = asyncio.create_task(self._lanes.pop(key).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End all lanes."""
        self.keep(())
        await asyncio.gather(*self._closing)


def needed(state: State) -> set[LaneKey]:
    """The lanes of a state: to answer requests for all versions but those that only answer copies; to answer copies
    for those that are given any."""
    found: set[LaneKey] = set()
    for version, model in state.models.items():
        copies, share = state.shadow.get(version, 0) > 0, state.weights.get(version, 0)
        found |= {LaneKey(version, model, "shadow")} if copies else set()
        found |= {LaneKey(version, model, "served")} if share > 0 or not copies else set()
    return found
