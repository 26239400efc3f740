"""Writes a file the one way that files are written: the tree decides, and comments stay where they were."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from mlopsc.compiler.syntax.ast import Block, Comment, Field, File, Item, Rule, Setting
from mlopsc.compiler.syntax.pieces import BLOCK_BREAK, STEP, WIDTH, lay_out
from mlopsc.compiler.syntax.writing import Statement, Writer
from mlopsc.compiler.text import Span

BLANK_LINE = re.compile(r"\n[ \t\r\f]*\n")
COMMENT_GAP = 2


@dataclass(frozen=True)
class Entry:
    """An item or a comment between items, with the text between the entry before and this one."""

    writer: Writer
    node: Item | Comment
    gap: str

    @property
    def is_behind(self) -> bool:
        """Whether it is a comment on the line of the entry before it."""
        return isinstance(self.node, Comment) and "\n" not in self.gap

    @property
    def comment(self) -> str:
        """The text of a comment."""
        return self.node.text if isinstance(self.node, Comment) else ""

    @property
    def has_blank_before(self) -> bool:
        """Whether a blank line sets it off from the entry before it."""
        return BLANK_LINE.search(self.gap) is not None


@dataclass(frozen=True)
class Line:
    """A line of the result (or several, of one statement) and the comment behind it, as far off as it was written."""

    code: str
    comment: str = ""
    gap: int = 0
    column: int = 0
    """Where the comment stood in its line."""

    @property
    def width(self) -> int:
        """The length of the last line of code."""
        return len(self.code.replace(BLOCK_BREAK, "\n").rpartition("\n")[2])


def format_file(file: File) -> str:
    """The text of a file as it is to be written; a file with problems is a `ValueError`."""
    if any(chunk.problems for chunk in file.chunks):
        raise ValueError("a file with mistakes in its syntax cannot be formatted")
    entries: list[Entry] = []
    before = "\n"
    for chunk in file.chunks:
        found = _entries(Writer(chunk.text, chunk.comments), chunk.items, Span(0, len(chunk.text)), before)
        before = chunk.text[found[-1].node.span.end :] if found else before + chunk.text
        entries += found
    lines: list[Line] = []
    _write(entries, "", lines)
    return "".join(f"{line}\n" for line in _with_comments(lines)).replace(BLOCK_BREAK, "\n")


def _entries(writer: Writer, items: Sequence[Item], span: Span, before: str) -> list[Entry]:
    """The items of a block and the comments between them, in order; `before` is the text before the span."""
    nodes: list[Item | Comment] = list(items)
    starts = [item.span.start for item in items]
    for comment in writer.comments_in(span):
        index = bisect_right(starts, comment.span.start) - 1
        if index < 0 or items[index].span.end <= comment.span.start:
            nodes.append(comment)
            writer.unplaced.discard(comment.span.start)
    entries = []
    at = span.start
    for node in sorted(nodes, key=lambda node: node.span):
        entries.append(Entry(writer, node, before + writer.text[at : node.span.start]))
        before, at = "", node.span.end
    return entries


def _write(entries: Sequence[Entry], indent: str, lines: list[Line]) -> None:
    """Write the entries of a block, or of the file."""
    for index, (entry, width) in enumerate(zip(entries, _widths(entries), strict=True)):
        if entry.is_behind:
            start = entry.node.span.start
            column = start - entry.writer.text.rfind("\n", 0, start) - 1
            lines[-1] = replace(lines[-1], comment=entry.comment, gap=len(entry.gap) or COMMENT_GAP, column=column)
            continue
        if index and entry.has_blank_before:
            lines.append(Line(""))
        match entry.node:
            case Comment(text=text):
                lines.append(Line(indent + text))
            case Block() as block:
                _write_block(entry.writer, block, indent, lines)
            case statement:
                lines.append(Line(indent + _statement(entry.writer, statement, width, indent)))


def _write_block(writer: Writer, block: Block, indent: str, lines: list[Line]) -> None:
    line = _one_line(writer, block)
    if line is not None and len(indent + line) <= WIDTH:
        lines.append(Line(indent + line))
        return
    lines.append(Line(f"{indent}{_header(writer, block)} {{"))
    inside = Span(writer.text.index("{", block.header.end) + 1, block.span.end - 1)
    _write(_entries(writer, block.items, inside, ""), indent + STEP, lines)
    lines.append(Line(f"{indent}}}"))


def _header(writer: Writer, block: Block) -> str:
    kind = writer.name(block.kind)
    return f"{kind} {writer.dotted(block.label)}" if block.label else kind


def _one_line(writer: Writer, block: Block) -> str | None:
    """A block that was written on one line, and may stay on it: it has one item, or none."""
    if "\n" in writer.text[block.span.start : block.span.end]:
        return None
    header = _header(writer, block)
    match block.items:
        case []:
            return f"{header} {{}}"
        case [Block() as inner]:
            text = _one_line(writer, inner)
        case [Setting() | Field() | Rule() as statement]:
            text = _statement(writer, statement, 0, "")
        case _:
            text = None
    return None if text is None or "\n" in text else f"{header} {{ {text} }}"


def _statement(writer: Writer, item: Statement, width: int, indent: str) -> str:
    """A statement laid out; with comments where the layout has no place for them, as it was written."""
    pieces = writer.statement(item, width)
    if any(item.span.start <= start < item.span.end for start in writer.unplaced):
        return writer.text[item.span.start : item.span.end].replace("\r\n", "\n")
    return lay_out(pieces, indent, len(indent))


def _widths(entries: Sequence[Entry]) -> list[int]:
    """For each entry the width of the widest name in its group: adjacent settings, or adjacent fields."""
    groups: list[list[int]] = [[]]
    for index, entry in enumerate(entries):
        group = groups[-1]
        if group and (entry.has_blank_before or not isinstance(entry.node, Comment | type(entries[group[0]].node))):
            groups.append(group := [])
        if isinstance(entry.node, Setting | Field):
            group.append(index)
    widths = [0] * len(entries)
    for group in groups:
        widest = max((_name_width(entries[index]) for index in group), default=0)
        for index in group:
            widths[index] = widest
    return widths


def _name_width(entry: Entry) -> int:
    match entry.node:
        case Setting(name=name):
            return len(entry.writer.name(name))
        case Field(name=name):
            return len(entry.writer.name(name)) + 1
    return 0


def _with_comments(lines: Sequence[Line]) -> Iterator[str]:
    """The lines with the comments behind them; comments that stood in one column still do."""
    for is_row, run in groupby(lines, key=lambda line: bool(line.comment) and "\n" not in line.code):
        group = list(run)
        is_column = is_row and len({line.column for line in group}) == 1
        end = max(line.width for line in group) + min(line.gap for line in group)
        for line in group:
            gap = end - line.width if is_column else line.gap
            yield f"{line.code}{' ' * gap}{line.comment}"
