"""The lexer for Pygments: it loses nothing, and what it says of a piece is what the compiler reads there."""

from __future__ import annotations

import subprocess
import sys
from bisect import bisect_right
from pathlib import Path

import pytest
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String, _TokenType
from spec_roles import HARD, ROOT, SPECS, Piece, is_right, pieces, read

from mlopsc.grammar.editors.lexer import MlopsLexer

EXPECTED: dict[str, tuple[_TokenType, ...]] = {
    "comment": (Comment,),
    "number": (Number,),
    "date": (Number.Date,),
    "text": (String,),
    "operator": (Operator.Word,),
    "literal": (Keyword.Constant,),
    "kind": (Keyword.Declaration, Name.Class),
    "setting": (Name.Attribute,),
    "constant": (Name.Constant,),
    "column": (Name.Variable,),
    "type": (Keyword.Type,),
    "verb": (Keyword,),
    "clause": (Keyword.Pseudo,),
    "parameter": (Name.Attribute,),
    "function": (Name.Builtin,),
}
ids = [path.relative_to(ROOT).as_posix() for path in SPECS]


def lexed(text: str) -> list[tuple[int, _TokenType, str]]:
    return [one for one in MlopsLexer().get_tokens_unprocessed(text) if one[2]]


def wrong(path: Path, text: str | None = None) -> list[tuple[Piece, _TokenType]]:
    """The pieces of a spec that the lexer takes for something else."""
    tokens = lexed(read(path) if text is None else text)
    starts = [start for start, _, _ in tokens]
    found = ((piece, tokens[bisect_right(starts, piece.start) - 1][1]) for piece in pieces(path))
    return [(piece, kind) for piece, kind in found if not any(kind in one for one in EXPECTED[piece.role])]


@pytest.mark.parametrize("path", SPECS, ids=ids)
def test_nothing_is_lost_and_each_piece_is_what_the_compiler_reads(path: Path) -> None:
    tokens = lexed(read(path))
    assert "".join(text for _, _, text in tokens) == read(path)
    assert wrong(path) == []
    if is_right(path):
        assert [one for one in tokens if one[1] in Error] == []


def test_a_piece_that_is_taken_for_something_else_is_found() -> None:
    moved = read(HARD).replace("check over in", "xheck over in")
    assert [piece.text for piece, _ in wrong(HARD, moved)] == ["check"]


def test_every_role_is_there_to_be_judged() -> None:
    assert {piece.role for piece in pieces(HARD)} == set(EXPECTED)


@pytest.mark.parametrize(
    ("text", "kind", "piece"),
    [
        ('x = "a ${ b.c }"', String.Interpol, "${"),
        ('x = "a ${ b.c }"', Name.Variable, "b.c"),
        (r'x = "a \n"', String.Escape, r"\n"),
        (r'x = "a \q"', String.Double, "\\"),
        ("x = '${b}'", String.Single, "'${b}'"),
        ("x = 400USD", Keyword.Type, "USD"),
        ("x = 2d12h", Name, "d12h"),
        ("x = 1e-3", Number, "1e-3"),
        ("x = 0..23", Operator, ".."),
        ("# mlopsc: allow a-b -- why", Name.Tag, "a-b"),
        ("check at >= 5", Name, "at"),
        ("x = at", Name, "at"),
        ("environment dev { platform = local() }", Name.Attribute, "platform"),
        ("data rides {", Name.Namespace, "rides"),
        ("x = $5", Error, "$"),
        ('x = "open\ny = 1', Number, "1"),
        ("x = csv(\n}\ny = 1", Name.Constant, "y"),
    ],
)
def test_hard_places(text: str, kind: _TokenType, piece: str) -> None:
    assert (kind, piece) in [(found, part) for _, found, part in lexed(text)]


@pytest.mark.parametrize("named", [["-l", "mlops"], []], ids=["by name", "by the file's name"])
def test_pygments_finds_it_where_mlopsc_is_installed(named: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pygments", *named, "-f", "html", str(HARD)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '<span class="kd">data</span>' in done.stdout
