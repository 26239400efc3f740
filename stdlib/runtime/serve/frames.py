"""Values of requests as the frame that a model takes, with the types of training from the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mlopsc.stdlib.runtime.model.signature import InputColumn, Signature

Columns = Mapping[str, Sequence[Any]]
"""Values by column as they pass between processes: times in microseconds, dates in days since 1970."""


def frame_of(columns: Columns, signature: Signature) -> pd.DataFrame:
    """The rows with the columns of the signature; a level that no training row had is missing."""
    return pd.DataFrame({one.name: _series(columns[one.name], one, signature.zone) for one in signature.inputs})


def _series(values: Sequence[Any], column: InputColumn, zone: str) -> Any:
    match column.type:
        case "int" | "bool" if not column.optional and None not in values:
            return np.array(values, dtype=np.int64 if column.type == "int" else np.bool_)
        case "int" | "bool" | "float":
            return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        case "category":
            numbers = {level: number for number, level in enumerate(column.levels or ())}
            codes = [numbers.get(value, -1) for value in values]
            if -1 in codes and not column.optional:
                return _texts(values)  # the signature tells what is unknown from what is missing
            return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(numbers)))
        case "timestamp":
            return pd.DatetimeIndex(_times(values, "us")).tz_localize("UTC").tz_convert(zone)
        case "date":
            return pd.DatetimeIndex(_times(values, "D").astype("datetime64[us]"))
        case "vector":
            return pa.array(values, pa.list_(pa.float64())).to_pandas()
        case _:
            return _texts(values)


def _texts(values: Sequence[Any]) -> Any:
    return pa.array(values, pa.string()).to_pandas()


def _times(values: Sequence[Any], unit: str) -> Any:
    missing = np.iinfo(np.int64).min  # what NumPy holds for "no time"
    return np.array([missing if value is None else value for value in values], np.int64).view(f"datetime64[{unit}]")
