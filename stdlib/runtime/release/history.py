"""What a release has served: which versions at which time, on which data, and who approved them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.release.approval import Approval, approvals_of
from mlopsc.stdlib.runtime.release.state import Phase, ReleaseLog
from mlopsc.stdlib.runtime.release.versions import Records, find_record
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError


@dataclass(frozen=True)
class Period:
    """A span of time with the entry that was in force, in seconds since 1970; `end` is None while it lasts."""

    start: float
    end: float | None
    record: Mapping[str, Any]

    @property
    def weights(self) -> dict[int, float]:
        """The shares of units that versions answered."""
        return {int(version): share for version, share in self.record["state"]["weights"].items()}

    @property
    def shadow(self) -> dict[int, float]:
        """The shares of requests that versions answered unseen."""
        return {int(version): share for version, share in self.record["state"]["shadow"].items()}


@dataclass(frozen=True)
class Provenance:
    """Where a version comes from: its record (data, code, commit, gate), and who approved it here.

    `unchecked` says why approvals could not be checked.
    """

    number: int
    record: Mapping[str, Any]
    approvals: tuple[Approval, ...]
    needed_approval: bool
    unchecked: str = ""


def periods(records: Records) -> list[Period]:
    """What was in force when, oldest first; entries that leave all shares as they were begin no period."""
    found: list[Period] = []
    for record in records:
        state, at = record["state"], clock.parse_stamp(record["at"])
        if found and _routing(found[-1].record["state"]) == _routing(state):
            continue
        if found:
            found[-1] = Period(found[-1].start, at, found[-1].record)
        found.append(Period(at, None, record))
    return found


def in_force(records: Records, since: float, until: float) -> list[Period]:
    """The periods that overlap [since, until], which may be one moment."""
    return [one for one in periods(records) if one.start <= until and (one.end is None or one.end > since)]


def provenance(deployment: Deployment, records: Records, number: int) -> Provenance:
    """Where a version comes from."""
    started = [one for one in records if one["kind"] in ("start", "begin") and one["evidence"].get("version") == number]
    waited = [one for one in started if one["state"]["phase"] == Phase.WAITING]
    try:
        approvals = tuple(approvals_of(deployment, records, waited[-1])) if waited else ()
    except OperationError as error:
        return Provenance(number, find_record(deployment, number), (), bool(waited), error.message)
    return Provenance(number, find_record(deployment, number), approvals, bool(waited))


def read_records(deployment: Deployment) -> tuple[Mapping[str, Any], ...]:
    """The whole log, its chain checked."""
    return ReleaseLog(deployment.store, deployment.log).records()


def _routing(state: Mapping[str, Any]) -> Sequence[Any]:
    return [state["weights"], state["shadow"]]
