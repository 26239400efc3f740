"""Small pictures of two distributions, kept with a look so that its report needs no rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlopsc.stdlib.runtime.monitor.streams import Places, Stream

_MOST_COLUMNS = 8
_BINS = 16
_MOST_LEVELS = 7
_EDGES = (0.005, 0.995)
"""What lies beyond these shares of both sides is counted in the first and the last bin."""


def sketch(stream: Stream, columns: Sequence[str], window: Places, reference: Places) -> dict[str, Mapping[str, Any]]:
    """The shares of rows by bin or level, of a window and its reference, for the first few of the columns."""
    found: dict[str, Mapping[str, Any]] = {}
    for column in columns[:_MOST_COLUMNS]:
        now, before = (stream.values[column].iloc[places] for places in (window, reference))
        found[column] = _numbers(now, before) if stream.kinds[column] == "numbers" else _levels(now, before)
    return found


def _numbers(now: pd.Series, before: pd.Series) -> Mapping[str, Any]:
    both = np.concatenate([now.to_numpy(dtype=np.float64), before.to_numpy(dtype=np.float64)])
    both = both[np.isfinite(both)]
    low, high = np.quantile(both, _EDGES) if both.size else (0.0, 0.0)
    edges = np.linspace(low, high if high > low else low + 1.0, _BINS + 1)
    names = [f"{edge:.4g}" for edge in (edges[:-1] + edges[1:]) / 2]
    shares = [_shares(values.to_numpy(dtype=np.float64), edges) for values in (now, before)]
    return {"names": names, "window": shares[0], "reference": shares[1]}


def _shares(values: np.ndarray[Any, Any], edges: np.ndarray[Any, Any]) -> list[float]:
    known = values[np.isfinite(values)].clip(edges[0], edges[-1])
    return [round(float(count), 5) for count in np.histogram(known, edges)[0] / max(len(values), 1)]


def _levels(now: pd.Series, before: pd.Series) -> Mapping[str, Any]:
    shares = [
        values.astype(object).where(values.notna(), None).value_counts(normalize=True, dropna=False)
        for values in (now, before)
    ]
    order = shares[1].add(shares[0], fill_value=0).sort_values(ascending=False).index[:_MOST_LEVELS]
    names = ["missing" if pd.isna(level) else str(level) for level in order]
    window, reference = ([round(float(one.get(level, 0.0)), 5) for level in order] for one in shares)
    return {"names": names, "window": window, "reference": reference}
