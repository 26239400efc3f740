"""A pipeline as one HTML page without anything from elsewhere: the drawing, and all that is said of each stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mlopsc.compiler.render.cards import Card, readers
from mlopsc.compiler.render.kinds import colours_of
from mlopsc.compiler.render.svg import render_svg

TEMPLATE = Path(__file__).with_name("page.html.j2")


def render_page(title: str, environment: str, cards: Sequence[Card], documentation: Mapping[str, str]) -> str:
    """The page; `documentation` says in a sentence what each word (`data.split`, `require`) means."""
    from jinja2 import Environment, StrictUndefined

    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = jinja.from_string(TEMPLATE.read_text(encoding="utf-8"))
    svg = render_svg(title, cards, links=True)
    return template.render(
        title=title,
        environment=environment,
        cards=cards,
        readers=readers(cards),
        svg=svg,
        documentation=documentation,
        kinds={kind: colours_of(kind) for kind in sorted({card.kind for card in cards})},
    )
