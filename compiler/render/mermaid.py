"""A pipeline as a Mermaid flowchart, which Markdown viewers draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlopsc.compiler.render.cards import Card
from mlopsc.compiler.render.cells import clip, safe
from mlopsc.compiler.render.kinds import colours_of

_LONGEST = 60


def render_mermaid(cards: Sequence[Card]) -> str:
    """The text of the chart, ending in a line break."""
    return "".join(f"{line}\n" for line in _lines(cards))


def _lines(cards: Sequence[Card]) -> Iterator[str]:
    ids = {card.name: f"s{number}" for number, card in enumerate(cards)}
    yield "flowchart TD"
    for card in cards:
        label = [f"<b>{_escape(card.name)}</b> {card.kind}", *(_escape(f"{one.word} {one.text}") for one in card.rules)]
        yield f'  {ids[card.name]}["{"<br/>".join(label)}"]:::{card.kind}'
    for card in cards:
        yield from (f"  {ids[source]} --> {ids[card.name]}" for source in card.inputs)
    for kind in sorted({card.kind for card in cards}):
        colours = colours_of(kind)
        yield f"  classDef {kind} fill:{colours.light},stroke:{colours.line},color:#1b1f24,text-align:left"


def _escape(text: str) -> str:
    clipped = clip(safe(text), _LONGEST)
    for char, entity in (("#", "#35;"), ("&", "#amp;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        clipped = clipped.replace(char, entity)
    return clipped
