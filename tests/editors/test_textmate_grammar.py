"""The TextMate grammar in VS Code's own engine: by marks under hard lines, and against what the compiler reads."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from pathlib import Path

import pytest
from editor_tools import EXTENSION, FOLDER, needs, node
from spec_roles import HARD, SPECS, Piece, is_right, pieces, read, words

GRAMMAR = EXTENSION / "syntaxes" / "mlops.tmLanguage.json"
HERE = Path(__file__).parent
MARKED = HERE / "marked.mlops"
EXPECTED = {
    "comment": "comment.line",
    "number": "constant.numeric",
    "date": "constant.other.date",
    "text": "string.quoted",
    "operator": "keyword.operator.logical",
    "literal": "constant.language",
    "kind": "storage.type.block|entity.name.type.unknown",
    "setting": "keyword.other.setting",
    "constant": "variable.other.constant",
    "column": "variable.other.member.column",
    "type": "support.type",
    "verb": "keyword.control.verb",
    "clause": "keyword.other.clause",
    "parameter": "variable.parameter",
    "function": "support.function",
}
Token = tuple[int, int, list[str]]


@pytest.fixture(autouse=True)
def tools() -> None:
    needs(tools=True)


def tokenised(texts: list[str], folder: Path, grammar: Path = GRAMMAR) -> list[list[Token]]:
    """What VS Code's engine makes of texts; it counts characters in UTF-16."""
    listed = folder / "texts.json"
    listed.write_text(json.dumps(texts), encoding="utf-8")
    done = node(HERE / "tokenise.cjs", FOLDER, grammar, listed)
    assert done.returncode == 0, done.stderr
    return [[(start, end, scopes) for start, end, scopes in one] for one in json.loads(done.stdout)]


def wrong(path: Path, text: str, tokens: list[Token]) -> list[tuple[Piece, list[str]]]:
    """The pieces of a spec that the grammar takes for something else."""
    starts = [start for start, _, _ in tokens]
    found = []
    for piece in pieces(path):
        at = len(text[: piece.start].encode("utf-16-le")) // 2
        scopes = tokens[bisect_right(starts, at) - 1][2]
        if not re.search(EXPECTED[piece.role], " ".join(scopes)):
            found.append((piece, scopes))
    return found


def test_each_piece_of_every_spec_is_what_the_compiler_reads(tmp_path: Path) -> None:
    texts = [read(path) for path in SPECS]
    for path, text, tokens in zip(SPECS, texts, tokenised(texts, tmp_path), strict=True):
        assert (path, wrong(path, text, tokens)) == (path, [])
        # a unit that nobody knows is marked as one
        illegal = {text[one[0] : one[1]] for one in tokens if any(scope.startswith("invalid") for scope in one[2])}
        assert not is_right(path) or illegal.isdisjoint(words().units)
        assert "examples" not in path.parts or illegal == set()


def test_a_piece_that_is_taken_for_something_else_is_found(tmp_path: Path) -> None:
    """A grammar that does not know the verb `check` any more."""
    broken = tmp_path / "broken.json"
    broken.write_text(GRAMMAR.read_text("utf-8").replace("|check|", "|"), encoding="utf-8")
    (tokens,) = tokenised([read(HARD)], tmp_path, broken)
    assert "check" in {piece.text for piece, _ in wrong(HARD, read(HARD), tokens)}


def test_what_is_marked_has_the_scopes_that_its_marks_say(tmp_path: Path) -> None:
    done = node("vscode-tmgrammar-test", "--grammar", GRAMMAR, MARKED, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout or "success" in done.stdout.lower()


def test_a_mark_that_is_wrong_is_found(tmp_path: Path) -> None:
    text = MARKED.read_text("utf-8")
    assert "keyword.control.verb.mlops" in text
    other = tmp_path / "other.mlops"
    other.write_text(text.replace("keyword.control.verb.mlops", "keyword.control.noun.mlops", 1), encoding="utf-8")
    done = node("vscode-tmgrammar-test", "--grammar", GRAMMAR, other, folder=tmp_path)
    assert done.returncode != 0
    assert "keyword.control.noun.mlops" in done.stdout
