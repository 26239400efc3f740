"""Going back: the candidate is dropped, or an earlier version that once served answers everything again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.release.state import Change, ReleaseLog, State
from mlopsc.stdlib.runtime.release.strategies import drop_candidate, take_over
from mlopsc.stdlib.runtime.release.versions import Records, model_of, served
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError


def rollback(
    deployment: Deployment, version: int | None, actor: str, reason: str = "", rule: str = "", cause: str = ""
) -> Mapping[str, Any] | None:
    """Go back to a version that once served: that one, else the champion of a rollout, else the one before it.

    The entry made; None where that version answers everything already, or where an entry with the same `cause` (the
    id of an event, so that nothing is done twice for it) is there. Of two that go back at once, both go back to the
    same version and no further. Raises OperationError when there is no such version.
    """
    aim = version

    def propose(state: State, records: Records) -> Change | None:
        nonlocal aim
        if cause and any(record["evidence"].get("cause") == cause for record in records):
            return None
        after = _after(deployment, state, records, aim)
        if after is None:
            return None
        aim = after.champion
        evidence = {"from": state.candidate or state.champion, "to": after.champion, "cause": cause}
        return Change("rollback", after, actor, _reason(evidence, reason), rule, evidence)

    return ReleaseLog(deployment.store, deployment.log).append(propose)


def _after(deployment: Deployment, state: State, records: Records, version: int | None) -> State | None:
    at = clock.now()
    if version is None and state.candidate is not None:
        return drop_candidate(state, at)
    past = served(records)
    wanted = version if version is not None else _before(deployment, past)
    if wanted == state.champion:
        return drop_candidate(state, at) if state.candidate is not None else None
    if wanted not in past:
        raise OperationError(f"version {wanted} never served in `{deployment.environment}`", _served(past))
    return take_over(state, wanted, model_of(records, wanted), at)


def _before(deployment: Deployment, past: Sequence[int]) -> int:
    """The version from which the champion took over; one that was rolled back does not count."""
    if not past:
        raise OperationError(f"nothing has served in `{deployment.environment}` yet, so there is no way back", "")
    standing: list[int] = []
    for version in past:
        standing = standing[: standing.index(version)] if version in standing else standing
        standing.append(version)
    if len(standing) == 1:
        raise OperationError(
            f"version {past[-1]} is the first that serves in `{deployment.environment}`: nothing came before it",
            "`mlopsc release start` brings a newer one",
        )
    return standing[-2]


def _reason(evidence: Mapping[str, Any], reason: str) -> str:
    back = f"back to version {evidence['to']}" if evidence["to"] is not None else "nothing answers any more"
    return f"{back}: {reason}" if reason else f"{back} from version {evidence['from']}"


def _served(past: Sequence[int]) -> str:
    known = ", ".join(str(version) for version in sorted({*past}))
    return f"those that did: {known}" if known else "none did yet"
