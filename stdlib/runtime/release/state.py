"""The log of a release: hash-chained entries, the newest of which says all that a router has to know."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.store.faults import StoreError
from mlopsc.stdlib.runtime.store.log import Entry, Log, canonical
from mlopsc.stdlib.runtime.store.protocol import Store

FIRST = "0" * 64
"""What the first entry names as its predecessor."""


class Phase(StrEnum):
    """Where a release stands after an entry."""

    EMPTY = "empty"
    WAITING = "waiting"
    ROLLING = "rolling"
    SERVING = "serving"


@dataclass(frozen=True)
class LiveModel:
    """A version that routers keep loaded: the SHA-256 of its artefact and of its dependency lock ("" if unknown)."""

    artefact: str
    lock: str = ""


@dataclass(frozen=True)
class State:
    """What an entry of the log leaves in force.

    `weights` are the shares of units that versions answer, adding up to 1 unless nothing is live; `shadow` the shares
    of requests that a version answers unseen, when another serves them. `models` are the versions to keep loaded.
    The candidate gets the units whose bucket, drawn with `salt`, is below its share, so that a unit that has moved
    never moves back. `since` is when the phase or step began, `began` when the candidate first met requests, in
    seconds since 1970 (0: not yet).
    """

    sequence: int = 0
    phase: Phase = Phase.EMPTY
    champion: int | None = None
    candidate: int | None = None
    weights: Mapping[int, float] = field(default_factory=dict)
    shadow: Mapping[int, float] = field(default_factory=dict)
    models: Mapping[int, LiveModel] = field(default_factory=dict)
    salt: str = ""
    step: int = 0
    since: float = 0.0
    began: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The state as an entry carries it; its number is the entry's."""
        return {
            "phase": self.phase.value,
            "champion": self.champion,
            "candidate": self.candidate,
            "weights": {str(version): share for version, share in self.weights.items()},
            "shadow": {str(version): share for version, share in self.shadow.items()},
            "models": {str(version): vars(model) for version, model in self.models.items()},
            "salt": self.salt,
            "step": self.step,
            "since": self.since,
            "began": self.began,
        }


@dataclass(frozen=True)
class Change:
    """One entry to add: what happened (`start`, `approve`, `step`, …), why, on whose account, and what is so after it.

    `rule` is the id of the rule of the spec that did it, `evidence` the figures it rests on, as JSON.
    """

    kind: str
    state: State
    actor: str
    reason: str
    rule: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def log_prefix(release: str, environment: str) -> str:
    """Where the log of a release in an environment lies in the store."""
    return f"release/{release}/{environment}/log"


Propose = Callable[[State, Sequence[Mapping[str, Any]]], Change | None]
"""Decides what comes next from the state and all records so far; None adds nothing. It must have no effects."""


class ReleaseLog:
    """The log of one release in one environment."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._log = Log(store, prefix)

    def records(self) -> tuple[Mapping[str, Any], ...]:
        """All records in order; raises StoreError where one is damaged or does not follow from the one before it."""
        return verified(self._log.read(), self._log.store.url)

    def state(self) -> State:
        """What is in force now."""
        return state_of(self.records())

    def append(self, propose: Propose) -> Mapping[str, Any] | None:
        """Add one entry; if another writer was faster, read and propose again. The record added, None for none."""

        def decide(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
            records = verified(entries, self._log.store.url)
            change = propose(state_of(records), records)
            return None if change is None else _record(change, records)

        added = self._log.append(decide)
        return None if added is None else added.record


def verified(entries: Sequence[Entry], url: str) -> tuple[Mapping[str, Any], ...]:
    """The records of a log whose chain holds; raises StoreError at the first that is damaged or out of place."""
    previous = FIRST
    records = []
    for entry in entries:
        if entry.record is None or entry.record["previous"] != previous or entry.record["sequence"] != entry.number:
            raise StoreError(
                f"entry {entry.number} of a release log in `{url}` is damaged or was put in another's place",
                "restore the store from a copy; nothing is released until then",
            )
        previous = hashlib.sha256(canonical(entry.record)).hexdigest()
        records.append(entry.record)
    return tuple(records)


def state_of(records: Sequence[Mapping[str, Any]]) -> State:
    """The state that the newest record leaves in force."""
    if not records:
        return State()
    newest, found = records[-1], dict(records[-1]["state"])
    return State(
        sequence=int(newest["sequence"]),
        phase=Phase(found.pop("phase")),
        weights={int(version): share for version, share in found.pop("weights").items()},
        shadow={int(version): share for version, share in found.pop("shadow").items()},
        models={int(version): LiveModel(**model) for version, model in found.pop("models").items()},
        **found,
    )


def _record(change: Change, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    previous = hashlib.sha256(canonical(records[-1])).hexdigest() if records else FIRST
    return {
        "sequence": len(records) + 1,
        "previous": previous,
        "at": clock.stamp(clock.now()),
        "kind": change.kind,
        "actor": change.actor,
        "reason": change.reason,
        "rule": change.rule,
        "evidence": dict(change.evidence),
        "state": change.state.to_json(),
    }
