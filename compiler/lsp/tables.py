"""What the first rows of a data stage's file say of its columns, and which columns its `transform` adds."""

from __future__ import annotations

import ast as python
import csv
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from statistics import median

from mlopsc.compiler.lint.unclassified_personal import is_personal
from mlopsc.compiler.records import Record
from mlopsc.compiler.scaffold.columns import CLOCK, MOST_CATEGORIES
from mlopsc.compiler.scaffold.names import identifies, numbers_rows
from mlopsc.compiler.scaffold.spec import quoted_name, quoted_text
from mlopsc.compiler.semantics.model import StageModel
from mlopsc.compiler.workspace import SourceProblem, Workspace

_HEAD = 1 << 16
"""Bytes that are looked at: enough to tell types, and read in no time."""
_MOST_LISTED = 6
_EMPTY = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"})
_INT, _FLOAT = re.compile(r"[+-]?\d+"), re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DATE, _TIME = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*")
_FLAGS = ({"0", "1"}, {"true", "false"}, {"0.0", "1.0"})


class SeenColumn(Record):
    """A column as its first values look: `within` is the range that they keep to, `natural` one that others will too,
    `missing` the share of missing values to put up with, `told` what to say of it, `spread` how far its numbers are
    from their median on average."""

    name: str
    type: str
    within: str
    natural: str
    role: str
    missing: float
    told: str
    spread: float = 0.0

    @property
    def declared(self) -> str:
        """What follows its name in a schema."""
        within = f" in {self.natural}" if self.natural and self.role != "id" else ""
        role = f" role {self.role}" if self.role else ""
        missing = f", missing <= {self.missing:.0%}" if self.missing else ""
        return f"{self.type}{within}{role}{missing}"

    @property
    def line(self) -> str:
        """The line that declares it."""
        return f"{quoted_name(self.name)}: {self.declared}"


class Table(Record):
    """The head of a file: what there is to say of its columns, of how many rows; `is_whole` if these are all.
    `total` is about how many rows the file has."""

    path: str
    columns: tuple[SeenColumn, ...]
    rows: int
    is_whole: bool
    total: int


def table_of(workspace: Workspace, path: str, separator: str = ",") -> Table | None:
    """The head of a CSV file of the project; None for what is none, or not on this machine."""
    if "://" in path or "*" in path or not path.endswith((".csv", ".tsv", ".txt")):
        return None
    separator = "\t" if path.endswith(".tsv") and separator == "," else separator
    if workspace.folder is None:
        try:
            return _read(path, workspace.read(path)[:_HEAD], separator)
        except SourceProblem:
            return None
    try:
        full = workspace.folder / path
        about = full.stat()
        return _on_disk(path, full, about.st_mtime_ns, about.st_size, separator) if S_ISREG(about.st_mode) else None
    except (OSError, ValueError):
        return None


def table_of_stage(workspace: Workspace, stage: StageModel) -> Table | None:
    """The head of the file that a data stage reads."""
    match stage.value("source"):
        case {"function": "csv", "path": str() as path, **options}:
            return table_of(workspace, path, str(options.get("separator", ",")))
    return None


def added_columns(workspace: Workspace, stage: StageModel) -> list[str]:
    """The columns that the function of `transform` adds, as far as its text shows: by `assign(…)` or `rows["…"] =`."""
    match stage.value("transform"):
        case {"function": "python", "name": str() as reference}:
            path, _, name = reference.partition(":")
            found = next((one for one in definitions(workspace, path) if one.name == name), None)
            return list(dict.fromkeys(_assigned(found))) if found is not None else []
    return []


def definitions(workspace: Workspace, path: str) -> Sequence[python.FunctionDef | python.ClassDef]:
    """The public functions and classes at the top of a Python file of the project."""
    try:
        return _definitions(workspace.read(path))
    except SourceProblem:
        return ()


