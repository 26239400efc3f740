"""Lays out statements: on one line where they fit, else broken inside brackets, before `and` and `or`, after commas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 100
STEP = "  "
BLOCK_BREAK = "\0"
"""Stands for a line break inside a string, which is none of the layout's; no file holds this character."""


@dataclass(frozen=True)
class Soft:
    """A place where a long line may end: `before` stays on it, `after` begins the next one."""

    before: str
    after: str = ""

    @property
    def flat(self) -> str:
        """How it reads on one line."""
        return f"{self.before} {self.after}"


@dataclass(frozen=True)
class Element:
    """An element of a bracket, with the comments on lines of their own above it and the one behind it."""

    pieces: Pieces
    above: tuple[str, ...] = ()
    behind: str = ""


@dataclass(frozen=True)
class Bracket:
    """Elements in brackets; `separator` follows each of them. `is_open` ones have a line for each element."""

    opener: str
    closer: str
    elements: tuple[Element, ...]
    below: tuple[str, ...] = ()
    """Comments on lines of their own after the last element."""
    separator: str = ","
    is_open: bool = False


Piece = str | Soft | Bracket
Pieces = tuple[Piece, ...]


def lay_out(pieces: Sequence[Piece], indent: str, column: int) -> str:
    """The text of a statement whose first character stands at `column`; its further lines begin with `indent`.

    Soft places come before brackets, and whether they break depends on what is written alone, not on how: so the
    result is laid out the same way again.
    """
    has_softs = any(isinstance(piece, Soft) for piece in pieces)
    if has_softs and not _fits("".join(_squeezed(piece) for piece in pieces), column):
        return _broken_softs(pieces, indent, column)
    return _broken_brackets(pieces, indent, column)


def _squeezed(piece: Piece) -> str:
    """A piece on one line, even a bracket that has a line for each element."""
    if not isinstance(piece, Bracket):
        return _text(piece)
    elements = ("".join(_squeezed(part) for part in element.pieces) for element in piece.elements)
    return f"{piece.opener}{f'{piece.separator} '.join(elements)}{piece.closer}"


def _fits(text: str, column: int) -> bool:
    lines = (" " * column + text).split("\n")
    return all(len(end) <= WIDTH for line in lines for end in (line.split(BLOCK_BREAK)[0], line.split(BLOCK_BREAK)[-1]))


def _broken_softs(pieces: Sequence[Piece], indent: str, column: int) -> str:
    """A line for each part between soft places."""
    deeper = indent + 2 * STEP
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, Soft):
            parts[-1].append(piece.before)
            parts.append([piece.after])
        else:
            parts[-1].append(piece)
    lines = [_broken_brackets(parts[0], indent, column)]
    lines += [_broken_brackets(part, deeper, len(deeper)) for part in parts[1:]]
    return f"\n{deeper}".join(lines)


def _broken_brackets(pieces: Sequence[Piece], indent: str, column: int) -> str:
    """The pieces in a row; a bracket with which the line would grow too long gets a line for each element."""
    text = ""
    for index, piece in enumerate(pieces):
        match piece:
            case str():
                text += piece
            case Soft():
                text += piece.flat
            case Bracket():
                flat = _flat(piece)
                rest = _lead(pieces[index + 1 :])
                if flat is not None and (not piece.elements or _fits(flat + rest, _column(text, column))):
                    text += flat
                else:
                    text += _open(piece, indent)
    return text


def _column(text: str, column: int) -> int:
    last = text.replace(BLOCK_BREAK, "\n").rpartition("\n")[2]
    return len(last) if last != text else column + len(text)


def _flat(bracket: Bracket) -> str | None:
    """A bracket on one line, if it may stand on one."""
    if bracket.is_open:
        return None
    parts = []
    for element in bracket.elements:
        texts = [_flat(piece) if isinstance(piece, Bracket) else _text(piece) for piece in element.pieces]
        if None in texts:
            return None
        parts.append("".join(text for text in texts if text is not None))
    return f"{bracket.opener}{f'{bracket.separator} '.join(parts)}{bracket.closer}"


def _text(piece: str | Soft) -> str:
    return piece if isinstance(piece, str) else piece.flat


def _lead(pieces: Sequence[Piece]) -> str:
    """What must follow on the same line, whatever is broken: up to the next bracket."""
    text = ""
    for piece in pieces:
        if isinstance(piece, Bracket):
            return text + piece.opener
        text += _text(piece)
    return text


def _open(bracket: Bracket, indent: str) -> str:
    """A bracket with a line for each element."""
    inner = indent + STEP
    lines = []
    for element in bracket.elements:
        lines += [inner + comment for comment in element.above]
        behind = f"  {element.behind}" if element.behind else ""
        lines.append(inner + lay_out(element.pieces, inner, len(inner)) + bracket.separator + behind)
    lines += [inner + comment for comment in bracket.below]
    return "\n".join([bracket.opener, *lines, indent + bracket.closer])
