"""The status page of a router: one file of HTML that loads nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.serve.lane import Lane
from mlopsc.stdlib.runtime.serve.processes import LaneName
from mlopsc.stdlib.runtime.serve.telemetry import standing_of
from mlopsc.stdlib.runtime.serve.traffic import Answered, Minute

if TYPE_CHECKING:
    from jinja2 import Template

    from mlopsc.stdlib.runtime.serve.router import Router

_TEMPLATE = "status.html.j2"
_ENTRIES = 6
_HEIGHT = 64


@dataclass(frozen=True)
class Bar:
    """A minute of the chart: where it stands and how high its parts are, in units of the drawing."""

    x: int
    good: float
    bad: float
    unseen: float
    told: str


@dataclass(frozen=True)
class VersionLine:
    """What the page says of a version."""

    version: int
    standing: str
    share: float
    copies: float
    condition: str
    is_left_out: bool
    fault: str
    served: Answered
    stood_in: Answered
    unseen: Answered
    megabytes: float
    restarts: int


def render_status(router: Router) -> str:
    """The page as of now."""
    state = router.follower.state
    now = clock.now()
    return _template().render(
        release=router.deployment.name,
        pipeline=router.deployment.document["name"],
        environment=router.deployment.environment,
        instance=router.writer.instance,
        state=state,
        phase=state.phase.value,
        since=_ago(now - state.since) if state.since else "",
        entries=_entries(router.follower.records, state.sequence, now),
        versions=[_line(router, version) for version in sorted(state.models)],
        bars=_bars(router.traffic.last_hour()),
        height=_HEIGHT,
        totals=_totals(router.traffic.last_hour()),
        beat=router.writer.heartbeat,
        flushed=_ago(now - router.writer.heartbeat.flushed_at),
        uptime=_ago(now - router.writer.heartbeat.started),
        happenings=[(_ago(now - one.at), one.version, one.text) for one in router.happenings],
        is_behind=router.follower.is_behind,
        is_reachable=router.follower.is_reachable,
        milliseconds=_milliseconds,
        percent=_percent,
    )


def _line(router: Router, version: int) -> VersionLine:
    state, traffic = router.follower.state, router.traffic
    names: tuple[LaneName, ...] = ("served", "shadow")
    lanes = [lane for name in names if (lane := router.fleet.lane(state, version, name)) is not None]
    first: Lane | None = lanes[0] if lanes else None
    return VersionLine(
        version=version,
        standing=standing_of(state, version),
        share=state.weights.get(version, 0.0),
        copies=state.shadow.get(version, 0.0),
        condition=first.condition if first else "failed",
        is_left_out=router.breaker.is_open(version),
        fault=first.fault if first and not first.is_usable else "",
        served=traffic.of(version, "served"),
        stood_in=traffic.of(version, "fallback"),
        unseen=traffic.of(version, "shadow"),
        megabytes=sum(lane.resident for lane in lanes) / 1e6,
        restarts=sum(lane.restarts for lane in lanes),
    )


def _entries(records: Sequence[Mapping[str, Any]], in_force: int, now: float) -> list[dict[str, Any]]:
    """The last entries of the release log, the newest first."""
    return [
        {
            "sequence": record["sequence"],
            "kind": record["kind"],
            "reason": record["reason"],
            "rule": record.get("rule", ""),
            "actor": record["actor"],
            "at": str(record["at"])[:16].replace("T", " "),
            "ago": _ago(now - clock.parse_stamp(record["at"])),
            "in_force": record["sequence"] == in_force,
        }
        for record in reversed(records[-_ENTRIES:])
    ]


def _bars(minutes: Sequence[Minute]) -> list[Bar]:
    highest = max(1, *(max(one.good + one.bad, one.unseen) for one in minutes))
    scale = _HEIGHT / highest
    return [
        Bar(
            place * 10,
            one.good * scale,
            one.bad * scale,
            one.unseen * scale,
            f"{len(minutes) - 1 - place} min ago: {one.good:,} answered, {one.bad:,} failed, {one.unseen:,} unseen",
        )
        for place, one in enumerate(minutes)
    ]


def _totals(minutes: Sequence[Minute]) -> Minute:
    return Minute(sum(one.good for one in minutes), sum(one.bad for one in minutes), sum(one.unseen for one in minutes))


def _ago(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:,.1f} ms"


def _percent(share: float) -> str:
    return f"{share * 100:g}%"


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((files(__package__) / "templates" / _TEMPLATE).read_text(encoding="utf-8"))