@lru_cache(maxsize=64)
def _definitions(text: str) -> tuple[python.FunctionDef | python.ClassDef, ...]:
    try:
        body = python.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    kinds = (python.FunctionDef, python.ClassDef)
    return tuple(node for node in body if isinstance(node, kinds) and not node.name.startswith("_"))


def _assigned(function: python.AST) -> Iterator[str]:
    for node in python.walk(function):
        match node:
            case python.Call(func=python.Attribute(attr="assign"), keywords=keywords):
                yield from (one.arg for one in keywords if one.arg)
            case python.Assign(targets=targets):
                for target in targets:
                    match target:
                        case python.Subscript(slice=python.Constant(value=str() as name)):
                            yield name


@lru_cache(maxsize=16)
def _on_disk(path: str, full: Path, changed: int, size: int, separator: str) -> Table | None:  # noqa: ARG001 (keys)
    with full.open("rb") as file:
        content = file.read(_HEAD)
    found = _read(path, content.decode("utf-8", "replace"), separator, is_whole=size <= _HEAD)
    return found.changed(total=found.rows * size // len(content)) if found is not None and size > _HEAD else found


def _read(path: str, text: str, separator: str, *, is_whole: bool = False) -> Table | None:
    whole = text.splitlines() if is_whole else text.splitlines()[:-1]
    try:
        rows = [row for row in csv.reader(whole, delimiter=separator) if row]
    except (csv.Error, TypeError):
        return None
    if not rows or len(rows[0]) < 2:
        return None
    columns = [
        _column(name.strip().lstrip("\ufeff"), [row[index].strip() for row in rows[1:] if index < len(row)])
        for index, name in enumerate(rows[0])
    ]
    return Table(path, tuple(one for one in columns if one.name), len(rows) - 1, is_whole, len(rows) - 1)


def _column(name: str, written: list[str]) -> SeenColumn:
    values = [value for value in written if value not in _EMPTY]
    distinct = list(dict.fromkeys(values))
    kind = _type(values, distinct)
    within, natural, told, spread = "", "", "", 0.0
    if kind in ("int", "float"):
        numbers = [float(value) for value in values]
        low, high, middle = min(numbers), max(numbers), median(numbers)
        spread = sum(abs(one - middle) for one in numbers) / len(numbers)
        within, told = f"{low:g}..{high:g}", f"from {low:g} to {high:g}"
        natural = "" if low < 0 else "0..1" if kind == "float" and high <= 1 else "0.."
    elif kind == "category":
        within = f"[{', '.join(quoted_text(one) for one in distinct[:_MOST_LISTED])}]"
        told = ", ".join(f"`{one}`" for one in distinct[:_MOST_LISTED]) + (" …" if len(distinct) > _MOST_LISTED else "")
    elif values:
        told = f"such as `{values[0]}`"
    clock = CLOCK.get(name.lower(), "") if kind == "int" else ""
    if clock and not all(int(clock.split("..")[0]) <= float(value) <= int(clock.split("..")[1]) for value in values):
        clock = ""
    is_id = kind in ("int", "text", "category") and len(distinct) == len(values) and numbers_rows(name)
    role = "pii" if is_personal(name) else "id" if is_id or identifies(name) else "calendar" if clock else ""
    missing = 1 - len(values) / len(written) if written else 0.0
    tolerated = min(1.0, round(missing * 1.5 + 0.01, 2)) if missing else 0.0
    return SeenColumn(name, kind, within, clock or natural, role, tolerated, told, spread)


def _type(values: list[str], distinct: list[str]) -> str:
    if not values:
        return "text"
    if {one.lower() for one in islice(distinct, 3)} in _FLAGS:
        return "bool"
    for kind, pattern in (("int", _INT), ("float", _FLOAT), ("date", _DATE), ("timestamp", _TIME)):
        if all(map(pattern.fullmatch, values)):
            return kind
    return "category" if len(distinct) <= min(MOST_CATEGORIES, max(2, len(values) // 2)) else "text"
