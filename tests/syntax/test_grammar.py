"""The grammar: without conflicts, and loaded from a cache that may be missing, broken, read-only or shared."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark.exceptions import GrammarError, LexError

from mlopsc.compiler.syntax.lexer import lex
from mlopsc.compiler.syntax.tables import GRAMMAR, build_tables, cache_folder, load_tables

PROBE = """
from mlopsc.compiler.syntax.lexer import lex
from mlopsc.compiler.syntax.tables import load_tables
from mlopsc.compiler.syntax.builder import BUILDERS
from mlopsc.compiler.syntax.lalr import END, Parser
from mlopsc.compiler.syntax.tokens import Token
parser = Parser(load_tables().parse, BUILDERS)
for token in lex("a = 1\\n").tokens:
    parser.feed(token)
print(len(parser.feed(Token(END, "", 6, 6))))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder, from which the tables are loaded anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    load_tables.cache_clear()
    yield tmp_path / "mlopsc"
    load_tables.cache_clear()


def _loads() -> bool:
    load_tables.cache_clear()
    return [token.type for token in lex("a = 1").tokens] == ["NAME", "EQUAL", "QUANTITY"]


def test_it_has_no_conflicts() -> None:
    assert build_tables(GRAMMAR.read_text(encoding="utf-8"), strict=True)


def test_a_conflict_would_be_found() -> None:
    ambiguous = GRAMMAR.read_text(encoding="utf-8").replace("flag: name\n", "flag: name\n    | name name\n", 1)
    with pytest.raises(GrammarError):
        build_tables(ambiguous, strict=True)


def test_a_collision_of_terminals_would_be_found() -> None:
    colliding = GRAMMAR.read_text(encoding="utf-8").replace('UP_TO: ".."', "UP_TO: /\\.\\.(\\w+)?/\nEND: /\\.\\.\\w*/")
    colliding = colliding.replace("| UP_TO sum -> at_most", "| UP_TO sum -> at_most | END sum -> at_most")
    with pytest.raises(LexError):
        build_tables(colliding, strict=True)


def test_the_first_process_fills_the_cache_and_the_next_one_reads_it(folder: Path) -> None:
    assert _loads()
    (file,) = folder.iterdir()
    before = file.stat().st_mtime_ns
    assert _loads()
    assert file.stat().st_mtime_ns == before


def _is_mended(file: Path) -> bool:
    """Whether the cache, once read, has been written anew and is good: the next reader leaves it as it is."""
    assert _loads()
    mended = file.read_bytes()
    assert _loads()
    return file.read_bytes() == mended


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0" * 5_000], ids=["empty", "nonsense", "zeros"])
def test_a_corrupt_cache_is_written_anew(folder: Path, content: bytes) -> None:
    assert _loads()
    (file,) = folder.iterdir()
    file.write_bytes(content)
    assert _is_mended(file)
    assert file.read_bytes() != content


def test_one_wrong_bit_is_noticed(folder: Path) -> None:
    assert _loads()
    (file,) = folder.iterdir()
    good = file.read_bytes()
    bad = good[:-100] + bytes([good[-100] ^ 1]) + good[-99:]
    file.write_bytes(bad)
    assert _is_mended(file)
    assert file.read_bytes() != bad


def test_a_cache_folder_that_cannot_be_made_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert _loads()


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", homeless)
    assert cache_folder() is None
    assert _loads()


def test_processes_that_start_together_all_load_it(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", PROBE]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate() for process in started] == [("1\n", "")] * 4
    assert [path.suffix for path in (tmp_path / "mlopsc").iterdir()] == [""]
