"""Where the boxes of a drawing stand and how its edges run: layers from top to bottom (Sugiyama et al. 1981)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

GAP = 28.0
"""Room between two boxes of a layer."""
DROP = 56.0
"""Room between two layers."""
_SWEEPS = 8
_LANE = 12.0


@dataclass(frozen=True)
class Box:
    """A box by its upper left corner and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The x of its centre."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Edge:
    """An edge as points to go through; between each two it leaves and arrives vertically."""

    source: str
    target: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layout:
    """A drawing's boxes by name, its edges and its size."""

    boxes: Mapping[str, Box]
    edges: tuple[Edge, ...]
    width: float
    height: float


Lane = tuple[str, str, int]
"""Where an edge passes through a layer: its ends and the layer."""
Item = str | Lane


def lay_out(
    sizes: Mapping[str, tuple[float, float]], layers: Sequence[Sequence[str]], edges: Sequence[tuple[str, str]]
) -> Layout:
    """Place boxes of the given sizes (width, height) in their layers and route edges, which all lead downwards."""
    depth = {name: number for number, layer in enumerate(layers) for name in layer}
    chains = {edge: _chain(edge, depth) for edge in edges}
    rows = _ordered(_with_lanes(layers, chains), _neighbours(chains))
    widths = {item: sizes[item][0] if isinstance(item, str) else _LANE for row in rows for item in row}
    middles = _middles(rows, widths, _neighbours(chains))
    left = min((middles[item] - widths[item] / 2 for row in rows for item in row), default=0.0)
    tops, bottoms, height = _heights(rows, sizes)
    boxes = {name: Box(middles[name] - left - sizes[name][0] / 2, tops[depth[name]], *sizes[name]) for name in sizes}
    routed = tuple(_route(edge, chain, boxes, middles, left, tops, bottoms) for edge, chain in chains.items())
    width = max((box.x + box.width for box in boxes.values()), default=0.0)
    width = max([width, *(x + _LANE / 2 for edge in routed for x, _ in edge.points)])
    return Layout(boxes, _spread(routed, boxes), width, height)


def _chain(edge: tuple[str, str], depth: Mapping[str, int]) -> tuple[Item, ...]:
    source, target = edge
    lanes: list[Item] = [(source, target, layer) for layer in range(depth[source] + 1, depth[target])]
    return (source, *lanes, target)


def _with_lanes(layers: Sequence[Sequence[str]], chains: Mapping[tuple[str, str], Sequence[Item]]) -> list[list[Item]]:
    rows: list[list[Item]] = [[*layer] for layer in layers]
    for chain in chains.values():
        for item in chain[1:-1]:
            if isinstance(item, tuple):
                rows[item[2]].append(item)
    return rows


def _neighbours(chains: Mapping[tuple[str, str], Sequence[Item]]) -> dict[Item, list[Item]]:
    found: dict[Item, list[Item]] = {}
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            found.setdefault(upper, []).append(lower)
            found.setdefault(lower, []).append(upper)
    return found


def _ordered(rows: list[list[Item]], neighbours: Mapping[Item, Sequence[Item]]) -> list[list[Item]]:
    """Each row by the mean place of its neighbours in the row before, sweeping down and up: few edges cross then."""
    for sweep in range(_SWEEPS):
        order = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for number in order:
            beside = rows[number - 1] if sweep % 2 == 0 else rows[number + 1]
            places = {item: index for index, item in enumerate(beside)}
            own = {item: index for index, item in enumerate(rows[number])}
            rows[number].sort(key=lambda item: _mean_place(item, places, own, neighbours))
    return rows


def _mean_place(
    item: Item, places: Mapping[Item, int], own: Mapping[Item, int], neighbours: Mapping[Item, Sequence[Item]]
) -> float:
    found = [places[other] for other in neighbours.get(item, ()) if other in places]
    return fmean(found) if found else own[item]


def _middles(
    rows: Sequence[Sequence[Item]], widths: Mapping[Item, float], neighbours: Mapping[Item, Sequence[Item]]
) -> dict[Item, float]:
    """The x of each centre: near those of its neighbours, in order, with room between."""
    middles: dict[Item, float] = {}
    for row in rows:
        middles.update(_packed(row, dict.fromkeys(row, 0.0), widths))
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            wanted = {
                item: fmean(middles[other] for other in neighbours[item]) if neighbours.get(item) else middles[item]
                for item in row
            }
            middles.update(_packed(row, wanted, widths))
    return middles


def _packed(row: Sequence[Item], wanted: Mapping[Item, float], widths: Mapping[Item, float]) -> dict[Item, float]:
    """Places in order and without overlap, and on average where they were wanted."""
    placed: dict[Item, float] = {}
    edge = float("-inf")
    for item in row:
        placed[item] = max(wanted[item], edge + widths[item] / 2)
        edge = placed[item] + widths[item] / 2 + GAP
    shift = fmean(placed[item] - wanted[item] for item in row) if row else 0.0
    return {item: middle - shift for item, middle in placed.items()}


def _heights(
    rows: Sequence[Sequence[Item]], sizes: Mapping[str, tuple[float, float]]
) -> tuple[list[float], list[float], float]:
    tops: list[float] = []
    bottoms: list[float] = []
    y = 0.0
    for row in rows:
        tops.append(y)
        y += max((sizes[item][1] for item in row if isinstance(item, str)), default=0.0)
        bottoms.append(y)
        y += DROP
    return tops, bottoms, bottoms[-1] if bottoms else 0.0


def _route(
    edge: tuple[str, str],
    chain: Sequence[Item],
    boxes: Mapping[str, Box],
    middles: Mapping[Item, float],
    left: float,
    tops: Sequence[float],
    bottoms: Sequence[float],
) -> Edge:
    source, target = edge
    points = [(boxes[source].middle, boxes[source].y + boxes[source].height)]
    for item in chain[1:-1]:
        x = middles[item] - left
        points += [(x, tops[item[2]]), (x, bottoms[item[2]])] if isinstance(item, tuple) else []
    points.append((boxes[target].middle, boxes[target].y))
    return Edge(source, target, tuple(points))


def _spread(edges: Sequence[Edge], boxes: Mapping[str, Box]) -> tuple[Edge, ...]:
    """Edges at one side of a box side by side, in the order of where they lead."""
    starts = _ports(edges, boxes, lambda edge: edge.source, lambda edge: edge.points[1][0])
    ends = _ports(edges, boxes, lambda edge: edge.target, lambda edge: edge.points[-2][0])
    moved = []
    for edge in edges:
        first, *between, last = edge.points
        points = ((starts[edge], first[1]), *between, (ends[edge], last[1]))
        moved.append(Edge(edge.source, edge.target, points))
    return tuple(moved)


def _ports(
    edges: Sequence[Edge], boxes: Mapping[str, Box], box_of: Callable[[Edge], str], leads_to: Callable[[Edge], float]
) -> dict[Edge, float]:
    found: dict[Edge, float] = {}
    for name, box in boxes.items():
        own = sorted((edge for edge in edges if box_of(edge) == name), key=leads_to)
        step = min(20.0, box.width / (len(own) + 1))
        found |= {edge: box.middle + (i - (len(own) - 1) / 2) * step for i, edge in enumerate(own)}
    return found
