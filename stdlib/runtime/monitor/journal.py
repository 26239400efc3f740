"""The log of a monitor: what each look found, the events that began, and what was done about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.store.log import Entry, Log
from mlopsc.stdlib.runtime.store.protocol import Store

Record = Mapping[str, Any]


class Status(StrEnum):
    """What a look says of a watch."""

    HOLDS = "holds"
    BROKEN = "broken"
    LEARNING = "learning"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Reading:
    """What one look found: figures as JSON in `evidence`, and whether labels that are due have not come."""

    status: Status
    text: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    labels_late: str = ""


@dataclass(frozen=True)
class Sighting:
    """A reading of a watch (or of what is watched without a rule) over a window, to be put into the log.

    `key` tells what it is of: the id of a rule, or the word of a built-in event with what it is about.
    """

    key: str
    watch: str
    category: str
    window: tuple[float, float]
    reading: Reading
    actions: Sequence[str] = ()
    is_kept: bool = True
    """Whether it stays in the log though nothing has changed."""


@dataclass
class Watched:
    """What the log says of one key: its readings so far, and the event whose episode goes on."""

    readings: list[Record] = field(default_factory=list)
    episode: Record | None = None

    @property
    def newest(self) -> float:
        """When the newest window that was looked at ends."""
        return float(self.readings[-1]["until"]) if self.readings else float("-inf")


@dataclass
class Done:
    """What became of one action of one event in one round: its records, oldest first."""

    event: int
    action: str
    round: int
    records: list[Record] = field(default_factory=list)

    @property
    def claims(self) -> list[Record]:
        """The times that somebody began it."""
        return [record for record in self.records if record["state"] == "claimed"]

    @property
    def last(self) -> Record:
        """The newest record."""
        return self.records[-1]

    @property
    def is_open(self) -> bool:
        """Whether somebody has begun and not ended it."""
        return bool(self.last["state"] == "claimed")

    @property
    def counts(self) -> bool:
        """Whether it counts against a limit: it was begun, and did not end for want of new rows."""
        return bool(self.claims) and self.last.get("outcome") != "nothing_new"


class Journal:
    """The records in order, and what follows from them."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.watched: dict[str, Watched] = {}
        self.done: dict[tuple[int, str, int], Done] = {}
        for record in records:
            if record["kind"] == "action":
                key = int(record["event"]), str(record["action"]), int(record["round"])
                self.done.setdefault(key, Done(*key)).records.append(record)
            else:
                self._see(record)

    @property
    def events(self) -> list[Record]:
        """The events, oldest first."""
        return [record for record in self.records if record["kind"] == "event"]

    def of(self, key: str) -> Watched:
        """What the log says of a key."""
        return self.watched.get(key, Watched())

    def rounds(self, event: int, action: str) -> list[Done]:
        """The rounds of an action of an event, oldest first."""
        return [one for (of, text, _), one in self.done.items() if (of, text) == (event, action)]

    def is_going_on(self, event: Record) -> bool:
        """Whether the episode that began with the event has not ended."""
        episode = self.of(str(event["key"])).episode
        return episode is not None and episode["id"] == event["id"]

    def _see(self, record: Record) -> None:
        watched = self.watched.setdefault(str(record["key"]), Watched())
        watched.readings.append(record)
        if record["kind"] == "event":
            watched.episode = record
        elif record["status"] == Status.HOLDS:
            watched.episode = None


class EventLog:
    """The log of one monitor in one environment."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._log = Log(store, prefix)

    def read(self) -> Journal:
        """All that was noted; records whose bytes are damaged are left out."""
        return _journal(self._log.read())

    def note(self, sighting: Sighting) -> Record | None:
        """Add what a look found, as an event if an episode begins with it.

        None where the window is in the log already or, for what need not be kept, nothing has changed.
        """
        return self.append(lambda journal, number: _noted(journal, number, sighting))

    def append(self, propose: Callable[[Journal, int], Record | None]) -> Record | None:
        """Add what `propose` says, given all records and the number of the next; it must have no effects."""

        def decide(entries: Sequence[Entry]) -> Record | None:
            return propose(_journal(entries), len(entries) + 1)

        added = self._log.append(decide)
        return None if added is None else added.record


def _journal(entries: Sequence[Entry]) -> Journal:
    return Journal([entry.record for entry in entries if entry.record is not None])


def _noted(journal: Journal, number: int, sighting: Sighting) -> Record | None:
    watched = journal.of(sighting.key)
    since, until = sighting.window
    if until <= watched.newest:
        return None
    status = sighting.reading.status
    begins = status is Status.BROKEN and watched.episode is None
    ends = status is Status.HOLDS and watched.episode is not None
    if not (sighting.is_kept or begins or ends):
        return None
    episode = number if begins else watched.episode["id"] if watched.episode else None
    record = {
        "kind": "event" if begins else "look",
        "key": sighting.key,
        "watch": sighting.watch,
        "category": sighting.category,
        "at": clock.stamp(clock.now()),
        "window": [clock.stamp(since), clock.stamp(until)],
        "until": until,
        "status": status.value,
        "text": sighting.reading.text,
        "evidence": dict(sighting.reading.evidence),
        "episode": episode,
    }
    if sighting.reading.labels_late:
        record["labels_late"] = sighting.reading.labels_late
    return {**record, "id": number, "actions": list(sighting.actions)} if begins else record
