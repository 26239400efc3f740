"""Which rows are used, and that they stay the pinned ones."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from data_stages import Project, column

from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.engine.outcome import Verdict

COLUMNS = [column("id", "int"), column("at", "timestamp")]
PINNED = {"refresh": {"function": "pinned"}}


def hourly(project: Project, count: int = 240) -> None:
    times = pd.date_range("2025-01-01", periods=count, freq="h").strftime("%Y-%m-%d %H:%M")
    project.write("rows.csv", pd.DataFrame({"id": range(count), "at": times}).to_csv(index=False))


@pytest.mark.parametrize(
    ("settings", "first", "last"),
    [
        ({"window": {"function": "last", "length": "3d"}}, 168, 239),
        ({"as_of": "2025-01-03"}, 0, 48),
        ({"as_of": "2025-01-03 06:00"}, 0, 54),
        ({"as_of": "2025-01-03T06:00:00+06:00"}, 0, 48),
        ({"as_of": "2025-01-03", "zone": "Europe/Berlin"}, 0, 48),
        ({"as_of": "2025-01-03", "window": {"function": "last", "length": "6h"}}, 43, 48),
        ({"window": {"function": "last", "length": "1mo"}}, 0, 239),
    ],
)
def test_rows_of_a_stretch_of_time(project: Project, settings: dict[str, Any], first: int, last: int) -> None:
    hourly(project)
    frame = project.table(COLUMNS, time="at", **settings).frame
    assert frame["id"].tolist() == [*range(first, last + 1)]
    assert frame.index.tolist() == [*range(len(frame))]


def test_a_window_of_months_follows_the_calendar(project: Project) -> None:
    project.write("rows.csv", "id,at\n1,2025-02-27\n2,2025-02-28\n3,2025-03-01\n4,2025-03-31\n")
    table = project.table(COLUMNS, time="at", window={"function": "last", "length": "1mo"})
    assert table.frame["id"].tolist() == [3, 4]


def test_rows_outside_need_not_be_valid_but_those_inside_keep_their_numbers(project: Project) -> None:
    project.write("rows.csv", "id,at\nold,2025-01-01\n2,2025-01-05\nnew,2025-01-06\n")
    settings = {"time": "at", "window": {"function": "last", "length": "3d"}}
    result = project.run(COLUMNS, **settings)
    assert result.messages[-1].text == "`id` is not `int` in 1 of 2 rows\n  row 3: `new`"
    project.write("rows.csv", "id,at\nold,2025-01-01\n2,2025-01-05\n3,2025-01-06\n")
    assert project.run(COLUMNS, **settings).verdict is Verdict.OK


def test_rows_without_a_time(project: Project) -> None:
    project.write("rows.csv", "id,at\n1,2025-01-01\n2,\n3,someday\n")
    told = [message.text for message in project.run(COLUMNS, time="at", as_of="2025-01-02").messages]
    assert told == ["`at` is not `timestamp` in 1 of 3 rows\n  row 3: `someday`", told[1]]
    assert told[1].startswith("`at` is missing in 1 of 3 rows (33.33%), allowed is none\n  row 2: missing")
    project.write("rows.csv", "id,at\n1,2025-01-01\n2,\n3,2025-01-01\n")
    columns = [column("id", "int"), column("at", "timestamp", missing=0.5)]
    table = project.table(columns, time="at", as_of="2025-01-02", unit={"function": "row"})
    assert table.frame["id"].tolist() == [1, 3]


def test_no_row_is_left(project: Project) -> None:
    hourly(project)
    failure = project.failure(COLUMNS, time="at", as_of="2020-01-01")
    assert failure.message == "none of 240 rows is from 2020-01-01 00:00:00+00:00 or before"
    assert failure.setting == "as_of"
    failure = project.failure(COLUMNS, time="at", sample=0.000001)
    assert (failure.message, failure.setting) == ("none of 240 rows is in a sample of 0.000%", "sample")
    failure = project.failure(COLUMNS, as_of="2020-01-01")
    assert failure.message == "`as_of` needs the time of the rows"


def test_a_sample_is_the_same_rows_whatever_else_there_is(project: Project) -> None:
    hourly(project, 2000)
    few = set(project.table(COLUMNS, sample=0.1).frame["id"])
    hourly(project, 4000)
    many = set(project.table(COLUMNS, sample=0.1).frame["id"])
    assert {one for one in many if one < 2000} == few
    assert few < set(project.table(COLUMNS, sample=0.3).frame["id"])
    assert abs(len(many) / 4000 - 0.1) < 0.02


def test_a_sample_says_nothing_of_the_split(project: Project) -> None:
    hourly(project, 4000)
    split = {"function": "random", "train": 0.5, "test": 0.5}
    table = project.table(COLUMNS, sample=0.5, split=split)
    assert abs(len(table.split("train")) / len(table) - 0.5) < 0.05


def test_units(project: Project) -> None:
    hourly(project)
    block = project.table(COLUMNS, time="at")
    assert (block.units.label, block.units.count) == ("block(7d)", 2)  # Monday 2025-01-06 begins another
    assert np.flatnonzero(np.diff(block.units.ids)).tolist() == [119]
    berlin = project.table(COLUMNS, time="at", zone="Pacific/Auckland", unit={"function": "block", "length": "1d"})
    assert berlin.units.count == 10
    assert project.table(COLUMNS).units.label == "row"
    assert project.table(COLUMNS).units.single_rows
    by_column = project.table([*COLUMNS], unit="id")
    assert (by_column.units.label, by_column.units.count) == ("id", 240)


def test_units_that_make_no_sense(project: Project) -> None:
    hourly(project)
    failure = project.failure(COLUMNS, unit={"function": "block", "length": "7d"})
    assert (failure.message, failure.setting) == ("`block` needs the time of the rows", "unit")
    failure = project.failure(COLUMNS, time="at", unit={"function": "block", "length": "1mo"})
    assert failure.message == "`block(1mo)` has no fixed length"
    project.write("rows.csv", "id,at\n1,2025-01-01\n2,\n")
    failure = project.failure([COLUMNS[0], column("at", "timestamp", missing=0.5)], time="at")
    assert "1 of 2 rows have no time" in failure.message
    assert failure.setting == "unit"


def test_pinned_rows_stay_what_they_are(project: Project) -> None:
    hourly(project)
    facts = project.run(COLUMNS, **PINNED).facts
    project.pins["rows"] = {"hash": facts["hash"], "rows": facts["rows"]}
    assert project.run(COLUMNS, **PINNED).facts == facts
    hourly(project, 241)
    failure = project.failure(COLUMNS, **PINNED)
    assert failure.message == "the rows of `rows` are not those that `mlops.lock` pins: 241 rows, pinned are 240"
    assert "delete the table of `rows` from `mlops.lock` and run again" in failure.hint
    assert failure.setting == "refresh"
    hourly(project)
    text = (project.folder / "rows.csv").read_text()
    project.write("rows.csv", text.replace("\n7,", "\n777,"))
    assert f"pinned is {facts['hash'][:12]}" in project.failure(COLUMNS, **PINNED).message
    assert project.run(COLUMNS).verdict is Verdict.OK  # without `pinned`, other rows are pinned anew


def test_the_same_rows_written_by_another_version_are_the_pinned_ones(project: Project) -> None:
    hourly(project)
    facts = project.run(COLUMNS, **PINNED).facts
    other = project.folder / "other.parquet"
    pq.write_table(pq.read_table(project.store.local_path(facts["hash"])), other, compression="gzip")
    pinned = project.store.put_object(other)
    assert pinned != facts["hash"]
    project.pins["rows"] = {"hash": pinned, "rows": facts["rows"]}
    assert project.run(COLUMNS, **PINNED).facts["hash"] == pinned
    assert project.records["rows"].outputs["rows"] == pinned
    project.pins["rows"] = {"hash": "0" * 64, "rows": facts["rows"]}
    assert "pinned is 000000000000" in project.failure(COLUMNS, **PINNED).message


ROLES = [
    column("id", "int", role="id"),
    column("name", "text", role="pii"),
    column("city", "category", role="pii"),
    column("age", "int", role="pii"),
    column("w", "float", role="weight"),
    column("g", "text", role="group"),
    column("known", "timestamp", role="label_time"),
    column("batch", "int", role="ignore"),
    column("later", "float", role="leak"),
    column("hour", "int", role="calendar"),
    column("at", "timestamp"),
    column("note", "text"),
    column("v", "vector", size=2),
    column("n", "int", missing=0.6),
    column("flag", "bool", missing=0.5),
    column("y", "float"),
]


def with_roles(project: Project) -> Table:
    line = '{i},ann,Oslo,{a},0.5,g{g},2025-02-01,1,9,3,2025-01-01,"hello, you","[1, 2]",{n},{f},{i}.5\n'
    rows = "".join(
        line.format(i=i, a=20 + i, g=i % 3, n=i if i % 2 else "", f=i % 2 if i % 3 else "") for i in range(9)
    )
    project.write("rows.csv", ",".join(one["name"] for one in ROLES) + "\n" + rows)
    return project.table(ROLES, target="y", key=["id"])


def test_what_a_model_may_see_follows_from_roles_and_types(project: Project) -> None:
    table = with_roles(project)
    assert table.inputs == ("name", "city", "age", "hour", "at", "note", "v", "n", "flag")
    assert table.features == ("age", "hour", "v", "n", "flag")  # personal data only as numbers
    assert table.weight == "w"
    assert table.weights is not None
    assert table.weights.tolist() == [0.5] * 9
    assert "batch" not in table.frame


def test_types_follow_from_the_declaration_and_not_from_the_rows(project: Project) -> None:
    table = with_roles(project)
    assert [str(table.frame[name].dtype) for name in ("n", "flag", "age")] == ["float64", "float64", "int64"]
    assert table.frame["flag"].tolist()[1:3] == [1.0, 0.0]
    assert pd.isna(table.frame["n"][0])
    project.write("full.csv", "n\n1\n2\n")
    full = project.table([column("n", "int", missing=0.5)], source={"function": "csv", "path": "full.csv"})
    assert str(full.frame["n"].dtype) == "float64"


def test_levels_come_in_the_declared_order(project: Project) -> None:
    project.write("rows.csv", "size,c\nM,b\nS,a\nM,c\n")
    frame = project.table([column("size", "category", values=["S", "M", "L"]), column("c", "category")]).frame
    assert frame["size"].cat.categories.tolist() == ["S", "M", "L"]
    assert frame["c"].cat.categories.tolist() == ["a", "b", "c"]


def test_a_key_of_one_column_only_names_the_row(project: Project) -> None:
    project.write("rows.csv", "shop,day,y\n1,1,2\n1,2,3\n2,1,4\n")
    columns = [column("shop", "int"), column("day", "int"), column("y", "int")]
    assert project.table(columns, target="y", key=["shop", "day"]).inputs == ("shop", "day")
    project.write("rows.csv", "shop,day,y\n1,1,2\n3,2,3\n2,1,4\n")
    assert project.table(columns, target="y", key=["shop"]).inputs == ("day",)


def test_the_profile_has_nothing_of_personal_data(project: Project) -> None:
    with_roles(project)
    profile = json.loads(project.store.get_object(project.records["rows"].outputs["profile"]))
    assert profile["rows"] == 9
    assert not {"name", "city", "age", "batch"} & set(profile["columns"])
    assert "ann" not in json.dumps(profile)
    assert "Oslo" not in json.dumps(profile)
    assert profile["columns"]["n"]["missing"] == 5
    assert (profile["columns"]["n"]["min"], profile["columns"]["n"]["max"]) == (1, 7)
    assert profile["columns"]["note"]["length"] == {"min": 10, "mean": 10.0, "max": 10}
    assert profile["columns"]["v"]["norm"]["mean"] == pytest.approx(5**0.5)
    assert profile["columns"]["at"]["min"] == "2025-01-01T00:00:00+00:00"


def test_profiles_of_odd_values(project: Project) -> None:
    project.write("rows.csv", "same,far,none,near\n7,-1e308,,9007199254740993\n7,1e308,,9007199254740994\n")
    columns = [
        column("same", "int"),
        column("far", "float"),
        column("none", "float", missing=1.0),
        column("near", "int"),
    ]
    profile = json.loads(project.run(columns).outputs["profile"])["columns"]
    assert sum(profile["same"]["histogram"]["counts"]) == 2
    assert profile["far"]["histogram"] is None
    assert profile["none"] == {"type": "float", "role": None, "missing": 2}
    assert (profile["near"]["min"], profile["near"]["max"]) == (9007199254740993, 9007199254740994)


def test_a_profile_names_the_most_frequent_levels(project: Project) -> None:
    rows = "".join(f"level {i // 2 if i < 160 else 0}\n" for i in range(200))
    project.write("rows.csv", "c\n" + rows)
    profile = json.loads(project.run([column("c", "category")]).outputs["profile"])["columns"]["c"]
    assert profile["distinct"] == 80
    assert len(profile["values"]) == 50
    assert next(iter(profile["values"].items())) == ("level 0", 42)
    assert profile["others"] == 200 - sum(profile["values"].values())
