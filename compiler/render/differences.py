"""What differs between two texts, as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.render.cells import safe
from mlopsc.compiler.render.concealing import concealed
from mlopsc.compiler.render.style import Style, Tone

_TONES: dict[str, Tone] = {"@": "code", "-": "error", "+": "good"}


def render_diff(path: str, before: str, after: str, style: Style) -> str:
    """The diff from the text of a file to another, coloured for terminals; empty when there is none."""
    from difflib import unified_diff

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(_lines(unified_diff(old, new, f"a/{path}", f"b/{path}"), style))


def _lines(diff: Iterator[str], style: Style) -> Iterator[str]:
    for line in diff:
        text = concealed(safe(line.rstrip("\r\n")))
        if line.startswith(("---", "+++")):
            yield style("bold", text) + "\n"
        elif line.startswith(("@@", "-", "+")):
            yield style(_TONES[line[0]], text) + "\n"
        else:
            yield text + "\n"
        if not line.endswith("\n"):
            yield "\\ no line break at the end of the file\n"
