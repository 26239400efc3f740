"""Which of the rows that were read are used: those up to `as_of`, in the `window` and in the `sample`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.stdlib.data import LastWindow
from mlopsc.stdlib.runtime.data.declared import DataStage, moment
from mlopsc.stdlib.runtime.data.rowhash import Hashes, row_hashes, uniform
from mlopsc.stdlib.runtime.data.schema import TypedRows
from mlopsc.stdlib.runtime.data.snapshot import RowSet
from mlopsc.stdlib.runtime.engine.outcome import StageFailure


def select_rows(stage: DataStage, typed: TypedRows) -> TypedRows:
    """The rows to use; raises StageFailure when none is left.

    Rows without a time are in no stretch of time; where the schema allows none, they are kept to be shown.
    """
    settings = stage.settings
    if settings.as_of is not None:
        end = moment(settings.as_of, settings.zone)
        times = _times(stage, typed, "as_of")
        typed = _kept(typed, (times <= end) | _shown(stage, times), f"from {end} or before", "as_of")
    if isinstance(settings.window, LastWindow):
        times, length = _times(stage, typed, "window"), settings.window.length
        begin = times.max() - pd.DateOffset(months=length.months) - pd.Timedelta(seconds=length.seconds)
        typed = _kept(typed, (times > begin) | _shown(stage, times), f"after {begin}", "window")
    if settings.sample is not None:
        drawn = uniform(identities(stage, typed.rows), "sample") < settings.sample
        typed = _kept(typed, drawn, f"in a sample of {settings.sample:.3%}", "sample")
    return typed


def identities(stage: DataStage, rows: RowSet) -> Hashes:
    """What each row is known by: a hash of its key, or of its content where the stage has no key."""
    return row_hashes(rows.table, stage.settings.key or [column.name for column in stage.kept])


def _times(stage: DataStage, typed: TypedRows, setting: str) -> pd.Series:
    """The times of the rows as points in time."""
    if stage.settings.time is None:
        fact = f"`{setting}` needs the time of the rows"
        raise StageFailure(fact, "say which column it is: `time = …`", setting=setting)
    times = typed.rows.frame[stage.settings.time]
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        first = np.ones(len(times), dtype=bool)
        times = times.dt.tz_localize(stage.settings.zone, ambiguous=first, nonexistent="shift_forward")
    return times


def _shown(stage: DataStage, times: pd.Series) -> pd.Series:
    """The rows whose missing time is a mistake."""
    allowed = next(column.missing for column in stage.columns if column.name == times.name)
    return times.isna() & (allowed == 0)


def _kept(typed: TypedRows, rows: pd.Series | NDArray[np.bool_], where: str, setting: str) -> TypedRows:
    mask = np.asarray(rows, dtype=bool)
    if not mask.any():
        raise StageFailure(f"none of {len(mask):,} rows is {where}", f"change `{setting}`", setting=setting)
    return typed if mask.all() else typed.take(mask)
