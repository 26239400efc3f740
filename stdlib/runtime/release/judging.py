"""What a tick finds of a version that is being rolled out: whether it goes back, waits, or goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlopsc.stdlib.runtime.release.state import State
from mlopsc.stdlib.runtime.release.strategies import step_length
from mlopsc.stdlib.runtime.release.timing import later, stamp
from mlopsc.stdlib.runtime.release.versions import Records
from mlopsc.stdlib.runtime.service.deployment import Deployment


@dataclass(frozen=True)
class Findings:
    """What speaks against the candidate (the id of a rule, and why), what it waits for, and the figures of both."""

    against: tuple[str, str] | None = None
    waiting_for: tuple[str, ...] = ()
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def judge(deployment: Deployment, state: State, _: Records, at: float) -> Findings:
    """What holds of the candidate at a time."""
    length = step_length(deployment.settings.strategy)
    if length is not None and at < (due := later(state.since, length)):
        return Findings(waiting_for=(f"the end of the step, {stamp(due)}",))
    return Findings(reason="all steps are done")
