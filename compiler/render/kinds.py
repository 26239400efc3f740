"""The colours of stage kinds in drawings, chosen to be told apart with any kind of colour vision."""

from __future__ import annotations

from typing import NamedTuple


class Colours(NamedTuple):
    """Fill on a light and on a dark page, and the line around it and of its edges on either."""

    light: str
    dark: str
    line: str


_COLOURS = {
    "data": Colours("#e3effc", "#12304f", "#2f7fd1"),
    "train": Colours("#fdeedd", "#4a2f10", "#d9822b"),
    "test": Colours("#e2f5e9", "#123d25", "#2a9d5c"),
    "release": Colours("#efe6fb", "#35205a", "#8a5cd1"),
    "monitor": Colours("#fbe6f0", "#4f1a36", "#cf4f8f"),
    "score": Colours("#e0f5f5", "#0f3d40", "#1f9aa0"),
}
_OTHER = Colours("#eceef1", "#2b3038", "#7a828e")


def colours_of(kind: str) -> Colours:
    """The colours of a kind; those of other packages share one set."""
    return _COLOURS.get(kind, _OTHER)
