"""The bike example's rides: real rows from file to snapshot, by hand and through the engine."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from data_stages import BIKE, Project, check, column

from mlopsc.stdlib.runtime.data.tables import Table, load_table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure, Verdict
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import RunResult, run
from mlopsc.stdlib.runtime.store.local import LocalStore

COLUMNS = [
    column("at", "timestamp"),
    column("hr", "int", low=0, high=23, role="calendar"),
    column("workingday", "bool"),
    column("weathersit", "category", missing=0.01),
    column("temp", "float", low=0, high=1),
    column("hum", "float", low=0, high=1),
    column("casual", "int", role="leak"),
    column("registered", "int", role="leak"),
    column("bikers", "int", low=0),
]
RULES = [
    check("rows >= 5_000", "rows", (">=", 5000)),
    check("unique(at)", "unique", columns=["at"]),
    check('python("checks.py:riders_add_up")', "python", name="checks.py:riders_add_up"),
]
SETTINGS: dict[str, Any] = {
    "source": {"function": "csv", "path": "data/bikeshare.csv"},
    "transform": {"function": "python", "name": "prep.py:add_timestamp"},
    "time": "at",
    "unit": {"function": "block", "length": "7d"},
    "target": "bikers",
    "outcome": "independent",
    "split": {"function": "by_time", "train": 0.7, "validation": 0.1, "test": 0.2, "gap": "1d"},
}


@pytest.fixture
def bike(tmp_path: Path) -> Project:
    folder = tmp_path / "bike demand"
    shutil.copytree(BIKE, folder, ignore=shutil.ignore_patterns(".mlops", "__pycache__", "mlops.lock", "deploy"))
    return Project(folder, LocalStore(tmp_path / "store"))


def rides(project: Project, **settings: Any) -> Table:
    return project.table(COLUMNS, RULES, name="rides", **{**SETTINGS, **settings})


def test_what_is_known_of_the_rides(bike: Project) -> None:
    result = bike.run(COLUMNS, RULES, name="rides", **SETTINGS)
    assert result.verdict is Verdict.OK
    assert result.facts["rows"] == 8645
    assert result.facts["splits"] == {"train": 6027, "validation": 841, "test": 1729, "gap": 48}
    assert result.facts["dropped"] == ["season", "mnth", "day", "holiday", "weekday", "atemp", "windspeed"]
    assert result.facts["columns"]["hr"] == {"type": "int", "role": "calendar", "missing": 0}
    assert [one["holds"] for one in result.facts["checks"]] == [True, True, True]
    assert str(bike.folder) not in json.dumps(result.facts)
    spans = "train 2011-01-01 to 2011-09-13, validation 2011-09-14 to 2011-10-19, test 2011-10-20 to 2011-12-31"
    assert result.messages[-1].text == f"in time: {spans}"


def test_the_same_rows_are_the_same_bytes_in_another_folder(bike: Project, tmp_path: Path) -> None:
    once = bike.run(COLUMNS, RULES, name="rides", **SETTINGS)
    shutil.copytree(bike.folder, tmp_path / "elsewhere", ignore=shutil.ignore_patterns(".scratch"))
    other = Project(tmp_path / "elsewhere", LocalStore(tmp_path / "other store"))
    again = other.run(COLUMNS, RULES, name="rides", **SETTINGS)
    assert again.facts == once.facts
    assert bike.records["rides"].outputs == other.records["rides"].outputs
    assert set(once.outputs) == {"rows", "splits", "profile"}


def test_rows_of_the_table_are_those_of_the_file(bike: Project) -> None:
    table, file = rides(bike), pd.read_csv(BIKE / "data" / "bikeshare.csv")
    for name in ("hr", "temp", "hum", "casual", "bikers"):
        assert table.frame[name].to_numpy().tolist() == file[name].tolist()
    assert table.frame["weathersit"].astype(str).tolist() == file["weathersit"].tolist()
    assert {name: str(kind) for name, kind in table.frame.dtypes.items()} == {
        "at": "datetime64[us, UTC]",
        "hr": "int64",
        "workingday": "bool",
        "weathersit": "category",
        "temp": "float64",
        "hum": "float64",
        "casual": "int64",
        "registered": "int64",
        "bikers": "int64",
    }
    assert table.frame["at"].iloc[[0, -1]].dt.strftime("%Y-%m-%d %H:%M").tolist() == [
        "2011-01-01 00:00",
        "2011-12-31 23:00",
    ]


def test_what_a_model_may_see(bike: Project) -> None:
    table = rides(bike)
    assert table.inputs == ("at", "hr", "workingday", "weathersit", "temp", "hum")
    assert table.features == ("hr", "workingday", "weathersit", "temp", "hum")
    assert table.y.name == "bikers"
    assert table.weights is None
    assert (table.target, table.time) == ("bikers", "at")


def test_splits_are_disjoint_and_keep_what_is_known_of_each_row(bike: Project) -> None:
    table = rides(bike)
    parts = {name: table.split(name) for name in ("train", "validation", "test")}
    positions = np.concatenate([part.frame.index.to_numpy() for part in parts.values()])
    assert len(set(positions.tolist())) == len(positions) == 8645 - 48
    both = table.split("train", "validation")
    assert len(both) == len(parts["train"]) + len(parts["validation"])
    assert (table.hashes[both.frame.index] == both.hashes).all()
    assert table.units.count == 53  # from Monday 2010-12-27 to the week of 2011-12-26
    assert parts["test"].units.count == 11
    assert table.units.label == "block(7d)"
    assert len(set(table.hashes.tolist())) == 8645


def test_what_a_table_does_not_have(bike: Project) -> None:
    table = rides(bike, split=None)
    with pytest.raises(StageFailure) as raised:
        table.split("train")
    assert "`rides` has no split `train`" in raised.value.message
    assert raised.value.setting == "split"
    with pytest.raises(StageFailure) as raised:
        table.column("bike")
    assert raised.value.hint == "did you mean `bikers`?"
    with pytest.raises(StageFailure) as raised:
        _ = rides(bike, target=None).y
    assert raised.value.message == "`rides` has no target"


def test_the_snapshot_carries_nothing_of_pandas(bike: Project) -> None:
    result = bike.run(COLUMNS, RULES, name="rides", **SETTINGS)
    schema = pq.read_schema(result.outputs["rows"])
    assert schema.names == [one["name"] for one in COLUMNS]
    assert not schema.metadata
    splits = pq.read_table(result.outputs["splits"])
    assert [str(kind) for kind in splits.schema.types] == [
        "int64",
        "dictionary<values=string, indices=int32, ordered=0>",
        "uint64",
        "int64",
    ]
    assert splits["row"].to_pylist() == [*range(8645)]


def test_the_clock_of_washington(bike: Project) -> None:
    """The file counts the hours of local clocks: 02:00 of 13 March is not there, and 01:00 of 6 November is once."""
    result = bike.run(COLUMNS, RULES, name="rides", **{**SETTINGS, "zone": "America/New_York"})
    assert result.verdict is Verdict.OK
    warning = next(message for message in result.messages if message.level == "warning")
    assert warning.text == "1 time of `at` falls in an hour that the clock of America/New_York shows twice"
    result = bike.run(COLUMNS, RULES, name="rides", **{**SETTINGS, "zone": "Europe/Berlin"})
    assert result.verdict is Verdict.FAIL
    failing = next(message for message in result.messages if message.level == "error")
    file = pd.read_csv(BIKE / "data" / "bikeshare.csv")
    (row,) = file.index[(file["day"] == 86) & (file["hr"] == 2)]
    assert failing.text == f"`at` is not `timestamp` in 1 of 8,645 rows\n  row {row + 1:,}: `2011-03-27 02:00:00`"


def test_the_profile_of_the_rides(bike: Project) -> None:
    profile = json.loads(bike.run(COLUMNS, RULES, name="rides", **SETTINGS).outputs["profile"])
    bikers = profile["columns"]["bikers"]
    file = pd.read_csv(BIKE / "data" / "bikeshare.csv")["bikers"]
    assert (bikers["min"], bikers["max"]) == (1, 651)
    assert bikers["mean"] == pytest.approx(file.mean())
    assert bikers["stddev"] == pytest.approx(file.std())
    assert bikers["quantiles"]["50%"] == file.median()
    assert sum(bikers["histogram"]["counts"]) == 8645
    assert profile["columns"]["weathersit"]["values"]["clear"] == 5645
    assert profile["columns"]["workingday"] | {"true": 5911, "false": 2734} == profile["columns"]["workingday"]
    assert profile["columns"]["at"]["max"] == "2011-12-31T23:00:00+00:00"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of file sizes are a matter of POSIX")
def test_a_disk_that_takes_no_more(bike: Project) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        failure = bike.failure(COLUMNS, RULES, name="rides", **SETTINGS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "the snapshot cannot be written" in failure.message
    assert failure.hint == "free some space there"


def engine_run(bike: Project, columns: list[dict[str, Any]], rules: list[dict[str, Any]]) -> RunResult:
    files = ["data/bikeshare.csv", "prep.py", "checks.py"]
    stage = {"name": "rides", "kind": "data", "settings": SETTINGS, "columns": columns, "rules": rules, "files": files}
    document = {"ir": 1, "name": "bike", "environment": {"name": "dev"}, "stages": [stage]}
    path = bike.write("pipeline.json", json.dumps(document))
    functions = {"data": "mlopsc.stdlib.runtime.data:run"}
    return run(Request(path, bike.folder, functions, jobs=1), lambda _: None)


def test_through_the_engine_and_into_the_lock(bike: Project) -> None:
    first, second = engine_run(bike, COLUMNS, RULES), engine_run(bike, COLUMNS, RULES)
    assert [result.stages[0].cached for result in (first, second)] == [False, True]
    record = first.stages[0].record
    assert record is not None
    lock = (bike.folder / "mlops.lock").read_text()
    assert f'hash = "{record.facts["hash"]}"' in lock
    assert "splits = { gap = 48, test = 1729, train = 6027, validation = 841 }" in lock
    assert record.outputs["rows"] == record.facts["hash"]


def test_failing_rows_lie_beside_the_log_of_the_run(bike: Project) -> None:
    columns = [one if one["name"] != "hum" else column("hum", "float", low=0.1, high=1) for one in COLUMNS]
    result = engine_run(bike, columns, RULES)
    summary = result.stages[0]
    assert summary.outcome == "fail"
    assert summary.record is not None
    told = [message.text for message in summary.record.messages]
    assert "`hum` is not in 0.1..1 in 23 of 8,645 rows" in "\n".join(told)
    path = bike.folder / told[-1].split("`")[1]
    assert path == bike.folder / ".mlops/runs/1/rides.failing_rows.csv"
    listed = pd.read_csv(path)
    file = pd.read_csv(BIKE / "data" / "bikeshare.csv")
    assert listed["row"].tolist() == (file.index[file["hum"] < 0.1] + 1).tolist()
    assert not (bike.folder / "mlops.lock").exists()


def test_rows_that_grow_old_are_judged_in_each_run(bike: Project) -> None:
    rules = [*RULES, check("age <= 200_000d", "age", ("<=", 200_000 * 86_400.0))]
    results = [engine_run(bike, COLUMNS, rules) for _ in range(2)]
    assert [result.stages[0].cached for result in results] == [False, False]
    first, second = (result.stages[0].record for result in results)
    assert first is not None
    assert second is not None
    assert first.facts == second.facts
    assert first.notes["age"] < second.notes["age"]


def test_a_table_is_read_back_by_a_stage_that_sees_it_as_an_input(bike: Project) -> None:
    rides(bike)
    table = load_table(bike.context("later"), "rides")
    assert table.settings.outcome == "independent"
    assert [one.name for one in table.columns] == [one["name"] for one in COLUMNS]
