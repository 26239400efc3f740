"""Timestamps and dates: each function gives the values (null where there is none) and which are read."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pandas.api import types as kinds

from mlopsc.stdlib.runtime.data.typed_numbers import Read

_WITH_OFFSET = r"\d[T ]\d.*(?:[zZ]|[+-]\d\d(?::?\d\d)?)\s*$"
Micros = tuple[NDArray[np.int64], NDArray[np.bool_]]
"""Microseconds since 1970, and which of them are times."""

Times = tuple[pd.Series, pd.Series | None]
"""Times without an offset and, if there are any, times with one; each missing where the other has a value."""

_FIRST = pd.Timestamp("0001-01-02").as_unit("us")
_LAST = pd.Timestamp("9999-12-31 23:59:59.999999").as_unit("us")

_DAY = 86_400_000_000
"""Microseconds of a day."""


def timestamps(values: pd.Series, zone: str) -> tuple[pa.Array, NDArray[np.bool_], int]:
    """Points in time; those without an offset are on the clock of `zone`.

    Local times that the clock skips, and times finer than a microsecond, are not read. Also counts the local times
    that the clock shows twice.
    """
    local, absolute = _within(_parsed(values))
    placed, ambiguous = _placed(local, zone)
    micros, ok = _either(_microseconds(placed), absolute)
    return pa.array(micros, mask=None if ok.all() else ~ok).cast(pa.timestamp("us", zone)), ok, ambiguous


def dates(values: pd.Series, zone: str) -> Read:
    """Days; a timestamp is one only at midnight on the clock of `zone`."""
    local, absolute = _within(_parsed(values))
    clock = None if absolute is None else absolute.dt.tz_convert(zone).dt.tz_localize(None)
    micros, ok = _either(_microseconds(local), clock)
    ok &= micros % _DAY == 0
    days = np.where(ok, micros // _DAY, 0).astype(np.int32)
    return pa.array(days, mask=None if ok.all() else ~ok).cast(pa.date32()), ok


def _within(times: Times) -> Times:
    """The times that every library can hold, from the year 1 to 9999."""
    local, absolute = times
    local = local.where((local >= _FIRST) & (local <= _LAST))
    if absolute is not None:
        absolute = absolute.where((absolute >= _FIRST.tz_localize("UTC")) & (absolute <= _LAST.tz_localize("UTC")))
    return local, absolute


def _parsed(values: pd.Series) -> Times:
    """The times that the values stand for; a value that is none is missing."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[us]"), values
    if kinds.is_datetime64_dtype(values):
        return values, None
    if not (kinds.is_object_dtype(values) or kinds.is_string_dtype(values)):
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[us]"), None
    texts = values if kinds.is_string_dtype(values) else pd.Series([_iso(value) for value in values], dtype=object)
    found = pc.match_substring_regex(pa.array(texts, pa.string(), from_pandas=True), _WITH_OFFSET)
    has_offset = found.fill_null(False).to_numpy(zero_copy_only=False)
    local = pd.to_datetime(texts.mask(has_offset), format="ISO8601", errors="coerce")
    if not has_offset.any():
        return local, None
    return local, pd.to_datetime(texts.where(has_offset), format="ISO8601", errors="coerce", utc=True)


def _iso(value: object) -> str | None:
    return str(value) if isinstance(value, str | date | np.datetime64) else None


def _placed(local: pd.Series, zone: str) -> tuple[pd.Series, int]:
    """Local times as points in time, the skipped ones missing, and how many the clock shows twice."""
    if zone == "UTC":
        return local.dt.tz_localize("UTC"), 0
    first = np.ones(len(local), dtype=bool)
    placed = local.dt.tz_localize(zone, ambiguous=first, nonexistent="NaT")
    certain = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    return placed, int((placed.notna() & certain.isna()).sum())


def _either(local: Micros, others: pd.Series | None) -> Micros:
    """The local times, and the other ones where there are any."""
    if others is None:
        return local
    micros, ok = _microseconds(others)
    return np.where(ok, micros, local[0]), ok | local[1]


def _microseconds(times: pd.Series) -> Micros:
    """Microseconds since 1970 in UTC, and which of the times are whole ones."""
    index = pd.DatetimeIndex(times)
    ok = np.asarray(index.notna())
    if index.unit == "ns":
        ok &= index.asi8 % 1000 == 0
    return np.where(ok, index.as_unit("us").asi8, 0), ok
