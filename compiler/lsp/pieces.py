"""Putting something into a spec: a line into a block, or a block behind another, formatted as `mlopsc fmt` does."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Edit
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.program import vocabulary_of
from mlopsc.compiler.records import Record
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.syntax.formatter import format_file
from mlopsc.compiler.syntax.parser import parse
from mlopsc.compiler.text import Location, SourceFile, Span


class Piece(Record):
    """What is added: a setting or a rule to the block whose header is `at`, or a block of its own behind that."""

    at: Location
    text: str
    is_block: bool = False


def edit_of(project: Project, piece: Piece) -> Edit | None:
    """The edit that adds a piece; None where the block is not found, or does not become one that can be formatted."""
    file = project.file(piece.at.file.path)
    found = _block(file, piece.at) if file is not None else None
    if found is None:
        return None
    block, whole = found
    if piece.is_block:
        return Edit(Location(whole.file, Span(whole.span.end, whole.span.end)), f"\n\n{piece.text}")
    text = _formatted(project, _with(block, whole, piece.text))
    return Edit(whole, text) if text is not None else None


def _block(file: ast.File, at: Location) -> tuple[ast.Block, Location] | None:
    """The block whose header meets a place (or which a setting of it stands in), and all of it."""
    for item, origin in file.placed():
        whole = origin.at(item)
        if isinstance(item, ast.Block) and whole.span.start <= at.span.start <= whole.span.end:
            return item, whole
    return None


def _with(block: ast.Block, whole: Location, text: str) -> str:
    """The text of a block with a line more: a setting behind the others, or in place of the one of its name."""
    content = whole.text
    word = text.partition(" =")[0] if " = " in text.partition("(")[0] else ""
    settings = [one for one in block.items if isinstance(one, ast.Setting)]
    same = next((one for one in settings if word and one.name.text == word), None)
    begin = block.span.start
    if same is not None:
        return content[: same.span.start - begin] + text + content[same.span.end - begin :]
    end = settings[-1].span.end - begin if word and settings else content.rindex("}")
    line = content.find("\n", end) if word and settings else end
    if line < 0 or "}" in content[end:line]:
        line = content.rindex("}")
    return f"{content[:line].rstrip()}\n{text}\n{content[line:].lstrip()}"


def _formatted(project: Project, text: str) -> str | None:
    """A block as it is laid out; None where its syntax is wrong."""
    parsed = parse(SourceFile("pipeline.mlops", f"{text}\n"), vocabulary_of(project.compilation.registry))
    if any(chunk.problems for chunk in parsed.chunks):
        return None
    return format_file(parsed).rstrip("\n")
