"""The versions that a release may bring into service: those that passed its gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.stdlib.runtime.release.state import LiveModel
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError, StoreError
from mlopsc.stdlib.runtime.store.log import Entry, Log

Records = Sequence[Mapping[str, Any]]
"""What the log of a release holds, oldest first."""

_LOCKED_BY_NAME = "installed packages"


@dataclass(frozen=True)
class Version:
    """A version by its number: what routers load, and its record (data, code, commit, gate)."""

    number: int
    model: LiveModel
    record: Mapping[str, Any]


def registered(deployment: Deployment) -> tuple[Version, ...]:
    """All versions that passed the release's gate, oldest first; raises StoreError where a record is damaged."""
    return tuple(
        version for version in _all(deployment) if version.record.get("test", deployment.gate) == deployment.gate
    )


def find_version(deployment: Deployment, number: int) -> Version:
    """The version of that number; raises OperationError when there is none, or another gate let it through."""
    known = _all(deployment)
    found = next((version for version in known if version.number == number), None)
    if found is None:
        numbers = ", ".join(str(version.number) for version in known[-5:])
        hint = f"the newest are {numbers}" if known else f"`mlopsc run -e {deployment.environment}` makes one"
        raise OperationError(f"`{deployment.model}` has no version {number}", hint)
    gate = found.record.get("test", deployment.gate)
    if gate != deployment.gate:
        fact = f"version {number} of `{deployment.model}` passed the gate `{gate}`, not `{deployment.gate}`"
        raise OperationError(fact, f"`mlopsc run -e {deployment.environment} {deployment.gate}` judges it")
    return found


def find_record(deployment: Deployment, number: int) -> Mapping[str, Any]:
    """The record of a version, whichever gate it passed; empty when there is none (any more)."""
    return next((version.record for version in _all(deployment) if version.number == number), {})


def newest_untried(deployment: Deployment, records: Records) -> Version | None:
    """The newest version, if it has never been started here."""
    versions = registered(deployment)
    return versions[-1] if versions and versions[-1].number not in tried(records) else None


def tried(records: Records) -> frozenset[int]:
    """The versions that were ever started or served here."""
    named = [record["state"][role] for record in records for role in ("candidate", "champion")]
    return frozenset(number for number in named if number is not None)


def served(records: Records) -> tuple[int, ...]:
    """The versions that answered for all, in the order in which they took over; one that came back stands twice."""
    champions = [record["state"]["champion"] for record in records]
    changes = [new for old, new in zip([None, *champions], champions, strict=False) if new not in (None, old)]
    return tuple(changes)


def model_of(records: Records, number: int) -> LiveModel:
    """What routers loaded as a version that once served."""
    found = next(models for record in reversed(records) if str(number) in (models := record["state"]["models"]))
    return LiveModel(**found[str(number)])


def _all(deployment: Deployment) -> tuple[Version, ...]:
    store = deployment.store
    return tuple(_version(entry, store.url) for entry in Log(store, deployment.versions).read())


def _version(entry: Entry, url: str) -> Version:
    if entry.record is None:
        raise StoreError(f"the record of version {entry.number} in `{url}` is damaged", "restore it from a copy")
    locks: Mapping[str, str] = entry.record.get("lock") or {}
    lock = next((digest for name, digest in locks.items() if name != _LOCKED_BY_NAME), "")
    return Version(entry.number, LiveModel(str(entry.record["model"]), lock), entry.record)
