"""Pieces of a spec that is written: names, values, searches, and its layout."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mlopsc.compiler.importing.model import Step, Tried
from mlopsc.compiler.scaffold.spec import identifier, quoted_name, quoted_text


def search(tried: Mapping[str, Tried], step: Step) -> Iterator[str]:
    """The search for the values that are tried of arguments; only `random` draws, and takes ranges."""
    if not tried:
        return
    drawn = step.candidates is not None or any(one.ends for one in tried.values())
    arguments = [f"candidates = {step.candidates}"] if step.candidates else []
    for name, one in tried.items():
        values = "..".join(map(literal, one.ends)) if one.ends else f"[{', '.join(map(literal, one.values))}]"
        arguments.append(f"{quoted_name(name)} = {values}")
    yield f"  search = {'random' if drawn else 'grid'}({', '.join(arguments)})"


def free_name(name: str, taken: Collection[str]) -> str:
    """An identifier for a step: its last part, its whole name where that is taken, or with a number."""
    last = identifier(name.rpartition("/")[2].rpartition(".")[2], "step", taken)
    if last not in taken:
        return last
    whole, number = identifier(name, "step"), 2
    while whole in taken:
        whole, number = f"{identifier(name, 'step')}_{number}", number + 1
    return whole


def flat(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The parameters by the last part of their names."""
    for name, value in parameters.items():
        if isinstance(value, dict):
            yield from flat(value)
        else:
            yield name.rpartition(".")[2], value


def is_test_share(name: str, value: Any) -> bool:
    """Whether a parameter says how large the test split is."""
    words: Collection[str] = ("test_size", "test_split", "split", "test_ratio", "test_share", "test_fraction")
    return name in words and isinstance(value, float) and 0 < value < 0.9


def literal(value: Any) -> str:
    """A value as the language writes it."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted_text(value)
        case list():
            return f"[{', '.join(map(literal, value))}]"
    return f"{value:.12f}".rstrip("0") if isinstance(value, float) and "e" in repr(value) else repr(value)


def formatted(text: str) -> str:
    """The spec in its layout."""
    from mlopsc.compiler.syntax.formatter import format_file
    from mlopsc.compiler.syntax.parser import parse
    from mlopsc.compiler.text import SourceFile
    from mlopsc.stdlib.vocabulary import STANDARD

    return format_file(parse(SourceFile("pipeline.mlops", text), STANDARD))
