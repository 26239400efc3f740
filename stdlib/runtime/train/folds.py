"""Folds inside the training rows: in order of time where there is a time, with units that belong together whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlopsc.stdlib.data import BlockUnit, GroupSplit, TimeSplit
from mlopsc.stdlib.runtime.data.declared import unit_of
from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.model.fitting import target_values, task_of

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and rows to compare on, as masks of the training rows."""

    fit: Mask
    compare: Mask


def make_folds(table: Table, count: int) -> tuple[Fold, ...]:
    """`count` folds of the training rows `table`, the same each time; raises StageFailure when it has too few units.

    Rows with a time: each fold fits on what came before the rows it compares on, less the gap of the split. Otherwise
    whole units (or groups of a split by group) are dealt at random, classes in proportion.
    """
    try:
        folds = tuple(_in_time(table, count) if _is_ordered(table) else _at_random(table, count))
    except ValueError as error:
        raise StageFailure(
            f"the training rows cannot make {count} folds: {error}", "ask for fewer folds", setting="folds"
        ) from error
    for fold in folds:
        if not fold.fit.any() or not fold.compare.any():
            raise StageFailure(f"with {count} folds, one has no rows", "ask for fewer folds", setting="folds")
    return folds


def _is_ordered(table: Table) -> bool:
    return table.time is not None and not isinstance(table.settings.split, GroupSplit)


def _in_time(table: Table, count: int) -> Iterator[Fold]:
    from sklearn.model_selection import TimeSeriesSplit

    time = table.frame[str(table.time)].to_numpy()
    is_block = isinstance(unit_of(table.settings), BlockUnit)
    # Blocks are numbered in order of time.
    stretch = table.units.ids if is_block else np.unique(time, return_inverse=True)[1]
    for before, after in TimeSeriesSplit(n_splits=count).split(np.arange(int(stretch.max()) + 1)):
        compare = np.isin(stretch, after)
        fit = np.isin(stretch, before) & (time < time[compare].min() - _gap(table))
        if not is_block:
            fit &= ~np.isin(table.units.ids, table.units.ids[compare])
        yield Fold(fit, compare)


def _gap(table: Table) -> np.timedelta64:
    split = table.settings.split
    gap = split.gap if isinstance(split, TimeSplit) else None
    return np.timedelta64(round(gap.seconds * 1e6) if gap else 0, "us")


def _at_random(table: Table, count: int) -> Iterator[Fold]:
    from sklearn import model_selection as ways

    groups = _groups(table)
    classes = task_of(table) != "regression"
    y = target_values(table)
    if groups is None:
        way = ways.StratifiedKFold if classes else ways.KFold
    else:
        way = ways.StratifiedGroupKFold if classes else ways.GroupKFold
    for _, places in way(n_splits=count, shuffle=True, random_state=0).split(y, y, groups):
        compare = np.zeros(len(table), dtype=np.bool_)
        compare[places] = True
        yield Fold(~compare, compare)


def _groups(table: Table) -> NDArray[np.intp] | None:
    """What stays together: the groups of a split by group or of the role, else the units; None for single rows."""
    split = table.settings.split
    column = split.column if isinstance(split, GroupSplit) else None
    column = column or next((column.name for column in table.columns if column.role == "group"), None)
    if column is not None:
        values = table.frame[column].astype(str).to_numpy()
        return np.unique(values, return_inverse=True)[1].astype(np.intp)
    return None if table.units.single_rows else table.units.ids
