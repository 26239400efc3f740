"""The columns of a table that is there: what its first rows look like. A person looks at each."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from math import ceil
from posixpath import join

from mlopsc.compiler.importing.model import Step
from mlopsc.compiler.workspace import SourceProblem, Workspace

_LOOKED_AT = 1_000
_MOST_COLUMNS = 200
_MOST_CLASSES = 30
"""A column of more different texts than this is taken for text, not for a category."""
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")
_WHOLE = re.compile(r"[+-]?\d{1,18}")


def columns_of(workspace: Workspace, step: Step) -> tuple[tuple[str, str], ...]:
    """The columns of the rows that a step makes, else of those that it reads, and how each is declared."""
    for path in (*step.outputs, *step.sources):
        for table in _tables(workspace, path):
            found = _columns(workspace, table)
            if found:
                return found
    return ()


def _tables(workspace: Workspace, path: str) -> Iterator[str]:
    """A path that is a CSV file, or those in the folder that it is; the rows of training come first."""
    if "://" in path:
        return
    if path.endswith(".csv"):
        yield path
    names = [name for name in workspace.list(path) if name.endswith(".csv")]
    yield from (join(path, name) for name in sorted(names, key=lambda name: ("train" not in name, name)))


def _columns(workspace: Workspace, path: str) -> tuple[tuple[str, str], ...]:
    try:
        rows = list(islice(csv.reader(workspace.read(path).splitlines()), _LOOKED_AT + 1))
    except (SourceProblem, csv.Error):
        return ()
    names = rows[0] if rows else []
    plain = all(name and "`" not in name and name.isprintable() for name in names)
    if not plain or len(set(names)) < len(names) or len(names) > _MOST_COLUMNS:
        return ()
    full = [row for row in rows[1:] if len(row) == len(names)]
    return tuple((name, _declared([row[at] for row in full])) for at, name in enumerate(names)) if full else ()


def _declared(values: Sequence[str]) -> str:
    there = [value for value in values if value.strip() not in ("", "NA", "NaN", "nan", "null")]
    kind = _kind(there)
    share = ceil(100 * (1 - len(there) / len(values)))
    role = " role ignore" if kind in ("text", "timestamp") else ""
    return f"{kind}{role}{f', missing <= {share}%' if share else ''}"


def _kind(values: Sequence[str]) -> str:
    different = set(values)
    if not values:
        return "text"
    if different <= {"0", "1"} or {value.lower() for value in different} <= {"true", "false"}:
        return "bool"
    if all(_WHOLE.fullmatch(value) for value in different):
        return "int"
    if all(map(_is_number, different)):
        return "float"
    if all(_TIME.fullmatch(value) for value in different):
        return "timestamp"
    return "category" if len(different) <= _MOST_CLASSES else "text"


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return "_" not in value
