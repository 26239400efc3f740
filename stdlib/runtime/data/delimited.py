"""Rows of CSV files: pandas reads them, and what it would pass over in silence is refused with its line."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import pandas as pd

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.data import Csv
from mlopsc.stdlib.runtime.data.files import DataFile
from mlopsc.stdlib.runtime.data.typed import levels_of
from mlopsc.stdlib.runtime.engine.outcome import StageFailure

SUFFIXES = (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".tsv", ".txt")
"""What the files of a folder must end in to be read."""

SEPARATORS = {",": ",", ";": ";", "\t": "\\t", "|": "|"}
"""What is likely to stand between two fields, and how a spec writes it."""

_OPENERS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}
_OTHERS = {
    b"PAR1": ("a Parquet file", "read it with `parquet(…)`"),
    b"PK\x03\x04": ("a zip archive or a spreadsheet", "save it as CSV"),
    b"\x1f\x8b": ("compressed with gzip", "let its name end in `.gz`"),
}
_AS_TEXT = frozenset({"text", "category", "timestamp", "date", "vector"})
_PRECISION: dict[str, Any] = (
    {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
)
"""Older versions of pandas read one float in three wrong in its last bit, unless told not to."""

_LONGEST_HEADER = 1 << 16
"""Bytes in which a header is looked for."""

_EXACT = 2**53
"""From here on a float does not hold every whole number."""


def read_csv(file: DataFile, source: Csv, columns: Sequence[Column]) -> pd.DataFrame:
    """The rows of one file; declared texts, categories and times stay text, the rest is as pandas infers it.

    Raises StageFailure with file and line for what is no CSV text in the declared encoding and separator.
    """
    text = _Text(file.name, opened(file), source)
    text.refuse_binary()
    text.refuse_separator(columns)
    header = text.header()
    types = {column.name: column.type["function"] for column in columns if column.name in header}
    frame = text.frame(dtype={name: str for name, word in types.items() if word in _AS_TEXT})
    if len(header) > 1 and frame.iloc[:, -1].isna().any():
        text.refuse_ragged()
    for column in columns:
        if column.name in types and (exact := _read_again(text, frame[column.name], column)) is not None:
            frame[column.name] = exact
    return frame


def opened(file: DataFile) -> bytes:
    """The bytes of a file, unpacked where its name says that it is compressed; raises StageFailure."""
    for suffix, unpacked in _OPENERS.items():
        if file.name.endswith(suffix):
            try:
                return unpacked(file.content)
            except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
                raise _failure(f"`{file.name}` cannot be unpacked: {error}", "make it anew") from error
    return file.content


def _read_again(text: _Text, values: pd.Series, column: Column) -> pd.Series | None:
    """A column as text where inference would lose something: long whole numbers, and words that mean "missing"."""
    word = column.type["function"]
    if word == "int" and pd.api.types.is_float_dtype(values) and (values.abs() >= _EXACT).any():
        return text.frame(dtype=str, usecols=[column.name])[column.name]
    if word == "category" and column.values is not None and values.isna().any():
        kept = {"keep_default_na": False, "na_values": [""]}
        exact = text.frame(dtype=str, usecols=[column.name], **kept)[column.name]
        return values.where(~exact.isin(levels_of(column)), exact)
    return None


class _Text:
    """The text of one CSV file."""

    def __init__(self, name: str, content: bytes, source: Csv) -> None:
        self.name = name
        self.content = content
        self.separator = source.separator
        self.decimal = source.decimal
        self.encoding = self._python_encoding(source.encoding)

    def _python_encoding(self, encoding: str) -> str:
        try:
            known = codecs.lookup(encoding).name
            " ".encode(known)  # some codecs are for bytes only
        except LookupError as error:
            hint = 'use a name such as "utf-8", "cp1252" or "utf-16"'
            raise _failure(f"there is no encoding `{encoding}`", hint) from error
        return "utf-8-sig" if known == "utf-8" else known

    def refuse_binary(self) -> None:
        """Raise StageFailure when the bytes are no text, or only blank."""
        if not self.content.strip():
            raise _failure(f"`{self.name}` is empty", "put a header and rows into it")
        for start, (kind, hint) in _OTHERS.items():
            if self.content.startswith(start):
                raise _failure(f"`{self.name}` is no CSV text but {kind}", hint)
        if self.content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and "16" not in self.encoding:
            raise _failure(f"`{self.name}` is UTF-16", 'say so: `encoding = "utf-16"`')
        if "16" not in self.encoding and "32" not in self.encoding and (at := self.content.find(b"\0")) >= 0:
            line = self.content.count(b"\n", 0, at) + 1
            raise _failure(f"`{self.name}` is not text: line {line} has a zero byte", "name a CSV file")

    def header(self) -> list[str]:
        """The names of the columns; raises StageFailure when one stands there twice."""
        names = next((fields for _, fields in self._records() if fields), [])
        doubled = [name for name, count in Counter(names).items() if count > 1 and name]
        if doubled:
            named = ", ".join(f"`{name}`" for name in doubled)
            raise _failure(f"the header of `{self.name}` has {named} more than once", "give each column its own name")
        return names

    def refuse_separator(self, columns: Sequence[Column]) -> None:
        """Raise StageFailure when the header is one field in which declared columns stand, otherwise separated."""
        begin = self.content[:_LONGEST_HEADER].decode(self.encoding, "replace")
        header = next((line for line in begin.splitlines() if line.strip()), "")
        declared = {column.name for column in columns}
        if len(_split(header, self.separator)) != 1 or header in declared:
            return
        for other, shown in SEPARATORS.items():
            names = _split(header, other)
            if len(names) > 1 and declared.intersection(names):
                fact = f"the columns of `{self.name}` are not separated by `{self.separator}`"
                raise _failure(fact, f'say what separates them: `separator = "{shown}"`')

    def frame(self, **options: Any) -> pd.DataFrame:
        """What pandas reads; raises StageFailure with the line where it cannot."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                frame: pd.DataFrame = pd.read_csv(
                    io.BytesIO(self.content),
                    sep=self.separator,
                    decimal=self.decimal,
                    encoding=self.encoding,
                    index_col=False,
                    low_memory=False,
                    **_PRECISION,
                    **options,
                )
                return frame
        except UnicodeError as error:
            self._refuse_bytes(error)
        except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
            self.refuse_ragged()
            raise _failure(f"`{self.name}` is no CSV text: {str(error).strip()}", "correct the file") from error

    def refuse_ragged(self) -> None:
        """Raise StageFailure at the first line that has more or fewer fields than the header."""
        width, begins = 0, 1
        for line, fields in self._records():
            width = width or len(fields)
            if fields and len(fields) != width:
                fact = f"`{self.name}` line {begins}: {_fields(len(fields))}, but the header has {_fields(width)}"
                raise _failure(fact, f"correct the line; quote fields in which `{self.separator}` is text")
            begins = line + 1

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """The fields of each record, with the line that it ends on."""
        stream = io.TextIOWrapper(io.BytesIO(self.content), encoding=self.encoding, newline="")
        reader = csv.reader(stream, delimiter=self.separator, strict=True)
        ended = 0
        with _fields_of_any_size(len(self.content)):
            try:
                for fields in reader:
                    ended = reader.line_num
                    yield ended, fields
            except UnicodeError as error:
                self._refuse_bytes(error)
            except csv.Error as error:
                fact = f"`{self.name}` line {ended + 1}: {_quoting(error)}"
                raise _failure(fact, 'write a quote inside a quoted field twice: `""`') from error

    def _refuse_bytes(self, error: UnicodeError) -> NoReturn:
        try:
            self.content.decode(self.encoding)
        except UnicodeDecodeError as found:
            line = self.content.count(b"\n", 0, found.start) + 1
            byte = found.object[found.start]
            fact = f"`{self.name}` is not {_spelt(self.encoding)}: line {line} has the byte 0x{byte:02x}"
            raise _failure(fact, 'save it as UTF-8, or say what it is: `encoding = "cp1252"`') from error
        raise _failure(f"`{self.name}` is not {_spelt(self.encoding)}: {error}", "correct the encoding") from error


@contextmanager
def _fields_of_any_size(limit: int) -> Iterator[None]:
    before = csv.field_size_limit(max(limit, 1))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _split(line: str, separator: str) -> list[str]:
    """The fields of a line, quotes taken off; as it is where the quotes do not fit."""
    return next(csv.reader([line], delimiter=separator), [])


def _quoting(error: csv.Error) -> str:
    told = str(error)
    return "a quote is opened and never closed" if "unexpected end" in told else told


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count:,} fields"


def _spelt(encoding: str) -> str:
    return "UTF-8" if encoding == "utf-8-sig" else encoding


def _failure(fact: str, hint: str) -> StageFailure:
    return StageFailure(fact, hint, setting="source")
