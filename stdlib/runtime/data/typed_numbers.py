"""Whole numbers, numbers and truth values: each function gives the values and which of them could be read."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api import types as kinds

Read = tuple[pa.Array, NDArray[np.bool_]]
"""The values, null where there is none, and a (rows,) mask of those that could be read."""

_EXACT = 2**53
_INT64 = np.iinfo(np.int64)
_KINDS = (str, bool, int, float, np.bool_, np.integer, np.floating, Decimal)
_NUMBERS_OR_TEXTS = frozenset({"string", "integer", "floating", "mixed-integer-float", "boolean", "decimal"})
_TRUTH = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


def integers(values: pd.Series) -> Read:
    """Values that are whole numbers of 64 bits, however they are written."""
    if kinds.is_bool_dtype(values):
        values = values.astype("Int64")
    if kinds.is_integer_dtype(values):
        ok = (values.notna() & values.le(_INT64.max)).to_numpy(dtype=bool, na_value=False)
        return _masked(values.where(ok, 0).to_numpy(dtype=np.int64), ok)
    if kinds.is_float_dtype(values):
        return _whole(values.to_numpy(dtype=np.float64, na_value=np.nan))
    written = _written(values)
    numbers = pd.to_numeric(written, errors="coerce")
    if kinds.is_integer_dtype(numbers):
        return integers(numbers)
    floats = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    read, ok = _whole(floats)
    large = np.flatnonzero(np.abs(floats) >= _EXACT)
    return _with_exact(read, ok, written, large) if large.size else (read, ok)


def floats(values: pd.Series) -> Read:
    """Finite numbers; whole numbers that a float cannot hold exactly are not read."""
    written = values if kinds.is_numeric_dtype(values) else _written(values)
    numbers = written if kinds.is_numeric_dtype(written) else pd.to_numeric(written, errors="coerce")
    read = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    ok = np.isfinite(read)
    if kinds.is_integer_dtype(numbers):
        ok &= _held_exactly(numbers, read)
    elif numbers is not written:  # pandas before 3.1 reads text to within a bit only
        read = read.copy()
        read[ok] = np.asarray(written[ok].tolist(), dtype=np.float64)
    return _masked(read, ok)


def _held_exactly(numbers: pd.Series, read: NDArray[np.float64]) -> NDArray[np.bool_]:
    if not (np.abs(read) >= _EXACT).any():
        return np.ones(len(read), dtype=bool)
    whole: NDArray[np.int64] = integers(numbers)[0].fill_null(0).to_numpy()
    fits = np.abs(read) < 2.0**63
    held: NDArray[np.bool_] = fits & (np.where(fits, read, 0).astype(np.int64) == whole)
    return held


def bools(values: pd.Series) -> Read:
    """Truth values, 0 and 1, and the words true and false in any case."""
    if kinds.is_bool_dtype(values):
        ok = values.notna().to_numpy()
        return _masked(values.to_numpy(dtype=bool, na_value=False), ok)
    written = _written(values)
    codes, uniques = pd.factorize(written.map(str, na_action="ignore") if kinds.is_object_dtype(written) else written)
    truths = [_TRUTH.get(str(unique).strip().lower()) for unique in uniques]
    known = np.array([truth is not None for truth in truths] + [False])
    return _masked(np.array([*map(bool, truths), False])[codes], known[codes])


def _whole(values: NDArray[np.float64]) -> Read:
    ok = np.isfinite(values) & (np.abs(values) < _EXACT)
    ok[ok] = values[ok] == np.floor(values[ok])
    return _masked(np.where(ok, values, 0).astype(np.int64), ok)


def _with_exact(read: pa.Array, ok: NDArray[np.bool_], values: pd.Series, large: NDArray[np.intp]) -> Read:
    """Add the few numbers that only their text holds exactly."""
    numbers = read.fill_null(0).to_numpy().copy()
    for row in large:
        value = values.iloc[row]
        try:
            number = int(value) if isinstance(value, str | int) else None
        except ValueError:
            number = None
        if number is not None and _INT64.min <= number <= _INT64.max:
            numbers[row], ok[row] = number, True
    return _masked(numbers, ok)


def _written(values: pd.Series) -> pd.Series:
    """Values that may be numbers: texts and numbers stay, all else is missing."""
    if kinds.infer_dtype(values, skipna=True) in _NUMBERS_OR_TEXTS:
        return values
    if not kinds.is_object_dtype(values):
        return pd.Series(np.full(len(values), np.nan))
    return pd.Series([value if isinstance(value, _KINDS) else None for value in values], dtype=object)


def _masked(values: NDArray[np.generic], ok: NDArray[np.bool_]) -> Read:
    return pa.array(values, mask=None if ok.all() else ~ok), ok
