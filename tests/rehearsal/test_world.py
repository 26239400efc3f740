"""The world of a rehearsal: rows come in order, none twice, and a drift leaves columns that fit together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.stdlib.runtime.data.declared import DataStage, read_stage
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.rehearsal.injections import DAY
from mlopsc.stdlib.runtime.rehearsal.world import World, drifted, make_world, shifting_column, thinned

FIRST = datetime(2025, 3, 3, tzinfo=UTC)
HOURS = 240


def stage(**settings: Any) -> DataStage:
    """A data stage of hours with a number to predict, two parts that add up to it, and a feature."""
    columns = [
        {"name": "at", "type": {"function": "timestamp"}},
        {"name": "heat", "type": {"function": "float"}, "low": 0.0, "high": 1.0},
        {"name": "one", "type": {"function": "int"}, "role": "leak"},
        {"name": "other", "type": {"function": "int"}, "role": "leak"},
        {"name": "y", "type": {"function": "int"}},
    ]
    split = {"function": "by_time", "train": 0.7, "validation": 0.1, "test": 0.2}
    declared = {"time": "at", "target": "y", "split": split, **settings}
    return read_stage({"name": "hours", "kind": "data", "settings": declared, "columns": columns})


def hours(count: int = HOURS) -> pa.Table:
    """Rows in an order that is not theirs."""
    generator = np.random.default_rng(3)
    one, other = generator.integers(0, 200, count), generator.integers(0, 200, count)
    rows = {
        "at": pa.array([FIRST + timedelta(hours=i) for i in range(count)], pa.timestamp("us", "UTC")),
        "heat": generator.uniform(0, 1, count),
        "one": one,
        "other": other,
        "y": one + other,
    }
    return pa.table(rows).take(pa.array(generator.permutation(count)))


def world(**settings: Any) -> World:
    """Those rows, of which the last fifth is the test split."""
    table = hours()
    late = table["at"].to_numpy() >= np.datetime64((FIRST + timedelta(hours=192)).replace(tzinfo=None))
    return make_world(stage(**settings), table, np.where(late, "test", "train").astype(object))


def test_rows_come_in_the_order_of_their_time_and_service_begins_with_the_test_split() -> None:
    found = world()
    assert found.arrival.tolist() == [(FIRST + timedelta(hours=i)).timestamp() for i in range(HOURS)]
    assert found.begins == (FIRST + timedelta(hours=192)).timestamp()


def test_rows_that_are_alike_are_told_apart_and_do_not_come_together() -> None:
    table = pa.concat_tables([hours().select(["heat", "y"]), hours().select(["heat", "y"])])
    columns = [{"name": "heat", "type": {"function": "float"}}, {"name": "y", "type": {"function": "int"}}]
    declared = {"name": "hours", "kind": "data", "settings": {"target": "y"}, "columns": columns}
    found = make_world(read_stage(declared), table, np.full(len(table), "", dtype=object))
    heat = found.table["heat"].to_numpy()
    assert len(set(found.ids)) == len(table)
    assert (heat[1:] == heat[:-1]).sum() < 5


def test_every_row_comes_once_however_time_is_cut() -> None:
    found = world()
    cuts = np.arange(found.begins - 1, found.ends + 5_000, 1_700.0)
    seen = [place for since, until in pairwise(cuts) for place in found.between(since, until)]
    assert seen == list(found.between(found.begins - 1, found.ends))


def test_what_is_published_has_happened(tmp_path: Path) -> None:
    found, path = world(), tmp_path / "rows.parquet"
    found.publish(path, found.begins + 3_600)
    published = pq.read_table(path)
    assert published.num_rows == 194
    assert published["at"].to_pylist()[-1] == FIRST + timedelta(hours=193)


def test_rows_without_a_time_come_one_an_hour_in_an_order_of_their_own() -> None:
    table = hours()
    found = make_world(stage(time=None, split=None), table, np.full(HOURS, "", dtype=object))
    again = make_world(
        stage(time=None, split=None), table.take(pa.array(range(HOURS - 1, -1, -1))), np.full(HOURS, "", dtype=object)
    )
    assert np.diff(found.arrival).tolist() == [3_600.0] * (HOURS - 1)
    assert found.ids == again.ids
    assert len(found.between(-np.inf, found.begins)) / HOURS == pytest.approx(0.8, abs=0.1)


def test_drift_changes_later_rows_and_no_earlier_one() -> None:
    before, since = world(), FIRST.timestamp() + 8 * DAY + 1
    after = drifted(before, since)
    place = before.between(-np.inf, since).stop
    assert after.table.slice(0, place).equals(before.table.slice(0, place))
    old, new = (one.table["y"].to_numpy()[place:] for one in (before, after))
    assert np.mean(new / np.maximum(old, 1)) == pytest.approx(0.5, abs=0.1)


def test_drift_keeps_what_gives_the_target_away_in_step_with_it() -> None:
    after = drifted(world(), FIRST.timestamp() + 8 * DAY)
    one, other, y = (after.table[name].to_numpy() for name in ("one", "other", "y"))
    assert (one + other == y).all()


def test_drift_shifts_a_feature_within_what_it_may_be() -> None:
    before = world()
    column = shifting_column(before.stage)
    assert column is not None
    assert column.name == "heat"
    heat = drifted(before, FIRST.timestamp() + 8 * DAY).table["heat"].to_numpy()
    assert heat[200:].mean() > before.table["heat"].to_numpy()[200:].mean() + 0.1
    assert heat.max() <= 1


def test_thinning_leaves_the_past_alone() -> None:
    found = thinned(world(), 10)
    past = len(world().between(-np.inf, world().begins - 1))
    assert len(found.between(-np.inf, found.begins - 1)) == past
    assert 1 <= len(found.ids) - past <= 20


def test_a_world_needs_something_to_predict() -> None:
    with pytest.raises(StageFailure, match="no target"):
        make_world(stage(target=None), hours(), np.full(HOURS, "", dtype=object))
