"""Tables of text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlopsc.compiler.render.cells import clip, pad, safe, width
from mlopsc.compiler.render.style import Style

_GAP = "  "


def render_table(headings: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> Iterator[str]:
    """The lines of a table; columns in which every cell is a number stand to the right, the last one is clipped."""
    cells = [[safe(cell) for cell in row] for row in rows]
    widths = [max(width(row[i]) for row in [list(headings), *cells]) for i in range(len(headings))]
    right = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(headings))]
    yield style("dim", _line(headings, widths, right, style))
    for row in cells:
        yield _line(row, widths, right, style)


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool], style: Style) -> str:
    placed = [
        " " * (columns - width(cell)) + cell if to_right else pad(cell, columns)
        for cell, columns, to_right in zip(row, widths, right, strict=True)
    ]
    line = _GAP.join(placed).rstrip()
    return clip(line, style.columns) if style.columns else line


def _is_number(text: str) -> bool:
    return text in ("", "-") or text.replace(",", "").replace(".", "").rstrip(" smin%").isdecimal()
