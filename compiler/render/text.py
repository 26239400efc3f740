"""Diagnostics as a person reads them on a terminal: the fact, the line with a caret, and the next step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from mlopsc.compiler.diagnostics import Diagnostic, Fix, Label, Severity
from mlopsc.compiler.records import Record
from mlopsc.compiler.render.cells import TAB, expand, safe, width
from mlopsc.compiler.render.concealing import pieces, without_secrets
from mlopsc.compiler.render.style import Style, Tone
from mlopsc.compiler.text import Location, SourceFile

Shown = Callable[[str], str]
"""From a path relative to the project to the path that is shown."""

MOST = 100
"""How many messages are shown; more than that nobody reads, and the machine formats give them all."""
WIDEST = 200
"""The longest piece of a line that is shown where there is no terminal."""
_LEAD = 24

_TONES: dict[Severity, Tone] = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}


class Mark(Record):
    """A place to underline: with `^` where the mistake is, with `-` where it is only explained."""

    location: Location
    text: str
    sign: str
    tone: Tone


def render_text(diagnostics: Sequence[Diagnostic], style: Style, shown: Shown = str) -> str:
    """Messages, each followed by an empty line; empty when there is none."""
    parts = [render_one(diagnostic, style, shown) for diagnostic in without_secrets(diagnostics[:MOST])]
    if len(diagnostics) > MOST:
        parts.append(f"… and {len(diagnostics) - MOST} more; `--format json` gives them all")
    return "\n".join(parts) + ("\n" if parts else "")


def render_one(diagnostic: Diagnostic, style: Style, shown: Shown = str) -> str:
    """One message, ending in a line break."""
    gutter = max(len(str(place.position.line)) for place in _places(diagnostic))
    return "".join(f"{line}\n" for line in _lines(diagnostic, style, shown, gutter))


def render_fact(severity: Severity, message: str, hint: str, style: Style) -> str:
    """A message that is about no line of a file."""
    lines = [f"{style(_TONES[severity], severity.value)}: {style.ticked(safe(message), 'bold')}"]
    first, *rest = safe(hint).splitlines() or [""]
    if first:
        lines.append(f"  {style('place', '=')} {style('bold', 'help')}: {style.ticked(first)}")
    lines += [f"          {style.ticked(line)}" for line in rest]
    return "".join(f"{line}\n" for line in lines)


def _lines(diagnostic: Diagnostic, style: Style, shown: Shown, gutter: int) -> Iterator[str]:
    tone = _TONES[diagnostic.severity]
    first, *more = safe(diagnostic.message).splitlines() or [""]
    yield f"{style(tone, f'{diagnostic.severity.value}[{diagnostic.code.id}]')}: {style.ticked(first, 'bold')}"
    yield from (style.ticked(line, "bold") for line in more)
    yield from _snippets(diagnostic, style, shown, gutter)
    notes = list(_notes(diagnostic))
    if notes:
        yield _edge(gutter, style)
    for word, text in notes:
        head, *rest = safe(text).splitlines() or [""]
        yield f"{' ' * gutter} {style('place', '=')} {style('bold', word)}: {style.ticked(head)}"
        yield from (f"{' ' * (gutter + len(word) + 5)}{style.ticked(line)}" for line in rest)


def _notes(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    if diagnostic.hint:
        yield "help", diagnostic.hint
    for fix in diagnostic.fixes:
        yield "fix", _described(fix)


def _described(fix: Fix) -> str:
    return f"{fix.title} (`--fix` does it)" if fix.safe else fix.title


def _places(diagnostic: Diagnostic) -> list[Location]:
    return [diagnostic.location, *(label.location for label in diagnostic.related)]


def _marks(diagnostic: Diagnostic) -> list[Mark]:
    def related(label: Label) -> Mark:
        return Mark(label.location, label.text, "-", "place")

    first = Mark(diagnostic.location, diagnostic.label, "^", _TONES[diagnostic.severity])
    return [first, *map(related, diagnostic.related)]


def _snippets(diagnostic: Diagnostic, style: Style, shown: Shown, gutter: int) -> Iterator[str]:
    """Each line that matters once, with the marks on it below; the place of the mistake comes first."""
    file: SourceFile | None = None
    for marks in _by_line(_marks(diagnostic)):
        location = marks[0].location
        if location.file is not file:
            arrow = "-->" if file is None else ":::"
            place = f"{shown(location.file.path)}:{location.position.line}:{location.position.column}"
            yield f"{' ' * gutter}{style('place', arrow)} {safe(place)}"
            file = location.file
        yield _edge(gutter, style)
        yield from _snippet(marks, style, gutter)


def _by_line(marks: Iterable[Mark]) -> Iterable[list[Mark]]:
    lines: dict[tuple[str, int], list[Mark]] = {}
    for mark in marks:
        lines.setdefault((mark.location.file.path, mark.location.position.line), []).append(mark)
    return lines.values()


def _edge(gutter: int, style: Style) -> str:
    return f"{' ' * gutter} {style('place', '|')}"


def _snippet(marks: Sequence[Mark], style: Style, gutter: int) -> Iterator[str]:
    line = marks[0].location.position.line
    window = _window(marks[0].location, (style.columns or WIDEST) - gutter - 3)
    yield f"{style('place', f'{line:>{gutter}} |')} {window.text}".rstrip()
    for mark in marks:
        before, length = window.under(mark.location)
        text = f" {safe(mark.text).splitlines()[0]}" if mark.text else ""
        yield f"{_edge(gutter, style)} {' ' * before}{style(mark.tone, mark.sign * length + text)}"


class Window(Record):
    """The part of a line that is shown: from character `first` on, `starts` of each character in `text`."""

    text: str
    lead: int
    first: int
    starts: list[int]

    def under(self, location: Location) -> tuple[int, int]:
        """How many columns stand before the marked characters, and how many columns these take (at least one)."""
        position, end = location.position, location.end
        begin = self._column(position.column - 1)
        last = (
            self._column(end.column - 1) if end.line == position.line else self._column(self.first + len(self.starts))
        )
        return begin, max(1, last - begin)

    def _column(self, char: int) -> int:
        index = max(0, min(char - self.first, len(self.starts) - 1))
        return self.lead + width(self.text[self.lead : self.lead + self.starts[index]])


def _window(location: Location, columns: int) -> Window:
    """The line of a location, or as much of it around the place as fits into `columns`."""
    line = pieces(safe(location.file.line(location.position.line)))
    if len(line) <= columns and width(expand(line)[0]) <= columns:
        text, starts = expand(line)
        return Window(text, 0, 0, starts)
    at = min(location.position.column - 1, len(line))
    first = at - _fitting(line[max(0, at - _LEAD) : at][::-1], min(_LEAD, columns // 2))
    lead = "…" if first else ""
    end = first + _fitting(line[first : first + columns], columns - len(lead) - 1)
    text, starts = expand(line[first:end])
    return Window(lead + text + ("…" if end < len(line) else ""), len(lead), first, starts)


def _fitting(text: Sequence[str], columns: int) -> int:
    """How many characters from the start of a text fit into so many columns, each tab as wide as a tab can be."""
    for count, char in enumerate(text):
        columns -= TAB if char == "\t" else width(char)
        if columns < 0:
            return count
    return len(text)
