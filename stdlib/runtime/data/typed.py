"""Values as the declared types of their columns, without loss: what a type cannot hold is marked, never bent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api import types as kinds

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data import typed_numbers, typed_times


@dataclass(frozen=True)
class TypedColumn:
    """A column's values, null where they are missing or unreadable, and which are unreadable, (rows,).

    `ambiguous` counts local times in an hour that the clock shows twice; they are read as the first of the two.
    """

    values: pa.Array
    unreadable: NDArray[np.bool_]
    ambiguous: int = 0


def read_column(values: pd.Series, column: Column, zone: str) -> TypedColumn:
    """Read values as the type that a column declares.

    Stored types are int64, double, bool, string, dictionary of string, timestamp[us, zone], date32 and
    fixed_size_list of double. A whole number may be written `3`, `3.0` or `"3"`; a bool `0`, `1`, `true` or `false`;
    a timestamp or date as in ISO 8601; a vector as a list or as JSON.
    """
    values = _plain(values)
    missing = values.isna().to_numpy()
    ambiguous = 0
    match column.type["function"]:
        case "int":
            read, ok = typed_numbers.integers(values)
        case "float":
            read, ok = typed_numbers.floats(values)
        case "bool":
            read, ok = typed_numbers.bools(values)
        case "timestamp":
            read, ok, ambiguous = typed_times.timestamps(values, zone)
        case "date":
            read, ok = typed_times.dates(values, zone)
        case "vector":
            read, ok = _vectors(values, column.type["size"])
        case word:
            read, ok = _texts(values)
            read = read.dictionary_encode() if word == "category" else read
    return TypedColumn(read, ~ok & ~missing, ambiguous)


def _plain(values: pd.Series) -> pd.Series:
    """The same values in a type of NumPy, or as objects: each reader knows only those."""
    kind = values.dtype
    if isinstance(kind, pd.ArrowDtype):
        arrow = pa.array(values)
        if pa.types.is_integer(arrow.type):
            return values.astype("UInt64" if pa.types.is_unsigned_integer(arrow.type) else "Int64")
        return _plain(arrow.to_pandas(date_as_object=False))
    odd = pd.SparseDtype | pd.CategoricalDtype | pd.PeriodDtype | pd.IntervalDtype
    return values.astype(object) if isinstance(kind, odd) or kinds.is_complex_dtype(values) else values


def _texts(values: pd.Series) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Texts, and numbers as they are written: 1.0 and 1 are both "1"."""
    if not kinds.is_object_dtype(values) and not kinds.is_string_dtype(values):
        return pa.array(values, from_pandas=True).cast(pa.string()), values.notna().to_numpy()
    if kinds.infer_dtype(values, skipna=True) != "string":
        known = values.notna()
        # No `map`: it would make texts of pandas of what may be no Unicode text.
        texts = [text_of(value) if one else None for value, one in zip(values, known, strict=True)]
        values = pd.Series(texts, index=values.index, dtype=object)
    ok = values.notna().to_numpy()
    values = values if ok.all() else values.where(ok, None)
    try:
        return pa.array(values, pa.string(), from_pandas=True), ok
    except UnicodeEncodeError:  # half of a surrogate pair: no Unicode text
        values = values.map(lambda text: text if text.isascii() or _is_unicode(text) else None, na_action="ignore")
        return pa.array(values, pa.string(), from_pandas=True), values.notna().to_numpy()


def levels_of(column: Column) -> list[str]:
    """The values that a category declares, as they are stored; none where it declares none."""
    return [str(text_of(value)) for value in column.values or ()]


def text_of(value: object) -> str | None:
    """A single value as text; None when it has no text that is always the same (a list, bytes, an object)."""
    match value:
        case bool() | np.bool_():
            return str(value).lower()
        case float() | np.floating() if float(value).is_integer():
            return str(int(value))
        case (
            str()
            | int()
            | float()
            | np.integer()
            | np.floating()
            | Decimal()
            | date()
            | time()
            | np.datetime64()
            | UUID()
        ):
            return str(value)
    return None


def _is_unicode(text: str) -> bool:
    return not any(0xD800 <= ord(char) <= 0xDFFF for char in text)


def _vectors(values: pd.Series, size: Any) -> tuple[pa.Array, NDArray[np.bool_]]:
    parsed = [_vector_of(value, size) for value in values]
    ok = np.array([vector is not None for vector in parsed], dtype=bool)
    return pa.array(parsed, pa.list_(pa.float64(), size)), ok


def _vector_of(value: object, size: int) -> NDArray[np.float64] | None:
    """The numbers of one vector; None when they are not `size` finite numbers."""
    try:
        vector = np.asarray(json.loads(value) if isinstance(value, str) else value, dtype=np.float64)
    except (ValueError, TypeError):
        return None
    return vector if vector.shape == (size,) and np.isfinite(vector).all() else None
