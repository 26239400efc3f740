"""What can be made to go wrong in a rehearsal, and what a spec should do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.schema.values import Duration
from mlopsc.stdlib.runtime.store.faults import OperationError

_WRITTEN = re.compile(r"(?P<name>[a-z-]+)(?:@(?P<after>\S+))?")
DAY = 86_400.0


class Trouble(StrEnum):
    """One kind of trouble."""

    DRIFT = "drift"
    BAD_MODEL = "bad-model"
    SLOW_MODEL = "slow-model"
    ERRORS = "errors"
    STALE_DATA = "stale-data"
    OUTAGE = "outage"
    LABEL_DELAY = "label-delay"


@dataclass(frozen=True)
class Kind:
    """What a trouble is, in a sentence; when it begins unless told, in days; and what of a spec can notice it.

    `notices` are pairs of a verb and a category or subject: one of them should fire. `advice` is the line to write
    where a spec has none of them.
    """

    what: str
    begins: float
    notices: tuple[tuple[str, str], ...]
    advice: str


KINDS: dict[Trouble, Kind] = {
    Trouble.DRIFT: Kind(
        "the world changes: a feature shifts, and the target no longer follows from the features as it did",
        14,
        (("watch", "quality"), ("watch", "drift")),
        "watch stable(features) over 7d, alarms <= 1 / 90d",
    ),
    Trouble.BAD_MODEL: Kind(
        "somebody merges a model that looked good in its test and is bad in service",
        3,
        (("require", "metric"), ("watch", "quality")),
        "require mae(feedback) <= champion + 5% at 95% within 28d",
    ),
    Trouble.SLOW_MODEL: Kind(
        "somebody merges a model that predicts as well and takes much longer",
        3,
        (("guard", "latency"), ("watch", "latency")),
        "guard latency(p95) <= 200ms",
    ),
    Trouble.ERRORS: Kind(
        "somebody merges a model that raises an error for some rows",
        3,
        (("guard", "error_rate"), ("watch", "uptime")),
        "guard error_rate <= champion * 2",
    ),
    Trouble.STALE_DATA: Kind("no new rows arrive at the source", 7, (("watch", "freshness"),), "watch age(DATA) <= 2d"),
    Trouble.OUTAGE: Kind(
        "the service is down for half a day", 10, (("watch", "uptime"),), "watch uptime >= 99.9% over 30d"
    ),
    Trouble.LABEL_DELAY: Kind(
        "what turned out to be true is told ten days later than before",
        7,
        (("event", "labels_late"),),
        "watch mae(feedback) <= 45 over 7d lag 1d, alarms <= 1 / 90d",
    ),
}
"""All kinds of trouble."""

CANDIDATES = frozenset({Trouble.BAD_MODEL, Trouble.SLOW_MODEL, Trouble.ERRORS})
"""Those that come with a new version of the model."""


@dataclass(frozen=True)
class Injection:
    """A trouble that begins `after` seconds of service."""

    trouble: Trouble
    after: float

    @property
    def kind(self) -> Kind:
        """What it is."""
        return KINDS[self.trouble]


def parse_injection(text: str) -> Injection:
    """Read `drift` or `drift@20d`; raises OperationError, naming what there is."""
    match = _WRITTEN.fullmatch(text)
    names = [trouble.value for trouble in Trouble]
    if match is None or match["name"] not in names:
        close = did_you_mean(text.partition("@")[0], names)
        hint = f"did you mean `{close}`?" if close else f"there are {', '.join(f'`{name}`' for name in names)}"
        raise OperationError(f"there is no trouble `{text}` to inject", hint)
    trouble = Trouble(match["name"])
    return Injection(trouble, _after(match["after"], text) if match["after"] else KINDS[trouble].begins * DAY)


def _after(written: str, text: str) -> float:
    try:
        duration = Duration.parse(written)
    except ValueError as error:
        raise OperationError(f"`{text}`: {error}", "write when it begins as `drift@20d`") from error
    if duration.months:
        raise OperationError(f"`{text}`: a month has no fixed length", "write it in days: `drift@30d`")
    return duration.seconds


def begun(injections: Sequence[Injection], trouble: Trouble, elapsed: float) -> bool:
    """Whether a trouble is under way after so many seconds of service."""
    return any(one.trouble is trouble and one.after <= elapsed for one in injections)
