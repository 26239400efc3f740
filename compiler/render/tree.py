"""A pipeline as a tree for the terminal: each stage under the latest of those that it reads, with its rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlopsc.compiler.render.cards import Card
from mlopsc.compiler.render.cells import clip, counted, safe
from mlopsc.compiler.render.style import Style

_TOLD = ("source", "from", "target", "split", "estimator", "search", "strategy", "into")
"""The settings that say most about a stage."""


def render_tree(title: str, cards: Sequence[Card], style: Style) -> str:
    """The tree, a line each for a stage, its main settings and its rules; ends in a line break."""
    below: dict[str, list[Card]] = {card.name: [] for card in cards}
    depth = {card.name: card.level for card in cards}
    for card in cards:
        if card.inputs:
            below[_parent(card, depth)].append(card)
    roots = [card for card in cards if not card.inputs]
    drawing = _Drawing(style, below, _sizes(cards, below), depth)
    lines = [style("bold", safe(title)), ""]
    for number, root in enumerate(roots):
        lines += [*([""] if number else []), *drawing.stages(root, "")]
    return "".join(f"{line}\n" for line in lines)


def _parent(card: Card, depth: Mapping[str, int]) -> str:
    return max(card.inputs, key=lambda name: depth[name])


def _sizes(cards: Sequence[Card], below: Mapping[str, Sequence[Card]]) -> dict[str, int]:
    """How many stages hang below each, itself included; cards stand after what they hang below."""
    sizes: dict[str, int] = {}
    for card in reversed(cards):
        sizes[card.name] = 1 + sum(sizes[child.name] for child in below[card.name])
    return sizes


class _Drawing:
    """Draws along the longest branch without indenting, so that a chain of any length stays on the screen."""

    def __init__(
        self, style: Style, below: Mapping[str, Sequence[Card]], sizes: Mapping[str, int], depth: Mapping[str, int]
    ) -> None:
        self._style = style
        self._below = below
        self._sizes = sizes
        self._depth = depth

    def stages(self, root: Card, prefix: str) -> Iterator[str]:
        card: Card | None = root
        while card is not None:
            side = sorted(self._below[card.name], key=lambda one: self._sizes[one.name])
            last = side.pop() if side else None
            yield self._head(card, prefix)
            rail = f"{prefix}{'│' if last else ' '}"
            for line in self._details(card):
                yield self._clipped(f"{rail}   ", line)
            for child in side:
                yield f"{rail}"
                first, *rest = self.stages(child, "")
                yield f"{prefix}├─{first}"
                yield from (f"{prefix}│ {line}".rstrip() for line in rest)
            if last is not None:
                yield rail
            card = last

    def _head(self, card: Card, prefix: str) -> str:
        also = [name for name in card.inputs if name != _parent(card, self._depth)]
        about = f"{card.kind}, reads {', '.join(also)} too" if also else card.kind
        return f"{prefix}{self._style('good', '●')} {self._style('bold', card.name)} {self._style('dim', about)}"

    def _details(self, card: Card) -> Iterator[tuple[str, str]]:
        for setting in card.settings:
            if setting.word in _TOLD:
                yield setting.word, f"= {setting.text}"
        if card.columns:
            yield "schema", counted(len(card.columns), "column")
        for rule in card.rules:
            yield rule.word, rule.text
        for waiver in card.waived:
            yield "waived", f"{waiver.word} because {waiver.text}"

    def _clipped(self, rail: str, line: tuple[str, str]) -> str:
        word, text = line
        room = (self._style.columns or 10_000) - len(rail) - len(word) - 4
        return f"{rail}{self._style('code', word)} {clip(safe(text), max(room, 10))}"
