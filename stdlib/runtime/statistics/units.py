"""The independent unit of a data set: rows that stand or fall together when a metric is resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

# 1970-01-01 was a Thursday; blocks are counted from the Monday after it.
_FIRST_MONDAY = timedelta(days=4)
_MICROSECOND = timedelta(microseconds=1)
_SPANS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


@dataclass(frozen=True, eq=False)
class Units:
    """Which unit each row belongs to: `ids` is (rows,), dense from 0; `label` is the unit as the spec wrote it."""

    ids: NDArray[np.intp]
    label: str = "row"

    @cached_property
    def count(self) -> int:
        """How many units there are."""
        return int(self.ids.max()) + 1 if self.ids.size else 0

    @property
    def single_rows(self) -> bool:
        """Whether every unit is one row, so that rows are independent."""
        return self.count == self.ids.size

    def select(self, rows: NDArray[np.bool_]) -> Units:
        """The units of some rows: `rows` is a (rows,) mask."""
        return Units(_dense(self.ids[rows]), self.label)

    def deal(self, groups: int, generator: np.random.Generator) -> NDArray[np.intp]:
        """Every row's group, (rows,), when whole units are dealt at random into groups of nearly one size."""
        return (generator.permutation(self.count) % groups)[self.ids]


def row_units(rows: int) -> Units:
    """Every row is its own unit."""
    return Units(np.arange(rows, dtype=np.intp), "row")


def column_units(values: Sequence[object] | NDArray[np.generic] | pd.Series, label: str) -> Units:
    """Rows with an equal value in a column are one unit; rows without a value are one unit together."""
    import pandas as pd

    codes, _ = pd.factorize(pd.Series(values), sort=False, use_na_sentinel=False)
    return Units(codes.astype(np.intp), label)


def block_units(times: pd.Series | pd.DatetimeIndex | NDArray[np.datetime64], width: timedelta, zone: str) -> Units:
    """Rows of one stretch of time are one unit, counted from Monday 1970-01-05 00:00 on the clock of `zone`.

    Times without a zone are taken as that clock's; times with one are converted to it. The count starts at a
    fixed day, so a row's block never depends on the rows around it. Raises ValueError for a row without a time.
    """
    import pandas as pd

    index = pd.DatetimeIndex(times)
    if missing := int(np.count_nonzero(pd.isna(index))):
        raise ValueError(f"{missing:,} of {len(index):,} rows have no time, so they belong to no {_block_label(width)}")
    clock = index if index.tz is None else index.tz_convert(zone).tz_localize(None)
    microseconds = np.asarray(clock.as_unit("us").asi8) - _FIRST_MONDAY // _MICROSECOND
    return Units(_dense(microseconds // (width // _MICROSECOND)), _block_label(width))


def fold(values: NDArray[np.float64], units: Units) -> NDArray[np.float64]:
    """The sum of a (rows,) array within each unit, (units,)."""
    return np.asarray(np.bincount(units.ids, weights=values, minlength=units.count), dtype=np.float64)


def _dense(codes: NDArray[np.integer]) -> NDArray[np.intp]:
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.intp)


def _block_label(width: timedelta) -> str:
    for name, span in _SPANS.items():
        if width % span == timedelta(0):
            return f"block({width // span}{name})"
    return f"block({width})"
