"""The profile of rows: what their values look like, column by column, without personal data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.snapshot import RowSet

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 20
"""Bins of a histogram, of equal width from the smallest value to the largest; one if too few
floats lie between the two."""

LEVELS = 50
"""How many values of a category are counted by name: the most frequent ones."""


def profile_rows(rows: RowSet, columns: Sequence[Column]) -> bytes:
    """The profile as JSON: `{"rows": …, "columns": {name: {"type", "role", "missing", …}}}`; `pii` is left out."""
    described = {one.name: _column(rows, one) for one in columns if one.role != "pii"}
    found = {"rows": rows.table.num_rows, "columns": described}
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8")


def _column(rows: RowSet, column: Column) -> dict[str, Any]:
    values = rows.table[column.name].combine_chunks()
    word = str(column.type["function"])
    kind = {"type": word, "role": column.role, "missing": values.null_count}
    known = values.drop_null()
    return {**kind, **(_summary(word, known) if len(known) else {})}


def _summary(word: str, values: pa.Array) -> Mapping[str, Any]:
    match word:
        case "int" | "float":
            numbers = values.to_numpy()
            ends = {"min": numbers.min().item(), "max": numbers.max().item()}
            return {**ends, **_numbers(numbers.astype(np.float64))}
        case "bool":
            true = int(pc.sum(values).as_py())
            return {"true": true, "false": len(values) - true}
        case "category":
            return _levels(values)
        case "text":
            lengths = pc.utf8_length(values).to_numpy()
            span = {"min": int(lengths.min()), "mean": float(lengths.mean()), "max": int(lengths.max())}
            return {"distinct": int(pc.count_distinct(values).as_py()), "length": span}
        case "timestamp" | "date":
            return _times(values)
        case _:
            matrix = values.flatten().to_numpy().reshape(len(values), -1)
            return {"size": matrix.shape[1], "norm": _numbers(np.linalg.norm(matrix, axis=1))}


def _numbers(values: NDArray[np.float64]) -> dict[str, Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        stddev = values.std(ddof=1) if len(values) > 1 else np.nan
        quantiles = np.quantile(values, QUANTILES)
        mean = values.mean()
    named = {f"{share:.0%}": _plain(value) for share, value in zip(QUANTILES, quantiles, strict=True)}
    return {"mean": _plain(mean), "stddev": _plain(stddev), "quantiles": named, "histogram": _histogram(values)}


def _histogram(values: NDArray[np.float64]) -> dict[str, Any] | None:
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low):
        return None
    if (np.diff(np.linspace(low, high, BINS + 1)) <= 0).any():
        return {"edges": [low, high], "counts": [len(values)]}
    counts, edges = np.histogram(values, bins=BINS)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _levels(values: pa.DictionaryArray) -> dict[str, Any]:
    counts = np.bincount(values.indices.to_numpy(), minlength=len(values.dictionary))
    found = {level: int(count) for level, count in zip(values.dictionary.to_pylist(), counts, strict=True) if count}
    named = sorted(found, key=lambda level: (-found[level], level))[:LEVELS]
    others = len(values) - sum(found[level] for level in named)
    return {"distinct": len(found), "values": {level: found[level] for level in named}, "others": others}


def _times(values: pa.Array) -> dict[str, Any]:
    times = pd.DatetimeIndex(values.cast(pa.timestamp("us", getattr(values.type, "tz", None))).to_pandas())
    histogram = _histogram(times.as_unit("us").asi8.astype(np.float64)) or {}
    edges = pd.DatetimeIndex(np.array(histogram["edges"]).astype("datetime64[us]"), tz="UTC" if times.tz else None)
    shown = edges.tz_convert(times.tz) if times.tz else edges
    told = {"edges": [stamp.isoformat() for stamp in shown], "counts": histogram["counts"]}
    return {"min": times.min().isoformat(), "max": times.max().isoformat(), "histogram": told}


def _plain(value: float | np.floating[Any]) -> float | None:
    return float(value) if np.isfinite(value) else None
