"""The drawings of a monitor's report, as SVG that follows the colours of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from math import ceil, floor, log10

WIDTH = 1_000.0
_LEFT, _RIGHT, _FOOT = 64.0, 14.0, 24.0
_LANE = 26.0
_LANE_LEFT = 250.0
_HEIGHT = 190.0
_TICKS = 4
_MOST_DATES = 9
_SERIES = ("s1", "s2", "s3", "s4", "s5", "s6")


@dataclass(frozen=True)
class Point:
    """A look: when, how much, and what it said (a word of `Status`)."""

    at: float
    value: float
    status: str
    text: str


@dataclass(frozen=True)
class Lane:
    """One row of the timeline: looks by time and status, and the episodes as spans; `marks` are actions."""

    name: str
    looks: Sequence[Point]
    episodes: Sequence[tuple[float, float]] = ()
    link: str = ""


@dataclass(frozen=True)
class Axis:
    """From seconds since 1970 to places across a drawing."""

    start: float
    end: float
    left: float = _LEFT

    def x(self, at: float) -> float:
        """The place of a time."""
        span = max(self.end - self.start, 1.0)
        return self.left + (WIDTH - self.left - _RIGHT) * (at - self.start) / span

    def dates(self) -> Iterator[tuple[float, str]]:
        """Dates to write below, at most nine, and where."""
        days = max(1, round((self.end - self.start) / 86_400 / _MOST_DATES))
        step = next((one for one in (1, 2, 7, 14, 28, 56, 91, 182, 364) if one >= days), 728)
        moment = datetime.fromtimestamp(self.start, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        moment += timedelta(days=1) if moment.timestamp() < self.start else timedelta()
        while moment.timestamp() <= self.end:
            yield moment.timestamp(), f"{moment:%d %b}".lstrip("0")
            moment += timedelta(days=step)


def timeline(lanes: Sequence[Lane], axis: Axis) -> str:
    """One row a watch: every look, and the episodes in which it did not hold."""
    axis = Axis(axis.start, axis.end, _LANE_LEFT)
    height = _LANE * len(lanes) + _FOOT + 6
    parts = [*_dates(axis, height - _FOOT, 0)]
    for place, lane in enumerate(lanes):
        middle = _LANE * place + _LANE / 2 + 4
        name = f'<text class="lane" x="0" y="{middle + 4:.1f}">{escape(_short(lane.name, 38))}</text>'
        parts.append(f'<a href="#{escape(lane.link)}">{name}</a>' if lane.link else name)
        parts.append(f'<line class="rail" x1="{_LANE_LEFT}" x2="{WIDTH - _RIGHT}" y1="{middle}" y2="{middle}"/>')
        for start, end in lane.episodes:
            x, width = axis.x(start), max(3.0, axis.x(end) - axis.x(start))
            parts.append(
                f'<rect class="episode" x="{x:.1f}" y="{middle - 7:.1f}" width="{width:.1f}" height="14" rx="4"/>'
            )
        parts += [
            f'<circle class="look {look.status}" cx="{axis.x(look.at):.1f}" cy="{middle:.1f}" r="3.6">'
            f"<title>{escape(look.text)}</title></circle>"
            for look in lane.looks
        ]
    return _svg("What each watch said, look by look", height, parts)


def line_chart(
    title: str, series: Mapping[str, Sequence[Point]], limits: Mapping[str, float], axis: Axis, unit: str = ""
) -> str:
    """Values over time, a line for each series, and limits across; looks that did not hold are marked."""
    values = [point.value for points in series.values() for point in points]
    if not values:
        return ""
    low, high, step = _range([*values, *limits.values()])
    parts = [*_dates(axis, _HEIGHT - _FOOT, 6), *_scale(low, high, step, unit)]
    for name, limit in limits.items():
        y = _y(limit, low, high)
        parts.append(f'<line class="limit" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="limit" x="{_LEFT + 6}" y="{y - 5:.1f}">{escape(name)}</text>')
    for place, (name, points) in enumerate(series.items()):
        colour = _SERIES[place % len(_SERIES)]
        found = [(axis.x(point.at), _y(point.value, low, high), point) for point in points]
        path = " ".join(f"{'M' if not i else 'L'}{x:.1f} {y:.1f}" for i, (x, y, _) in enumerate(found))
        parts.append(f'<path class="line {colour}" d="{path}"><title>{escape(name)}</title></path>')
        parts += [
            f'<circle class="dot {colour} {point.status}" cx="{x:.1f}" cy="{y:.1f}" r="3.4">'
            f"<title>{escape(f'{name}: {point.text}')}</title></circle>"
            for x, y, point in found
        ]
    return _svg(title, _HEIGHT, parts)


def bars(title: str, names: Sequence[str], window: Sequence[float], reference: Sequence[float]) -> str:
    """Two distributions on the same bins, the reference behind the window, shares of rows upwards."""
    width, height, foot = 320.0, 128.0, 18.0
    top = max([*window, *reference, 1e-9])
    step = width / max(len(names), 1)
    parts = []
    for place, (now, before) in enumerate(zip(window, reference, strict=True)):
        x = place * step
        for kind, share, inset in (("reference", before, 0.04), ("window", now, 0.22)):
            tall = (height - foot - 4) * share / top
            parts.append(
                f'<rect class="{kind}" x="{x + step * inset:.1f}" y="{height - foot - tall:.1f}" '
                f'width="{step * (1 - 2 * inset):.1f}" height="{max(tall, 0):.1f}">'
                f"<title>{escape(f'{names[place]}: {now:.1%}, before {before:.1%}')}</title></rect>"
            )
    wanted = {0, len(names) - 1} if len(names) > 8 else set(range(len(names)))
    for place in sorted(wanted):
        anchor = "start" if place == 0 and len(names) > 8 else "end" if len(names) > 8 else "middle"
        x = {"start": 0.0, "end": width, "middle": (place + 0.5) * step}[anchor]
        parts.append(
            f'<text class="bin" text-anchor="{anchor}" x="{x:.1f}" y="{height - 4}">{escape(_short(names[place], 14))}'
            "</text>"
        )
    return _svg(title, height, parts, width)


def _svg(title: str, height: float, parts: Sequence[str], width: float = WIDTH) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _dates(axis: Axis, base: float, top: float) -> Iterator[str]:
    for at, text in axis.dates():
        x = axis.x(at)
        yield f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{base:.1f}"/>'
        yield f'<text class="date" x="{x:.1f}" y="{base + 16:.1f}">{text}</text>'


def _scale(low: float, high: float, step: float, unit: str) -> Iterator[str]:
    for i in range(round((high - low) / step) + 1):
        value = low + step * i
        text = f"{value:.6g}{unit}" if unit != "%" else f"{value * 100:.6g}%"
        yield f'<text class="scale" x="{_LEFT - 8}" y="{_y(value, low, high) + 4:.1f}">{escape(text)}</text>'


def _range(values: Sequence[float]) -> tuple[float, float, float]:
    """The ends of a scale that holds the values, and its step, all of them round."""
    low, high = min(values), max(values)
    low = 0.0 if 0 <= low < high - low else low
    rough = ((high - low) or abs(high) or 1.0) / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    return floor(low / step + 1e-9) * step, ceil(high / step + 0.05) * step, step


def _y(value: float, low: float, high: float) -> float:
    return 8 + (_HEIGHT - _FOOT - 16) * (1 - (value - low) / (high - low))


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
