"""Reads the user's own table as a run will read it, having found out how the file is written; needs the extra `[run]`.

What is not as `csv` expects it (another separator, encoding or decimal sign) becomes an option of the source.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.compiler.scaffold.guesses import CannotGuess
from mlopsc.stdlib.data import Csv

if TYPE_CHECKING:
    import pandas as pd

    from mlopsc.stdlib.runtime.data.files import DataFile

PARQUET = (".parquet", ".pq")
_SAMPLE = 1 << 16
"""Characters that the separator is looked for in."""

_LINES = 100
_AGREE = 0.9
"""The share of the lines that have as many fields as the first one, if a separator is the right one."""

_COMMA_NUMBER = r"[+-]?\d+(?:,\d+)?"


@dataclass(frozen=True)
class OwnTable:
    """The rows of a file, and the options that its source needs beside the path."""

    frame: pd.DataFrame
    options: Mapping[str, str]


def read_table(path: Path) -> OwnTable:
    """The rows of a CSV or Parquet file.

    Raises CannotGuess when there are no rows or fewer than two columns, StageFailure when it is no such file.
    """
    from mlopsc.stdlib.runtime.data.files import DataFile
    from mlopsc.stdlib.runtime.data.sources import read_parquet

    file = DataFile(str(path), path.read_bytes())
    is_parquet = path.suffix.lower() in PARQUET
    table = OwnTable(read_parquet(file, ()), {}) if is_parquet else _read_csv(file)
    if len(table.frame) == 0 or len(table.frame.columns) < 2:
        shape = f"{len(table.frame):,} rows and {len(table.frame.columns)} columns"
        raise CannotGuess(f"`{path}` has {shape}", "a spec needs rows, and a target beside the features")
    return OwnTable(table.frame.rename(columns=str), table.options)


def _read_csv(file: DataFile) -> OwnTable:
    from mlopsc.stdlib.runtime.data.delimited import opened, read_csv

    content = opened(file)
    options = dict(_options(content))
    frame = read_csv(file, Csv(path=file.name, **options), ())
    if options.get("separator", ",") != "," and _has_decimal_commas(frame):
        options["decimal"] = ","
        frame = read_csv(file, Csv(path=file.name, **options), ())
    return OwnTable(frame, options)


def _options(content: bytes) -> Iterator[tuple[str, str]]:
    """The separator and the encoding, where they are not those that `csv` takes without being told."""
    encoding = _encoding(content)
    separator = _separator(content.decode(encoding, "replace")[:_SAMPLE])
    if separator != ",":
        yield "separator", separator
    if encoding != "utf-8":
        yield "encoding", encoding


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "cp1252"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _separator(text: str) -> str:
    """What splits most lines into as many fields as the first line; a comma if nothing does."""
    from mlopsc.stdlib.runtime.data.delimited import SEPARATORS

    lines = [line for line in text.removeprefix("\ufeff").splitlines() if line.strip()][:_LINES]
    return max(SEPARATORS, key=lambda separator: _fitting(lines, separator))


def _fitting(lines: list[str], separator: str) -> tuple[float, int]:
    """The share of the lines with as many fields as the first one, and how many fields that are; 0 if it is one."""
    try:
        widths = [len(fields) for fields in csv.reader(lines, delimiter=separator) if fields]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] < 2:
        return 0.0, 0
    share = sum(width == widths[0] for width in widths) / len(widths)
    return (share, widths[0]) if share >= _AGREE else (0.0, widths[0])


def _has_decimal_commas(frame: pd.DataFrame) -> bool:
    """Whether a column is all numbers once commas are read as decimal signs, and none has decimal points."""
    if len(frame.select_dtypes("float").dropna(axis=1, how="all").columns) and _has_fractions(frame):
        return False
    texts = [frame[name].dropna() for name in frame.select_dtypes(exclude=["number", "bool"]).columns]
    return any(_is_comma_number(values) for values in texts if len(values))


def _has_fractions(frame: pd.DataFrame) -> bool:
    floats = frame.select_dtypes("float")
    return bool((floats.fillna(0) % 1 != 0).any(axis=None))


def _is_comma_number(values: pd.Series) -> bool:
    written = values.astype(str)
    return bool(written.str.fullmatch(_COMMA_NUMBER).all() and written.str.contains(",").any())
