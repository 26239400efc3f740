"""What each piece of a spec is, as the compiler reads it: what highlighters are held against."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mlopsc.compiler.program import vocabulary_of
from mlopsc.compiler.render.editors.words import Words, words_of
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.syntax.lexer import lex
from mlopsc.compiler.syntax.parser import parse
from mlopsc.compiler.text import SourceFile
from mlopsc.stdlib import registry

ROOT = Path(__file__).parents[2]
HARD = Path(__file__).with_name("hard.mlops")
SPECS = sorted([HARD, *(ROOT / "examples").rglob("*.mlops"), *(ROOT / "tests" / "golden").rglob("*.mlops")])
LITERALS = {
    "QUANTITY": "number",
    "DATE": "date",
    "TIME": "date",
    "STRING": "text",
    "RAW_STRING": "text",
    "TEXT": "text",
    "AND": "operator",
    "OR": "operator",
    "NOT": "operator",
    "IN": "operator",
    "TRUE": "literal",
    "FALSE": "literal",
    "NONE": "literal",
}
"""What a token is by itself, wherever it stands."""


class Piece(NamedTuple):
    """A piece of a text and what it is; `text` is for messages."""

    start: int
    role: str
    text: str


@cache
def words() -> Words:
    """The words of the standard declarations."""
    return words_of(registry())


def read(path: Path) -> str:
    """The text of a spec with its line ends as they are."""
    return path.read_bytes().decode("utf-8")


@cache
def parsed(path: Path) -> ast.File:
    """The spec as the compiler reads it."""
    return parse(SourceFile(path.name, read(path)), vocabulary_of(registry()))


def is_right(path: Path) -> bool:
    """Whether the spec has no mistake of syntax."""
    return not any(chunk.problems for chunk in parsed(path).chunks)


def pieces(path: Path) -> Iterator[Piece]:
    """The pieces of a spec whose role is certain: of a right one all that stand out, of another one its comments."""
    text = read(path)
    lexed = lex(text)
    yield from (Piece(one.span.start, "comment", one.text) for one in lexed.comments)
    if is_right(path):
        yield from (Piece(one.start, LITERALS[one.type], one.value) for one in lexed.tokens if one.type in LITERALS)
        for item, origin in parsed(path).placed():
            for node, role in _roles(item):
                yield Piece(node.span.start + origin.start, role, node.text)


def _roles(node: ast.Node) -> Iterator[tuple[ast.Name, str]]:
    match node:
        case ast.Block(kind=kind):
            yield kind, "kind"
        case ast.Setting(name=name):
            yield name, "setting" if name.text in words().settings else "constant"
        case ast.Field(name=name, type=kind):
            yield name, "column"
            yield from ((part, "type") for part in _type_names(kind))
        case ast.Rule(verb=verb) if verb.text in words().verbs:
            yield verb, "verb"
        case ast.Clause(name=name) if name.text in words().clauses:
            yield name, "clause"
        case ast.Argument(name=ast.Name() as name):
            yield name, "parameter"
        case ast.Call(callee=callee) if callee.text in words().functions and len(callee.parts) == 1:
            yield callee.parts[0], "function"
    for child in ast.children(node):
        if not (isinstance(node, ast.Field) and child is node.type):
            yield from _roles(child)


def _type_names(kind: ast.Node) -> Iterator[ast.Name]:
    ref = kind.callee if isinstance(kind, ast.Call) else kind
    if isinstance(ref, ast.Ref) and ref.text in words().types:
        yield from ref.parts
