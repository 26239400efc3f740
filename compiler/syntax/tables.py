"""The tables of the grammar: made once by lark, then loaded from the user's cache folder without it."""

from __future__ import annotations

import marshal
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from mlopsc.compiler.syntax.lalr import ParseTable, Production

GRAMMAR = Path(__file__).parents[2] / "grammar" / "mlops.lark"
OPTIONS: dict[str, Any] = {"parser": "lalr", "lexer": "basic", "start": "file", "maybe_placeholders": False}
_FORMAT = 1
"""Raised whenever the cache of an older version could be misread."""


class Stray:
    """Keeps the terminals in the grammar that no rule takes: comments, and the mistakes that have a message."""

    always_accept = (
        *("BAD_DATE", "BAD_TIME", "BAD_NUMBER", "CURRENCY", "FOREIGN", "OPEN_TEXT", "OPEN_STRING", "OPEN_RAW"),
        *("OPEN_NAME", "SMART_STRING", "SLASH_COMMENT", "SEMICOLON", "PERCENT", "STRAY"),
        "COMMENT",
    )


class Tables(NamedTuple):
    """What the lexer and the parser go by.

    `pattern` matches the next token, and names its kind by the group; those of the kinds in `ignored` are dropped.
    `words` are the kinds of the names that are reserved.
    """

    pattern: re.Pattern[str]
    ignored: frozenset[str]
    words: Mapping[str, str]
    parse: ParseTable


@cache
def load_tables() -> Tables:
    """The tables of the grammar; a cache that is missing, corrupt or read-only only costs time."""
    grammar = GRAMMAR.read_text(encoding="utf-8")
    key = crc32("\0".join((grammar, str(_FORMAT), sys.version)).encode())
    folder = cache_folder()
    path = folder / f"grammar-{len(grammar)}-{key:08x}" if folder else None
    tables = _read(path) if path else None
    if tables is None:
        tables = build_tables(grammar)
        if path:
            _write(path, tables)
    pattern, flags, ignored, words, states, productions, ends = marshal.loads(tables)
    table = ParseTable(states, [Production(*one) for one in productions], *ends)
    return Tables(re.compile(pattern, flags), ignored, words, table)


def build_tables(grammar: str, *, strict: bool = False) -> bytes:
    """The tables of a grammar, as marshalled plain values; `strict` refuses terminals and rules that collide."""
    import lark

    made = lark.Lark(grammar, **OPTIONS, strict=strict, postlex=Stray())
    parser: Any = made.parser
    lexer, table = parser.lexer.lexer, parser.parser._parse_table
    (pattern,) = lexer.scanner._mres
    words = {one.pattern.value: one.name for unless in lexer.callback.values() for one in unless.scanner.terminals}
    numbers = {rule: number for number, rule in enumerate(made.rules)}
    states = [_actions(table.states[state], numbers) for state in range(len(table.states))]
    ends = (table.start_states["file"], table.end_states["file"])
    productions = [_production(rule) for rule in made.rules]
    parts = (pattern.pattern, pattern.flags, frozenset(lexer.ignore_types), words, states, productions, ends)
    return marshal.dumps(parts)


def _actions(state: Mapping[str, tuple[Any, Any]], numbers: Mapping[Any, int]) -> dict[str, int]:
    return {name: -1 - numbers[goal] if goal in numbers else goal for name, (_, goal) in state.items()}


def _production(rule: Any) -> tuple[Any, ...]:
    """A rule of lark as the fields of a `Production`: what lark's own tree builder would do with its values."""
    symbols: Sequence[Any] = rule.expansion
    origin = str(rule.origin.name)
    is_list = origin.startswith("_")
    kept = tuple(
        (place, not symbol.is_term and symbol.name.startswith("_"))
        for place, symbol in enumerate(symbols)
        if not (symbol.is_term and symbol.filter_out)
    )
    passes_one = bool(rule.options.expand1 and not rule.alias)
    return origin, len(symbols), "" if is_list else str(rule.alias or origin), passes_one, kept


def cache_folder() -> Path | None:
    """Where this user's tables are kept (the folder need not exist); None for a user without a home."""
    base = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path("~/.cache").expanduser()) / "mlopsc"
    except RuntimeError:
        return None


def _read(path: Path) -> bytes | None:
    """The tables in a cache file, or None: what follows the digest must have it."""
    try:
        digest, _, tables = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return tables if _digest(tables) == digest else None


def _write(path: Path, tables: bytes) -> None:
    """Keep the tables for the next process: whole or not at all, whoever else writes them at the same time."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.write_bytes(_digest(tables) + b"\n" + tables)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _digest(tables: bytes) -> bytes:
    """What tells damage: the file is the user's own, so nothing has to be proven."""
    return b"%08x" % crc32(tables)
