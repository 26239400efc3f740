"""A tick: one look at a release, and at most one step of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.release.approval import require_same_artefact, standing
from mlopsc.stdlib.runtime.release.judging import Findings, judge
from mlopsc.stdlib.runtime.release.start import propose_begin, propose_start, told_share
from mlopsc.stdlib.runtime.release.state import Change, Phase, ReleaseLog, State, state_of
from mlopsc.stdlib.runtime.release.strategies import at_step, drop_candidate, shares, take_over
from mlopsc.stdlib.runtime.release.versions import Records, find_version, newest_untried
from mlopsc.stdlib.runtime.service.deployment import Deployment

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.service.reading import ServiceLog


@dataclass(frozen=True)
class TickResult:
    """The entry that a tick added, if any; what it did in words; and what it waits for where it did nothing."""

    change: Mapping[str, Any] | None
    text: str
    waiting_for: tuple[str, ...] = ()


def tick(deployment: Deployment, actor: str, log: ServiceLog | None = None) -> TickResult:
    """Do what is due, and no more than one step; of two ticks at once one does it, and the other is told.

    `log` is the request log, where it is kept open between ticks.
    """
    ticking = _Tick(deployment, actor, clock.now(), log)
    record = ReleaseLog(deployment.store, deployment.log).append(ticking.propose)
    if record is not None:
        return TickResult(record, str(record["reason"]))
    return TickResult(None, ticking.text, tuple(ticking.waiting))


@dataclass(frozen=True)
class Outlook:
    """What holds, what the next tick would do, and the figures that it would rest on."""

    state: State
    due: Change | None
    text: str
    waiting_for: tuple[str, ...]
    evidence: Mapping[str, Any]


def outlook(deployment: Deployment, log: ServiceLog | None = None) -> Outlook:
    """What a tick would do now; nothing is done."""
    ticking = _Tick(deployment, "", clock.now(), log)
    records = ReleaseLog(deployment.store, deployment.log).records()
    state = state_of(records)
    due = ticking.propose(state, records)
    return Outlook(state, due, ticking.text, tuple(ticking.waiting), ticking.evidence)


@dataclass
class _Tick:
    """One tick under way: what it found is kept, for those who are told that nothing was done."""

    deployment: Deployment
    actor: str
    at: float
    log: ServiceLog | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    waiting: list[str] = field(default_factory=list)
    _first: int | None = None

    def propose(self, state: State, records: Records) -> Change | None:
        """The change that is due; asked a second time, another was faster, and this tick is over."""
        if self._first is None:
            self._first = state.sequence
        elif self._first != state.sequence:
            self.text = f"entry {state.sequence} came first: {records[-1]['reason']}"
            self.waiting = []
            return None
        match state.phase:
            case Phase.WAITING:
                return self._begin(state, records)
            case Phase.ROLLING:
                return self._move(state, records)
        return self._start(state, records)

    def _start(self, state: State, records: Records) -> Change | None:
        found = newest_untried(self.deployment, records)
        if found is not None:
            return propose_start(self.deployment, state, found, self.actor, self.at)
        self.text = "nothing serves" if state.champion is None else f"version {state.champion} serves"
        self.waiting = [f"a new version of `{self.deployment.model}` that passes `{self.deployment.gate}`"]
        return None

    def _begin(self, state: State, records: Records) -> Change | None:
        newer = newest_untried(self.deployment, records)
        if newer is not None:
            return propose_start(self.deployment, state, newer, self.actor, self.at)
        assert state.candidate is not None
        approvals = standing(self.deployment, records)
        if approvals.missing:
            self.text = f"version {state.candidate} waits for its approval"
            self.waiting = [*(f"the approval of `{name}`" for name in approvals.missing), *approvals.refused]
            return None
        version = find_version(self.deployment, state.candidate)
        require_same_artefact(version, records)
        evidence = {"approved": dict(approvals.approved)}
        return propose_begin(self.deployment, state, version, self.actor, self.at, evidence=evidence)

    def _move(self, state: State, records: Records) -> Change | None:
        found = judge(self.deployment, state, records, self.at, self.log)
        self.evidence = found.evidence
        if (end := found.against) is not None:
            return self._change(end.kind, drop_candidate(state, self.at), end.reason, found, end.rule)
        if found.waiting_for:
            self.text = f"version {state.candidate} is being rolled out"
            self.waiting = [*found.waiting_for]
            return None
        return self._next(state, found)

    def _next(self, state: State, found: Findings) -> Change:
        assert state.candidate is not None
        strategy, candidate = self.deployment.settings.strategy, state.candidate
        if state.step + 1 < len(shares(strategy)):
            after = at_step(state, strategy, state.step + 1, self.at, is_independent=self.deployment.is_independent)
            return self._change("step", after, told_share(candidate, after.weights[candidate]), found)
        after = take_over(state, candidate, state.models[candidate], self.at)
        return self._change("promote", after, f"version {candidate} takes over: {found.reason}", found)

    def _change(self, kind: str, after: State, reason: str, found: Findings, rule: str = "") -> Change:
        return Change(kind, after, self.actor, reason, rule, found.evidence)
