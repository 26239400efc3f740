"""Lark's lexer and parser for the grammar: built once, then loaded from the user's cache folder."""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import lark
from lark.lexer import BasicLexer

from mlopsc.compiler.syntax.builder import BUILDERS

GRAMMAR = Path(__file__).parents[2] / "grammar" / "mlops.lark"
OPTIONS: dict[str, Any] = {"parser": "lalr", "lexer": "basic", "start": "file", "maybe_placeholders": False}


class Stray:
    """Keeps the terminals in the grammar that no rule takes: comments, and the mistakes that have a message."""

    always_accept = (
        *("BAD_DATE", "BAD_TIME", "BAD_NUMBER", "CURRENCY", "FOREIGN", "OPEN_TEXT", "OPEN_STRING", "OPEN_RAW"),
        *("OPEN_NAME", "SMART_STRING", "SLASH_COMMENT", "SEMICOLON", "PERCENT", "STRAY"),
        "COMMENT",
    )


class Tables(NamedTuple):
    """The lexer, and the parser whose values are nodes of the syntax tree."""

    lexer: BasicLexer
    parser: lark.Lark


@cache
def load_tables() -> Tables:
    """The tables of the grammar; a cache that is missing, corrupt or read-only only costs time."""
    grammar = GRAMMAR.read_text(encoding="utf-8")
    key = sha256("\0".join((grammar, lark.__version__, sys.version)).encode()).hexdigest()
    folder = cache_folder()
    path = folder / f"grammar-{key[:16]}" if folder else None
    tables = _read(path) if path else None
    if tables is None:
        tables = build_tables(grammar)
        if path:
            _write(path, tables)
    parser = lark.Lark._load_from_dict(**pickle.loads(tables), transformer=BUILDERS)  # type: ignore[no-untyped-call]
    return Tables(BasicLexer(parser.lexer_conf), parser)


def build_tables(grammar: str, *, strict: bool = False) -> bytes:
    """The parse tables of a grammar, pickled; `strict` refuses terminals and rules that collide."""
    file = BytesIO()
    parser = lark.Lark(grammar, **OPTIONS, strict=strict, postlex=Stray())
    parser.save(file, exclude_options=("postlex",))
    return file.getvalue()


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
    return tables if sha256(tables).hexdigest().encode() == digest else None


def _write(path: Path, tables: bytes) -> None:
    """Keep the tables for the next process: whole or not at all, whoever else writes them at the same time."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.write_bytes(sha256(tables).hexdigest().encode() + b"\n" + tables)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
