"""A pipeline as a drawing: a box for each stage with its settings and rules, readers below what they read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from mlopsc.compiler.render.cards import Card, Line
from mlopsc.compiler.render.cells import clip, counted, safe, width
from mlopsc.compiler.render.kinds import colours_of
from mlopsc.compiler.render.layout import Box, Edge, Layout, lay_out

MARGIN = 20
_CHAR = 6.65
"""The width of a character of the small font, in pixels; the drawing says `monospace`, so this holds everywhere."""
_HEAD_CHAR = 8.45
_LINE = 17
_HEAD = 34
_PADDING = 14
_LONGEST = 58
_MOST_RULES = 9
_TOLD = ("source", "from", "target", "split", "estimator", "search", "strategy", "into")

_STYLE = """
text { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1b1f24 }
.name { font-size: 14px; font-weight: 600 }
.kind { font-size: 11px }
.word { fill: #57606a }
.edge { fill: none; stroke: #8c959f; stroke-width: 1.5 }
.page { fill: #ffffff }
marker path { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .word { fill: #9da7b3 }
  .edge { stroke: #6e7681 }
  .page { fill: #0d1117 }
  marker path { fill: #6e7681 }
}
"""


def render_svg(title: str, cards: Sequence[Card], *, links: bool = False) -> str:
    """The drawing as one SVG document, ending in a line break; with `links`, boxes lead to `#stage-NAME`."""
    layout = lay_out(
        {card.name: _size(card) for card in cards},
        _layers(cards),
        [(source, card.name) for card in cards for source in card.inputs],
    )
    return "".join(f"{line}\n" for line in _document(title, cards, layout, links))


def _layers(cards: Sequence[Card]) -> list[list[str]]:
    layers: list[list[str]] = [[] for _ in range(max((card.level for card in cards), default=-1) + 1)]
    for card in cards:
        layers[card.level].append(card.name)
    return layers


def _document(title: str, cards: Sequence[Card], layout: Layout, links: bool) -> Iterator[str]:
    across, down = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-MARGIN} {-MARGIN} {across:.0f} {down:.0f}" '
        f'width="{across:.0f}" height="{down:.0f}" role="img" aria-label="{_escape(title)}">'
    )
    yield f"<title>{_escape(title)}</title>"
    yield f"<style>{_STYLE}{_kind_styles(cards)}</style>"
    yield (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker></defs>'
    )
    yield f'<rect class="page" x="{-MARGIN}" y="{-MARGIN}" width="{across:.0f}" height="{down:.0f}"/>'
    for edge in layout.edges:
        yield _edge(edge)
    for card in cards:
        yield from _box(card, layout.boxes[card.name], links)
    yield "</svg>"


def _kind_styles(cards: Sequence[Card]) -> str:
    lines = []
    for kind in sorted({card.kind for card in cards}):
        light, dark, line = colours_of(kind)
        lines.append(f".{kind} > rect {{ fill: {light}; stroke: {line}; stroke-width: 1.5 }}")
        lines.append(f"@media (prefers-color-scheme: dark) {{ .{kind} > rect {{ fill: {dark} }} }}")
    return "\n".join([*lines, ""])


def _edge(edge: Edge) -> str:
    (x, y), *rest = edge.points
    path = [f"M{x:.1f} {y:.1f}"]
    for i, (to_x, to_y) in enumerate(rest):
        straight = i % 2 == 1 and i < len(rest) - 1  # through a layer, beside its boxes
        bend = (to_y - y) / 2
        path.append(
            f"L{to_x:.1f} {to_y:.1f}"
            if straight
            else f"C{x:.1f} {y + bend:.1f} {to_x:.1f} {to_y - bend:.1f} {to_x:.1f} {to_y:.1f}"
        )
        x, y = to_x, to_y
    ends = f'data-from="{_escape(edge.source)}" data-to="{_escape(edge.target)}"'
    return f'<path class="edge" {ends} d="{" ".join(path)}" marker-end="url(#arrow)"/>'


def _box(card: Card, box: Box, links: bool) -> Iterator[str]:
    if links:
        yield f'<a href="#stage-{_escape(card.name)}">'
    yield f'<g class="{_escape(card.kind)}" data-stage="{_escape(card.name)}">'
    yield f"<title>{_escape(f'{card.kind} {card.name}: {card.summary}')}</title>"
    yield f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="8"/>'
    left, y = box.x + _PADDING, box.y + 22
    yield f'<text class="name" x="{left:.1f}" y="{y:.1f}">{_escape(card.name)}</text>'
    right = box.x + box.width - _PADDING
    yield f'<text class="kind word" x="{right:.1f}" y="{y:.1f}" text-anchor="end">{_escape(card.kind)}</text>'
    for number, line in enumerate(_lines(card)):
        word = f'<tspan class="word">{_escape(line.word)}</tspan> ' if line.word else ""
        at = box.y + _HEAD + _LINE * number + 10
        yield f'<text x="{left:.1f}" y="{at:.1f}">{word}{_escape(line.text)}</text>'
    yield "</g>"
    if links:
        yield "</a>"


def _lines(card: Card) -> list[Line]:
    """What stands in a box: the main settings, how many columns, and the rules as far as there is room."""
    told = [_clipped(Line(one.word, f"= {one.text}")) for one in card.settings if one.word in _TOLD]
    columns = [Line("schema", counted(len(card.columns), "column"))] if card.columns else []
    rules = [_clipped(rule) for rule in card.rules[:_MOST_RULES]]
    more = len(card.rules) - _MOST_RULES
    return [*told, *columns, *rules, *([Line("", f"… and {more} more rules")] if more > 0 else [])]


def _clipped(line: Line) -> Line:
    return Line(line.word, clip(safe(line.text), max(8, _LONGEST - len(line.word) - 1)))


def _size(card: Card) -> tuple[float, float]:
    lines = _lines(card)
    head = (width(card.name) + 2) * _HEAD_CHAR + width(card.kind) * _CHAR
    widest = max([head, *((width(line.word) + 1 + width(line.text)) * _CHAR for line in lines)])
    return widest + 2 * _PADDING, _HEAD + _LINE * len(lines) + (8 if lines else 2)


def _escape(text: str) -> str:
    return escape(safe(text))
