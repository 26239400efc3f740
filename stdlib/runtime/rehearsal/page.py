"""A rehearsal as one HTML page with nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.stdlib.runtime.rehearsal.charts import Axis, Mark, colour_of, quality_chart, traffic_chart
from mlopsc.stdlib.runtime.rehearsal.diary import Moment
from mlopsc.stdlib.runtime.rehearsal.injections import DAY
from mlopsc.stdlib.runtime.rehearsal.series import versions_of

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.rehearsal.outcome import Fate
    from mlopsc.stdlib.runtime.rehearsal.report import Report

TEMPLATE = Path(__file__).with_name("page.html.j2")
_MARKED = frozenset({"injection", "event", "begin", "step", "promote", "rollback", "keep", "train"})


def render_page(report: Report) -> str:
    """The page."""
    from jinja2 import Environment, StrictUndefined

    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    scene = report.scene
    begins = scene.world.begins
    axis = Axis((scene.ends - begins) / DAY)
    told = [_told(number, moment, report) for number, moment in enumerate(report.moments, 1)]
    marks = [
        Mark((moment.at - begins) / DAY, number, moment.tone)
        for number, moment in enumerate(report.moments, 1)
        if moment.kind in _MARKED and moment.at > begins
    ]
    return jinja.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        pipeline=scene.deployment.document["name"],
        release=scene.deployment.name,
        environment=scene.deployment.environment,
        begins=_date(begins),
        ends=_date(scene.ends),
        days=round(axis.days),
        counts=report.counts,
        metric=report.series.metric,
        versions=[{"number": one, "colour": colour_of(one)} for one in versions_of(report.series)],
        traffic=traffic_chart(report.moments, axis, marks, begins),
        quality=quality_chart(report.series, axis, marks),
        moments=told,
        fates=[_fate(one, report) for one in report.fates],
        noticed=[_noticed(one, report) for one in report.noticed if report.served],
    )


def _told(number: int, moment: Moment, report: Report) -> dict[str, Any]:
    return {
        "number": number,
        "date": _time(moment.at),
        "day": f"{max(0.0, moment.at - report.scene.world.begins) / DAY:.0f}",
        "kind": moment.kind,
        "tone": moment.tone,
        "parts": _ticked(moment.text),
        "line": report.line(moment.stage, moment.rule) if moment.rule else "",
        "place": report.place(moment.stage, moment.rule) if moment.rule else "",
    }


def _fate(fate: Fate, report: Report) -> dict[str, Any]:
    numbers = [place for place, moment in enumerate(report.moments, 1) if moment in fate.moments]
    tone = "quiet" if not fate.moments else "good" if all(one.tone == "good" for one in fate.moments) else "warning"
    place = report.place(fate.stage, fate.rule)
    return {"stage": fate.stage, "text": fate.text, "numbers": numbers, "tone": tone, "place": place}


def _noticed(one: Any, report: Report) -> dict[str, Any]:
    onset = report.scene.world.begins + one.injection.after
    first = one.moments[0] if one.moments else None
    return {
        "trouble": one.injection.trouble.value,
        "what": one.injection.kind.what,
        "day": f"{one.injection.after / DAY:.0f}",
        "is_noticed": one.is_noticed,
        "after": f"{(first.at - onset) / DAY:.1f}" if first else "",
        "parts": _ticked(first.text) if first else [],
        "line": report.line(first.stage, first.rule) if first and first.rule else "",
        "place": report.place(first.stage, first.rule) if first and first.rule else "",
        "could": [fate.text for fate in one.by],
        "advice": one.injection.kind.advice,
    }


def _ticked(text: str) -> Sequence[tuple[bool, str]]:
    """The parts of a message, and whether each is code."""
    return [(bool(place % 2), part) for place, part in enumerate(text.split("`")) if part]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
