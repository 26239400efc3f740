"""The drawings of a rehearsal's page: who served when, and how well, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from mlopsc.stdlib.runtime.rehearsal.diary import Moment
from mlopsc.stdlib.runtime.rehearsal.injections import DAY
from mlopsc.stdlib.runtime.rehearsal.series import Series, versions_of

WIDTH, LEFT, RIGHT = 1_040.0, 56.0, 16.0
_TOP, _FOOT = 26.0, 22.0
_COLOURS = ("#2f6fde", "#d9822b", "#2a9d5c", "#9b5de5", "#c2374a", "#128a9e")
_TICKS = 5


@dataclass(frozen=True)
class Axis:
    """From days of service to places across the page."""

    days: float

    def x(self, day: float) -> float:
        """The place of a day."""
        return LEFT + (WIDTH - LEFT - RIGHT) * day / max(self.days, 1.0)


@dataclass(frozen=True)
class Mark:
    """A moment that is drawn through all charts, with its number in the list."""

    day: float
    number: int
    tone: str


def colour_of(version: int) -> str:
    """The colour of a version, the same in every drawing."""
    return _COLOURS[(version - 1) % len(_COLOURS)]


def traffic_chart(moments: Sequence[Moment], axis: Axis, marks: Sequence[Mark], begins: float) -> str:
    """The share of requests that each version answers, from the entries of the release log."""
    height = 150.0
    spans = [*_spans(moments, begins, axis.days)]
    versions = sorted({version for _, _, weights in spans for version in weights})
    parts = [_frame(axis, height), _scale(height, 1.0, "{:.0%}")]
    for start, end, weights in spans:
        floor = 0.0
        for version in versions:
            share = weights.get(version, 0.0)
            if share > 0:
                parts.append(_box(axis, start, end, floor, share, height, version))
            floor += share
    return _svg("Share of the requests that each version answers", height, [*parts, *_drawn(marks, axis, height)])


def quality_chart(series: Series, axis: Axis, marks: Sequence[Mark]) -> str:
    """The metric of each version day by day, of all that it answered, seen or unseen."""
    height = 210.0
    known = [day.value for day in series.days if day.value is not None]
    if not known:
        return ""
    top = _round_up(max([*known, series.limit or 0.0]))
    parts = [_frame(axis, height), _scale(height, top, "{:g}")]
    if series.limit is not None:
        y = _y(series.limit / top, height)
        parts.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="limit" x="{WIDTH - RIGHT - 4}" y="{y - 5:.1f}">{series.limit:g}</text>')
    for version in versions_of(series):
        points = [
            (axis.x(day.day + 0.5), _y(day.value / top, height))
            for day in series.days
            if day.version == version and day.value is not None
        ]
        path = " ".join(f"{'M' if not i else 'L'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points))
        parts.append(f'<path class="line" stroke="{colour_of(version)}" d="{path}"><title>v{version}</title></path>')
    title = f"{series.metric} of each version, day by day"
    return _svg(title, height, [*parts, *_drawn(marks, axis, height)])


def _spans(moments: Sequence[Moment], begins: float, days: float) -> Iterator[tuple[float, float, Mapping[int, float]]]:
    entries = [one for one in moments if "sequence" in one.details]
    for place, entry in enumerate(entries):
        start = max(0.0, (entry.at - begins) / DAY)
        end = (entries[place + 1].at - begins) / DAY if place + 1 < len(entries) else days
        if end > start:
            yield start, end, {int(version): share for version, share in entry.details["state"]["weights"].items()}


def _box(axis: Axis, start: float, end: float, floor: float, share: float, height: float, version: int) -> str:
    top, bottom = _y(floor + share, height), _y(floor, height)
    x, width = axis.x(start), axis.x(end) - axis.x(start)
    label = ""
    if width > 34 and bottom - top > 13:
        place = f'x="{x + width / 2:.1f}" y="{(top + bottom) / 2 + 4:.1f}"'
        label = f'<text class="name" {place}>v{version} {share:.0%}</text>'
    return (
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{bottom - top:.1f}" fill="{colour_of(version)}">'
        f"<title>v{version}: {share:.0%}</title></rect>{label}"
    )


def _frame(axis: Axis, height: float) -> str:
    step = next((one for one in (1, 7, 14, 28, 91) if axis.days / one <= 16), 182)
    base = _y(0.0, height)
    ticks = [
        f'<line class="tick" x1="{axis.x(day):.1f}" x2="{axis.x(day):.1f}" y1="{_TOP}" y2="{base}"/>'
        f'<text class="day" x="{axis.x(day):.1f}" y="{base + 15}">{"day " if not day else ""}{day}</text>'
        for day in range(0, int(axis.days) + 1, step)
    ]
    return "".join(ticks)


def _scale(height: float, top: float, form: str) -> str:
    return "".join(
        f'<text class="scale" x="{LEFT - 8}" y="{_y(i / (_TICKS - 1), height) + 4:.1f}">'
        f"{escape(form.format(top * i / (_TICKS - 1)))}</text>"
        for i in range(_TICKS)
    )


def _drawn(marks: Sequence[Mark], axis: Axis, height: float) -> Iterator[str]:
    """Each mark as a line with its number above; of those too near to each other, the number stands higher."""
    last = -100.0
    lifted = False
    for mark in marks:
        x = axis.x(mark.day)
        lifted = x - last < 17 and not lifted
        last = x
        y = 5.0 if lifted else 16.0
        yield f'<line class="mark {mark.tone}" x1="{x:.1f}" x2="{x:.1f}" y1="{y + 4}" y2="{_y(0.0, height)}"/>'
        yield f'<text class="mark {mark.tone}" x="{x:.1f}" y="{y}">{mark.number}</text>'


def _y(share: float, height: float) -> float:
    return _TOP + (height - _TOP - _FOOT) * (1 - share)


def _round_up(value: float) -> float:
    """The next number that a scale can be divided by."""
    size = 1.0
    while size * 100 < value:
        size *= 10
    while value <= size * 10:
        size /= 10
    return next((step * size for step in (12, 16, 20, 24, 32, 40, 60, 80, 100) if step * size >= value), value)


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 -10 {WIDTH:g} {height + 10:g}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
