"""What a tick finds of a version that is being rolled out: whether it goes back, waits, or goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mlopsc.stdlib.runtime.release.state import State
from mlopsc.stdlib.runtime.release.strategies import shares, step_length
from mlopsc.stdlib.runtime.release.timing import later, stamp, told_length
from mlopsc.stdlib.runtime.release.versions import Records
from mlopsc.stdlib.runtime.service.deployment import Deployment

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.release.evidence import Rollout
    from mlopsc.stdlib.runtime.release.verdicts import Judged, RequireResult
    from mlopsc.stdlib.runtime.service.reading import Gap, ServiceLog

_MOST = 20
"""Of how many gaps an entry tells, the longest first."""


@dataclass(frozen=True)
class Against:
    """What ends a rollout: the kind of entry (`rollback`, or `keep` where nothing was proven in time) and the rule."""

    kind: str
    rule: str
    reason: str


@dataclass(frozen=True)
class Findings:
    """What speaks against the candidate, what it waits for, and the figures of both."""

    against: Against | None = None
    waiting_for: tuple[str, ...] = ()
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def judge(deployment: Deployment, state: State, records: Records, at: float, log: ServiceLog | None) -> Findings:
    """What holds of the candidate at a time."""
    from mlopsc.stdlib.runtime.release.evidence import Rollout
    from mlopsc.stdlib.runtime.release.verdicts import Judged

    rollout = Rollout(deployment, state, records, at, log)
    judged = Judged(rollout)
    evidence = _evidence(rollout, judged)
    against = _against(judged, at)
    if against is not None:
        return Findings(against, evidence=evidence)
    return Findings(None, tuple(_open(rollout, judged, at)), _why(judged), evidence)


def _against(judged: Judged, at: float) -> Against | None:
    from mlopsc.stdlib.runtime.statistics.judgements import Verdict

    for guard in judged.guards:
        if guard.fired:
            return Against("rollback", guard.rule.id, f"`{guard.rule.text}` does not hold: {guard.reason}")
    is_suspended = judged.sample_ratio.suspended
    for one in judged.requires:
        if one.verdict is Verdict.FAIL and not is_suspended:
            return Against("rollback", one.rule.id, f"`{one.rule.text}` does not hold: {one.reason}")
    for one in judged.requires:
        if _is_late(one, at) and (is_suspended or one.otherwise == "keep"):
            why = judged.sample_ratio.reason if is_suspended else one.reason
            return Against("keep", one.rule.id, f"`{one.rule.text}` is undecided at its end: {why}")
    return None


def _open(rollout: Rollout, judged: Judged, at: float) -> Iterator[str]:
    """What the next step waits for."""
    state, strategy = rollout.state, rollout.deployment.settings.strategy
    if judged.sample_ratio.suspended:
        yield f"versions are met in other shares than planned: {judged.sample_ratio.reason}"
    if not rollout.calls_of(rollout.candidate, state.since):
        yield f"the first request that version {rollout.candidate} answers in this step"
    length = step_length(strategy)
    missing = missing_time(rollout.gaps, state.since, at)
    if length is not None and at < later(state.since, length) + missing:
        longer = f", {told_length(missing)} later because of gaps in the log" if missing else ""
        yield f"the end of the step at {stamp(later(state.since, length) + missing)}{longer}"
    if state.step + 1 >= len(shares(strategy)):
        yield from (f"`{one.rule.text}`: {one.reason}" for one in judged.requires if not _is_met(one, at))


def _is_late(one: RequireResult, at: float) -> bool:
    from mlopsc.stdlib.runtime.statistics.judgements import Verdict

    return one.verdict is not Verdict.PASS and one.deadline is not None and at >= one.deadline


def _is_met(one: RequireResult, at: float) -> bool:
    from mlopsc.stdlib.runtime.statistics.judgements import Verdict

    return one.verdict is Verdict.PASS or (_is_late(one, at) and one.otherwise == "promote")


def missing_time(gaps: Iterable[Gap], since: float, until: float) -> float:
    """How many seconds of a window lie in gaps of any instance."""
    total, reached = 0.0, since
    for gap in sorted(gaps, key=lambda one: one.start):
        start, end = max(gap.start, reached), min(gap.end, until)
        if end > start:
            total, reached = total + end - start, end
    return total


def _why(judged: Judged) -> str:
    return "; ".join(f"`{one.rule.text}`: {one.reason}" for one in judged.requires) or "all steps are done"


def _evidence(rollout: Rollout, judged: Judged) -> dict[str, Any]:
    from mlopsc.stdlib.runtime.release.verdicts import as_json

    versions = (rollout.candidate, rollout.champion)
    return {
        "window": [stamp(rollout.since), stamp(rollout.until)],
        "calls": {str(version): rollout.calls_of(version, rollout.since) for version in versions},
        "guards": [{"rule": one.rule.id, "text": one.rule.text, **one.figures} for one in judged.guards],
        "requires": [{"rule": one.rule.id, "text": one.rule.text, **one.figures} for one in judged.requires],
        "sample_ratio": as_json(asdict(judged.sample_ratio)),
        "gaps": [_gap(one) for one in sorted(rollout.gaps, key=lambda one: one.start - one.end)[:_MOST]],
        "missing_seconds": missing_time(rollout.gaps, rollout.since, rollout.until),
    }


def _gap(gap: Gap) -> dict[str, str]:
    return {"instance": gap.instance, "from": stamp(gap.start), "to": stamp(gap.end), "reason": gap.reason}
