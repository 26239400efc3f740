"""A rehearsal in words: a line for each moment, and at the end what fired, what did not, and by which line."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlopsc.compiler.ir.origins import place
from mlopsc.compiler.render.cells import counted, pad, safe
from mlopsc.compiler.render.style import Style, Tone
from mlopsc.stdlib.runtime.summary.stages import seconds

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.rehearsal.diary import Moment
    from mlopsc.stdlib.runtime.rehearsal.outcome import Fate, Noticed
    from mlopsc.stdlib.runtime.rehearsal.report import Report
    from mlopsc.stdlib.runtime.rehearsal.scene import Scene

_DAY = 86_400.0
_KIND = 9
_TONES: Mapping[str, Tone] = {"good": "good", "warning": "warning", "error": "error", "info": "bold"}


def opening(scene: Scene, environment: str, style: Style) -> Iterator[str]:
    """What will be played."""
    begins, days = scene.world.begins, (scene.ends - scene.world.begins) / _DAY
    known = len(scene.world.between(float("-inf"), begins))
    coming = len(scene.world.between(begins, scene.ends))
    yield style("bold", f"`{scene.deployment.name}` in {environment}, {_date(begins)} to {_date(scene.ends)}")
    yield (
        f"{known:,} rows of `{scene.world.stage.name}` have happened; {coming:,} come in {days:.0f} days"
        + (f", each asked for {scene.copies} times" if scene.copies > 1 else "")
    )
    for one in scene.injections:
        yield f"injected on day {one.after / _DAY:.0f}: {style('error', one.trouble.value)}, {one.kind.what}"
    yield ""


class Lines:
    """Moments as lines: the simulated time, what it is, what happened, and the line of the spec that did it."""

    def __init__(self, scene: Scene, origins: Mapping[str, Any], shown: Callable[[str], str], style: Style) -> None:
        self._begins = scene.world.begins
        self._origins = origins
        self._shown = shown
        self._style = style

    def line(self, moment: Moment) -> str:
        """The lines of one moment."""
        style = self._style
        day = f"day {int(max(0.0, moment.at - self._begins) // _DAY):>2}"
        head = f"{_time(moment.at)}  {style('dim', day)}  {style(_TONES[moment.tone], pad(moment.kind, _KIND))}  "
        width = max(40, (style.columns or 140) - 40)
        text = textwrap.wrap(safe(moment.text), width) or [""]
        lines = [head + style.ticked(text[0]), *(" " * 38 + style.ticked(one) for one in text[1:])]
        if moment.rule and (where := place(self._origins, moment.stage, rule=moment.rule)):
            file, _, rest = where.partition(":")
            lines.append(" " * 38 + style("dim", "by ") + style("place", f"{self._shown(file)}:{rest}"))
        return "\n".join(lines)


def summary(report: Report, shown: Callable[[str], str], style: Style) -> Iterator[str]:
    """What the rehearsal showed."""
    yield ""
    yield style("bold", "What the spec did")
    for fate in report.fates:
        yield from _fate(fate, report, shown, style)
    if report.noticed:
        yield ""
        yield style("bold", "What was injected")
        if not report.served:
            yield f"  {style('error', '✗')} nothing: no model passed, so nothing was served"
            yield "      next: a rehearsal trains on the rows up to its first day; let the gate open for those"
        for one in report.noticed if report.served else ():
            yield from _noticed(one, report, style)
    yield ""
    counts = report.counts
    failed = f", {counts.failed:,} of them failed" if counts.failed else ""
    days = (report.scene.ends - report.scene.world.begins) / _DAY
    yield (
        f"{days:.0f} days in {seconds(counts.seconds)}: {counted(counts.requests, 'request')}{failed}, "
        f"{counted(counts.feedback, 'label')}"
    )
    yield f"page: {shown(str(report.page))}"


def _fate(fate: Fate, report: Report, shown: Callable[[str], str], style: Style) -> Iterator[str]:
    file, _, rest = report.place(fate.stage, fate.rule).partition(":")
    where = style("place", f"{shown(file)}:{rest}") if file else fate.stage
    if not fate.moments:
        yield f"  {style('dim', '·')} {safe(fate.text)}   {where}"
        return
    sign = style("warning", "!") if any(one.tone != "good" for one in fate.moments) else style("good", "✓")
    yield f"  {sign} {style('bold', safe(fate.text))}   {where}"
    for moment in fate.moments:
        yield f"      {_time(moment.at)[:10]}  {style.ticked(safe(moment.text))}"


def _noticed(one: Noticed, report: Report, style: Style) -> Iterator[str]:
    trouble = one.injection.trouble.value
    onset = report.scene.world.begins + one.injection.after
    if one.is_noticed:
        first = one.moments[0]
        after = seconds_told(first.at - onset)
        what = style.ticked(safe(first.text))
        yield f"  {style('good', '✓')} {style('bold', trouble)} was noticed after {after}: {what}"
    elif one.by:
        rules = ", ".join(f"`{fate.text}`" for fate in one.by)
        yield f"  {style('error', '✗')} {style('bold', trouble)} was not noticed, though {rules} could have"
    else:
        yield f"  {style('error', '✗')} {style('bold', trouble)}: no rule of the spec looks for it"
        yield f"      next: write {style.ticked(f'`{one.injection.kind.advice}`')}"


def seconds_told(length: float) -> str:
    """A length of simulated time, in days or hours."""
    return f"{length / _DAY:.0f} days" if length >= 1.5 * _DAY else f"{length / 3600:.0f} hours"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
