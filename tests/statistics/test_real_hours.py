"""Gates on real errors: what last week's same hour says of the bike rides of this one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlopsc.stdlib.runtime.statistics.gates import judge
from mlopsc.stdlib.runtime.statistics.inputs import RowLosses
from mlopsc.stdlib.runtime.statistics.judgements import Judgement, Requirement, Verdict
from mlopsc.stdlib.runtime.statistics.slices import judge_slices, slice_by
from mlopsc.stdlib.runtime.statistics.units import Units, block_units, row_units

RIDES = Path(__file__).parents[2] / "examples/bike-demand/data/bikeshare.csv"
WEEK = timedelta(days=7)
AT_MOST = Requirement("<=")


@pytest.fixture(scope="module")
def hours() -> pd.DataFrame:
    """The last fifth of the hours of 2011, with the absolute error of last week's same hour."""
    rides = pd.read_csv(RIDES)
    first = pd.Timestamp("2011-01-01")
    rides["at"] = first + pd.to_timedelta(rides["day"] - 1, unit="D") + pd.to_timedelta(rides["hr"], unit="h")
    before = rides.set_index("at")["bikers"].reindex(rides["at"] - pd.Timedelta(days=7)).to_numpy()
    rides["error"] = np.abs(rides["bikers"] - before)
    return rides[int(0.8 * len(rides)) :].dropna(subset=["error"])


def judged(hours: pd.DataFrame, units: Units, limit: float) -> Judgement:
    """The verdict on `mae <= limit at 95%`."""
    return judge(RowLosses(hours["error"].to_numpy(), units), limit, AT_MOST)


def test_eleven_weeks_prove_less_than_their_hours_seem_to(hours: pd.DataFrame) -> None:
    """The planted defect: hours taken as independent pass a limit that the weeks leave undecided."""
    by_week = judged(hours, block_units(hours["at"], WEEK, "UTC"), 51)
    by_hour = judged(hours, row_units(len(hours)), 51)
    assert by_hour.verdict is Verdict.PASS
    assert by_week.verdict is Verdict.UNDECIDED
    assert (by_week.units, by_week.rows) == (11, 1727)
    assert by_week.estimate == pytest.approx(47.86, abs=0.01)
    assert by_week.provable_limit == pytest.approx(54.7, abs=0.3)
    assert by_week.design_effect == pytest.approx(5.9, abs=0.1)
    assert by_week.rows_needed is not None
    assert by_week.rows_needed > 10_000


def test_days_as_blocks_know_the_hours_depend_as_weeks_do(hours: pd.DataFrame) -> None:
    by_day = judged(hours, block_units(hours["at"], timedelta(days=1), "UTC"), 51)
    assert (by_day.units, by_day.verdict, by_day.note) == (73, Verdict.UNDECIDED, "")
    assert by_day.design_effect == pytest.approx(6.2, abs=0.1)


def test_weather_without_a_row_is_listed(hours: pd.DataFrame) -> None:
    known = ["clear", "cloudy/misty", "light rain/snow", "heavy rain/snow"]
    slices = slice_by("weathersit", hours["weathersit"], known)
    losses = RowLosses(hours["error"].to_numpy(), block_units(hours["at"], WEEK, "UTC"))
    found = judge_slices(losses, 200, AT_MOST, slices)
    assert found.verdict is Verdict.PASS
    assert [part.name for part in found.slices if part.standing == "judged"] == known[:3]
    assert [part.name for part in found.slices if part.standing == "no rows"] == known[3:]
    assert sum(part.judgement.rows for part in found.slices) == 1727
