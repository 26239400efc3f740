"""What a stage found, as plots that GitHub draws from their text: a few short blocks of Mermaid for a record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlopsc.compiler.render.cells import safe
from mlopsc.stdlib.runtime.engine.outcome import StageRecord

LEGEND = "dark: the estimate, light: its bound, line: the limit"
_BOUND, _ESTIMATE, _LIMIT = "#a9c4ea", "#2f6fc4", "#d1242f"
"""Colours that are told apart on white and on black, and by those who do not tell red from green."""
_MOST_BARS = 16
_MOST_PLOTS = 4
_LONGEST = 44
_WIDTH, _HEAD, _BAR, _SEARCH = 900, 110, 34, 300
"""Points: the width, and heights: around the bars, of a bar, and of the line of a search."""
_PLAIN = frozenset(" ._-+/()=,:*≤≥%")
_UPPER = ("<=", "<")
_LOWER = (">=", ">")


@dataclass(frozen=True)
class _Bar:
    label: str
    estimate: float
    bound: float
    """The same as the estimate where there is none."""


def plots(record: StageRecord) -> Iterator[str]:
    """The lines of a record's plots; none where there is nothing to compare."""
    found: list[Sequence[str]] = []
    if record.kind == "train":
        found = [*_candidates(record.facts)]
    if record.kind == "test":
        judged = [*_judged(record)]
        found = [*_requirements(judged), *_segments(judged)][:_MOST_PLOTS]
    for lines in found:
        yield from ("```mermaid", *lines, "```", "")
    if found and record.kind == "test":
        yield from (f"_{LEGEND}_", "")


def _judged(record: StageRecord) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What each requirement says and each of its judgements, with what was measured by the clock."""
    measured = record.notes.get("measured", {})
    for rule in record.facts["rules"]:
        for one in rule["judgements"]:
            yield str(rule["text"]).removeprefix("require "), {**one, **measured.get(rule["rule"], {})}


def _requirements(judged: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Sequence[str]]:
    """How much of its limit each requirement takes, whatever it is measured in."""
    bars = []
    for text, one in judged:
        share, bound = (_share(one, one.get(name)) for name in ("estimate", _side(one)))
        if share is not None and not one["slices"]:
            bars.append(_Bar(text, share, share if bound is None else max(bound, share)))
    if bars:
        yield _barred("what each requirement takes of its limit, in %", "of the limit, in %", bars, 100.0)


def _share(judgement: Mapping[str, Any], value: float | None) -> float | None:
    """How much of the limit a figure takes, over 100 where it is on the wrong side; None where that says nothing."""
    limit = judgement.get("limit")
    if value is None or limit is None or not (_is_figure(value) and _is_figure(limit)) or min(value, limit) <= 0:
        return None
    if judgement["comparison"] in _UPPER:
        return 100 * float(value) / float(limit)
    return 100 * float(limit) / float(value) if judgement["comparison"] in _LOWER else None


def _side(judgement: Mapping[str, Any]) -> str:
    """Which bound the limit is held against."""
    return "upper" if judgement["comparison"] in _UPPER else "lower"


def _segments(judged: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Sequence[str]]:
    """The metric of each segment that a requirement was judged on."""
    for text, one in judged:
        slices = [found for found in one["slices"] if _is_figure(found.get("estimate"))]
        bars = [_Bar(str(found["slice"]), found["estimate"], _or(found.get(_side(one)), found)) for found in slices]
        if len(bars) > 1:
            yield _barred(text, text.partition(" ")[0], bars, one.get("limit"))


def _or(bound: float | None, found: Mapping[str, Any]) -> float:
    return float(bound) if bound is not None and math.isfinite(bound) else float(found["estimate"])


def _candidates(facts: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """The score of each candidate of a search, the best first."""
    objective = facts["objective"]
    scores = [float(one["score"]) for one in facts["candidates"] if _is_figure(one["score"])]
    scores = sorted(scores, reverse=objective["better"] == "higher")[:_MOST_BARS]
    if len(scores) < 2:
        return
    room = (max(scores) - min(scores)) / 10 or abs(scores[0]) / 10 or 1.0
    metric = _label(f"{objective['metric']} on {objective['on']}")
    yield (
        f"%%{{init: {{{_size(_SEARCH)}, {_colours(_ESTIMATE)}}}}}%%",
        "xychart-beta",
        f'  title "{metric}: candidates, the best first"',
        f"  x-axis [{', '.join(str(rank) for rank in range(1, len(scores) + 1))}]",
        f'  y-axis "{metric}" {_number(min(scores) - room)} --> {_number(max(scores) + room)}',
        f"  line [{', '.join(map(_number, scores))}]",
    )


def _barred(title: str, axis: str, bars: Sequence[_Bar], limit: float | None) -> Sequence[str]:
    """Bars that lie, an estimate and its bound on each other: the shorter of the two is drawn last."""
    shown = bars[:_MOST_BARS]
    rest = f" ({len(bars) - len(shown)} more are not shown)" if len(shown) < len(bars) else ""
    estimates, bounds = [one.estimate for one in shown], [one.bound for one in shown]
    is_longer = sum(bounds) >= sum(estimates)
    below, above = (bounds, estimates) if is_longer else (estimates, bounds)
    colours = _colours(*((_BOUND, _ESTIMATE) if is_longer else (_ESTIMATE, _BOUND)), _LIMIT)
    limits = [float(limit)] if limit is not None and _is_figure(limit) else []
    values = (0.0, *estimates, *bounds, *limits)
    lines = [
        f"%%{{init: {{{_size(_HEAD + _BAR * len(shown))}, {colours}}}}}%%",
        "xychart-beta horizontal",
        f'  title "{_label(title, 2 * _LONGEST)}{rest}"',
        f"  x-axis [{', '.join(_labels([one.label for one in shown]))}]",
        f'  y-axis "{_label(axis)}" {_number(min(values) * 1.1)} --> {_number(max(values) * 1.1 or 1.0)}',
        f"  bar [{', '.join(map(_number, below))}]",
        f"  bar [{', '.join(map(_number, above))}]",
    ]
    return [*lines, *(f"  line [{', '.join([_number(one)] * len(shown))}]" for one in limits)]


def _labels(texts: Sequence[str]) -> Iterator[str]:
    """Labels, each another one: Mermaid draws those of one text at one place."""
    seen: dict[str, int] = {}
    for text in texts:
        label = _label(text)
        seen[label] = seen.get(label, 0) + 1
        yield f'"{label}"' if seen[label] == 1 else f'"{label} ({seen[label]})"'


def _label(text: str, longest: int = _LONGEST) -> str:
    """Text of a spec or of data in a plot: of signs that mean something to Mermaid or to HTML, none is left."""
    words = " ".join(safe(text).replace("<=", "≤").replace(">=", "≥").split())
    plain = "".join(one if one.isalnum() or one in _PLAIN else "·" for one in words).replace("%%", "%·")
    return (plain if len(plain) <= longest else f"{plain[: longest - 1]}…") or "·"


def _size(height: int) -> str:
    return f'"xyChart": {{"width": {_WIDTH}, "height": {height}}}'


def _colours(*palette: str) -> str:
    return f'"themeVariables": {{"xyChart": {{"plotColorPalette": "{", ".join(palette)}"}}}}'


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: float) -> str:
    """A figure as Mermaid reads one: with no exponent."""
    return format(Decimal(f"{value:.4g}"), "f")
