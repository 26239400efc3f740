"""Paths within a body, and what is said of a name that stands nowhere in a schema."""

from __future__ import annotations

from collections.abc import Iterable

from mlopsc.compiler.diagnostics import did_you_mean


def join(path: str, name: str) -> str:
    """The path of a name within a path, which is empty at the top of a body."""
    return f"{path}.{name}" if path else name


def unknown(path: str, name: str, known: Iterable[str]) -> str:
    """What is said of an argument that does not exist, with the one that was probably meant."""
    return f"`{join(path, name)}` is not an argument{hint(name, known)}"


def hint(name: str, known: Iterable[str]) -> str:
    """`: did you mean ...?`, where a known name is close."""
    meant = did_you_mean(name, known)
    return f"; did you mean `{meant}`?" if meant else ""
