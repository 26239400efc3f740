"""Starting a version: it waits for its approvals, or meets its first requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.release.state import Change, Phase, ReleaseLog, State
from mlopsc.stdlib.runtime.release.strategies import enter, percent
from mlopsc.stdlib.runtime.release.versions import Records, Version, find_version, registered
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError


def start(deployment: Deployment, number: int | None, actor: str) -> Mapping[str, Any] | None:
    """Start a version, by default the newest; the entry made, None where it is under way or in service already.

    Raises OperationError when there is no such version, or another one is being rolled out.
    """
    version = _newest(deployment) if number is None else find_version(deployment, number)

    def propose(state: State, _: Records) -> Change | None:
        if version.number in (state.candidate, state.champion if state.candidate is None else None):
            return None
        if state.phase is Phase.ROLLING or version.number == state.champion:
            raise _busy(deployment, state, version.number)
        return propose_start(deployment, state, version, actor, clock.now())

    return ReleaseLog(deployment.store, deployment.log).append(propose)


def propose_start(deployment: Deployment, state: State, version: Version, actor: str, at: float) -> Change:
    """The entry that starts a version: waiting where it must be approved, else on its way."""
    if not deployment.approvers:
        return propose_begin(deployment, state, version, actor, at, kind="start")
    waiting = replace(state, phase=Phase.WAITING, candidate=version.number, since=at)
    before = f" in place of version {state.candidate}" if state.phase is Phase.WAITING else ""
    return Change(
        "start", waiting, actor, f"version {version.number} waits for its approval{before}", "", about(version)
    )


def propose_begin(
    deployment: Deployment,
    state: State,
    version: Version,
    actor: str,
    at: float,
    kind: str = "begin",
    evidence: Mapping[str, Any] | None = None,
) -> Change:
    """The entry with which a version meets its first requests."""
    strategy = deployment.settings.strategy
    after = enter(state, strategy, version, at, is_independent=deployment.is_independent)
    return Change(kind, after, actor, _told(state, after, version.number), "", {**about(version), **(evidence or {})})


def about(version: Version) -> dict[str, Any]:
    """What an entry says of the version that it starts: its artefact, data, commit and gate."""
    record = version.record
    known = {name: record.get(name) for name in ("data", "commit", "test", "test_key", "train_key")}
    return {"version": version.number, "artefact": version.model.artefact, **known}


def _busy(deployment: Deployment, state: State, version: int) -> OperationError:
    if version == state.champion:
        fact = f"version {version} serves already, and version {state.candidate} is on its way"
    else:
        fact = f"version {state.candidate} is being rolled out, and one version at a time is"
    return OperationError(fact, f"`mlopsc release rollback -e {deployment.environment}` ends that")


def _newest(deployment: Deployment) -> Version:
    versions = registered(deployment)
    if not versions:
        fact = f"no version of `{deployment.model}` has passed the gate `{deployment.gate}` yet"
        raise OperationError(fact, f"`mlopsc run -e {deployment.environment}` trains and judges one")
    return versions[-1]


def _told(before: State, after: State, version: int) -> str:
    if before.champion is None:
        return f"first release: version {version} answers everything"
    if after.phase is Phase.SERVING:
        return f"version {version} answers everything"
    share = after.weights.get(version, 0.0)
    if not share:
        return f"version {version} answers {percent(after.shadow[version])} of the requests unseen"
    return told_share(version, share)


def told_share(version: int, share: float) -> str:
    """What a share of the units means, in words."""
    return (
        f"version {version} gets {percent(share)} of the units"
        if share < 1
        else f"version {version} answers everything"
    )
