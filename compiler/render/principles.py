"""How far a program follows the seven principles: as text, as JSON, and as a badge for a README."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.coverage import Score, Standing
from mlopsc.compiler.render.cells import clip, safe
from mlopsc.compiler.render.concealing import concealed
from mlopsc.compiler.render.style import Style
from mlopsc.compiler.render.text import Shown
from mlopsc.compiler.text import Location

_MOST = 3
"""How many lines are shown of what earns a rule; JSON has all."""
_LONGEST = 76
_GOOD, _FAIR = 0.9, 0.6


def total(scores: Sequence[Score]) -> tuple[int, int]:
    """How many rules the program follows, and of how many."""
    return sum(one.earned for one in scores), sum(one.total for one in scores)


def missing(scores: Sequence[Score]) -> list[Diagnostic]:
    """What is missing, by principle."""
    return [found for score in scores for standing in score.standings for found in standing.missing]


def render_principles(name: str, scores: Sequence[Score], style: Style, shown: Shown = str) -> str:
    """The score of each principle with the lines that earn it, and what is missing."""
    return "".join(f"{line}\n" for line in _lines(name, scores, style, shown))


def _lines(name: str, scores: Sequence[Score], style: Style, shown: Shown) -> Iterator[str]:
    earned, of = total(scores)
    yield f"{style('bold', name)}: {earned} of {of}"
    for score in scores:
        tone = style("good" if score.earned == score.total else "warning", f"{score.earned} of {score.total}")
        yield ""
        yield f"{style('bold', f'{score.principle}  {score.text}')}: {tone}"
        for standing in score.standings:
            yield from _standing(standing, style, shown)


def _standing(standing: Standing, style: Style, shown: Shown) -> Iterator[str]:
    if standing.state == "aside":
        yield f"   – {style.ticked(standing.earns)}: set aside, {safe(standing.reason)}"
    if standing.state == "earned":
        yield f"   {style('good', '✓')} {style.ticked(standing.earns)}"
        yield from (f"       {_line(place, style, shown)}" for place in standing.at[:_MOST])
        if len(standing.at) > _MOST:
            yield f"       … and {len(standing.at) - _MOST} more"
    for found in standing.missing:
        yield f"   {style('warning', '✗')} {style.ticked(safe(found.message))}  {style('dim', standing.code.title)}"
        yield f"       {_line(found.location, style, shown)}"
        if found.hint:
            yield f"       {style.ticked(safe(found.hint))}"


def _line(place: Location, style: Style, shown: Shown) -> str:
    """A place and what stands there; a file beside the spec is shown by its name."""
    if not place.file.text:
        return style("place", shown(place.file.path))
    where = style("place", f"{shown(place.file.path)}:{place.position.line}")
    return (
        f"{where}  {clip(concealed(safe(place.text.splitlines()[0].strip())) if place.text else '', _LONGEST)}".rstrip()
    )


def render_principles_json(name: str, scores: Sequence[Score], shown: Shown = str) -> str:
    """One JSON object, ending in a line break."""
    earned, of = total(scores)
    principles = [
        {
            "principle": score.principle,
            "text": score.text,
            "earned": score.earned,
            "total": score.total,
            "rules": [_record(standing, shown) for standing in score.standings],
        }
        for score in scores
    ]
    content = {"version": 1, "pipeline": name, "earned": earned, "total": of, "principles": principles}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _record(standing: Standing, shown: Shown) -> dict[str, Any]:
    return {
        "code": standing.code.id,
        "title": standing.code.title,
        "text": standing.earns,
        "state": standing.state,
        "reason": standing.reason,
        "lines": [_place(place, shown) for place in standing.at],
        "missing": [
            {"message": one.message, "hint": one.hint, **_place(one.location, shown)} for one in standing.missing
        ],
    }


def _place(place: Location, shown: Shown) -> dict[str, Any]:
    return {"file": shown(place.file.path), "line": place.position.line, "column": place.position.column}


def render_badge(scores: Sequence[Score]) -> str:
    """A small SVG for a README, ending in a line break: how many rules of how many."""
    earned, of = total(scores)
    share = earned / of if of else 0.0
    colour = "#1a7f37" if share >= _GOOD else "#9a6700" if share >= _FAIR else "#cf222e"
    label, value = "MLOps principles", f"{earned} of {of}"
    left, right = _width(label), _width(value)
    title = escape(f"{label}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">\n'
        f"<title>{title}</title>\n"
        f'<clipPath id="round"><rect width="{left + right}" height="20" rx="3"/></clipPath>\n'
        f'<g clip-path="url(#round)"><rect width="{left}" height="20" fill="#24292f"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>\n'
        '<g fill="#ffffff" text-anchor="middle" font-family="Verdana, DejaVu Sans, sans-serif" font-size="11">\n'
        f'<text x="{left / 2:g}" y="14" textLength="{left - 12}">{escape(label)}</text>\n'
        f'<text x="{left + right / 2:g}" y="14" textLength="{right - 12}">{escape(value)}</text>\n'
        "</g>\n</svg>\n"
    )


def _width(text: str) -> int:
    """Room for a text of that size, in pixels; `textLength` makes it hold with any font."""
    return round(len(text) * 6.2) + 12
