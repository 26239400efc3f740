"""Following the release log: which entry is in force here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from mlopsc.stdlib.runtime.release.state import State, state_of, verified
from mlopsc.stdlib.runtime.serve.fleet import Fleet
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.log import Log

INTERVAL = 2.0
"""Seconds of real time between two questions for the next entry."""
_WHILE_LOADING = 0.05


class Follower:
    """Asks for the entry after the newest one it knows, and puts it in force once its versions are loaded.

    An entry whose main version cannot be loaded is not put in force while the one before it can be served: a release
    that is broken must not take the service down.
    """

    def __init__(self, log: Log, fleet: Fleet, tell: Callable[[str], None]) -> None:
        self.state = State()
        self.records: tuple[Mapping[str, Any], ...] = ()
        self.is_reachable = True
        self._newest = State()
        self._log = log
        self._fleet = fleet
        self._tell = tell
        self._told = ""
        self._asked = asyncio.Event()
        self._looked = asyncio.Event()

    @property
    def is_behind(self) -> bool:
        """Whether a newer entry is known that is not in force yet."""
        return self._newest.sequence != self.state.sequence

    @property
    def main(self) -> int | None:
        """The version that stands in for others: the champion, or who has the largest share."""
        return main_version(self.state)

    def look_now(self) -> None:
        """Ask for the next entry now."""
        self._asked.set()

    async def first_look(self) -> None:
        """Wait until the log was asked once and what it names has loaded, or failed to."""
        await self._looked.wait()

    async def run(self, in_force: Callable[[], None]) -> None:
        """Follow until cancelled; `in_force` is called every now and then, and after each change."""
        while True:
            self._asked.clear()
            await self._read()
            until = time.monotonic() + INTERVAL
            while (left := until - time.monotonic()) > 0 and not self._asked.is_set():
                self._apply()
                in_force()
                if self._is_settled():
                    self._looked.set()
                with suppress(TimeoutError):
                    pause = left if self._is_settled() else _WHILE_LOADING
                    await asyncio.wait_for(self._asked.wait(), pause)

    async def _read(self) -> None:
        try:
            records = await asyncio.to_thread(self._read_log)
            self.is_reachable = True
            newest = state_of(records) if len(records) > len(self.records) else self._newest
        except OperationError as error:
            self.is_reachable = False
            self._tell_once(f"the release log cannot be read: {error}")
            return
        except (KeyError, TypeError, ValueError) as error:  # written by another release of this program
            self._tell_once(f"an entry of the release log makes no sense: {type(error).__name__}: {error}")
            return
        self.records, self._newest = records, newest
        self._fleet.want(self._newest)

    def _read_log(self) -> tuple[Mapping[str, Any], ...]:
        entries = self._log.read()
        return self.records if len(entries) == len(self.records) else verified(entries, self._log.store.url)

    def _is_settled(self) -> bool:
        serving = (version for version, share in self._newest.weights.items() if share > 0)
        lanes = (self._fleet.lane(self._newest, version) for version in serving)
        return all(lane is None or lane.condition != "loading" for lane in lanes)

    def _apply(self) -> None:
        if self.is_behind and self._is_settled():
            main = main_version(self._newest)
            if main is None or self._is_usable(self._newest, main) or not self._serves():
                self.state = self._newest
            else:
                self._tell_once(f"entry {self._newest.sequence} is not in force: version {main} cannot be loaded")
        self._fleet.keep((self.state, self._newest))

    def _serves(self) -> bool:
        main = main_version(self.state)
        return main is not None and self._is_usable(self.state, main)

    def _is_usable(self, state: State, version: int) -> bool:
        lane = self._fleet.lane(state, version)
        return lane is not None and lane.is_usable

    def _tell_once(self, fact: str) -> None:
        if fact != self._told:
            self._told = fact
            self._tell(fact)


def main_version(state: State) -> int | None:
    """The champion where it has a share, else the version with the largest; None when nothing is live."""
    if state.champion is not None and state.weights.get(state.champion, 0) > 0:
        return state.champion
    return max(state.weights, key=lambda version: state.weights[version], default=None)
