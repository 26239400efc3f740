"""What routers write is what everyone else reads: every row once, in its type, and nothing personal."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from logged import DAY, NOON, Deploy, FaultyStore, answer, document, told

from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.service.reading import ServiceLog
from mlopsc.stdlib.runtime.service.records import log_schema
from mlopsc.stdlib.runtime.service.writing import LogWriter, Row


def write(deployment: Deployment, *rows: Row) -> LogWriter:
    """A writer that has written these rows and was closed."""
    writer = LogWriter(deployment)
    writer.add(rows)
    assert writer.close() == 0
    return writer


def seconds(frame: pd.DataFrame) -> list[float]:
    return [time.timestamp() for time in frame["time"]]


def test_rows_come_back_as_they_were_given(deploy: Deploy, location: str) -> None:
    deployment = deploy(at=location)
    rows = [
        answer("a", NOON + 0.25, sequence=7, version=3, scores=None, unit="u1", row="booking 1"),
        answer("a", NOON + 0.5, version=4, role="shadow", prediction=np.float64(29), unit="u1", row="booking 1"),
        answer("b", NOON + 1, status="error", prediction=None, seconds=np.float32(0.5), inputs={"hr": 3}),
    ]
    write(deployment, *rows)
    frame = ServiceLog(deployment).requests(NOON, NOON + 60)
    assert seconds(frame) == [NOON + 0.25, NOON + 0.5, NOON + 1]
    told_of = frame.drop(columns=["time", "x.at"]).astype(object)
    assert told_of.where(told_of.notna(), None).to_dict("records") == [
        {
            "id": row.id,
            "row": row.row,
            "unit": row.unit,
            "sequence": row.sequence,
            "version": row.version,
            "role": row.role,
            "status": row.status,
            "seconds": float(row.seconds),
            "prediction": row.prediction,
            "scores": None,
            "x.hr": row.inputs["hr"],
            "x.temp": row.inputs.get("temp"),
        }
        for row in rows
    ]
    assert frame["x.at"].tolist() == [pd.Timestamp("2025-03-03 12:00", tz="UTC")] * 2 + [pd.NaT]


def test_columns_have_the_types_of_a_data_stage(deploy: Deploy) -> None:
    deployment = deploy("crm")
    inputs = {"customer": "c1", "email": "ada@example.com", "age": 41, "plan": "basic", "refund": 3.0}
    dates = {"since": "2024-02-29", "minutes": "12.5"}
    scores = {"true": 0.25, "false": np.float64(0.75)}
    row = answer("a", prediction=np.bool_(False), scores=scores, inputs={**inputs, **dates}, unit="u")
    write(deployment, row, told("a", 1))
    frame = ServiceLog(deployment).labelled(NOON, NOON + 1)
    assert (frame.at[0, "prediction"], frame.at[0, "y"]) == ("false", "true")
    assert json.loads(frame.at[0, "scores"]) == {"true": 0.25, "false": 0.75}
    kinds = frame.dtypes.astype(str).to_dict()
    assert {name: kinds[name] for name in kinds if name.startswith("x.")} == {
        "x.plan": "category",
        "x.minutes": "float64",
        "x.since": "datetime64[us]",
    }
    assert (kinds["time"], kinds["y_time"]) == ("datetime64[us, UTC]",) * 2
    assert frame.at[0, "x.since"] == pd.Timestamp("2024-02-29")


def test_nothing_personal_and_no_key_reaches_the_store(deploy: Deploy, tmp_path: Path) -> None:
    deployment = deploy("crm")
    personal = {"customer": "customer-4711", "email": "ada@example.com", "age": 12_345, "phone": "0170-1234"}
    write(deployment, *(answer(str(i), inputs={**personal, "plan": "basic"}, unit="u") for i in range(50)))
    (file,) = (tmp_path / "store" / "log").rglob("*.parquet")
    table = pq.read_table(file)
    everything = f"{table.schema.names} {table.schema.metadata} {table.to_pylist()}"
    assert "basic" in everything
    assert not [value for value in personal.values() if str(value) in everything]
    assert not [name for name in (*personal, "refund", "left") if f"x.{name}" in table.column_names]


def test_an_empty_log_has_all_columns(deploy: Deploy) -> None:
    log = ServiceLog(deploy())
    wanted = list(log.schema.requests.names)
    for since, until in ((NOON, NOON + 60), (0.0, math.inf), (NOON, NOON)):
        assert list(log.requests(since, until).columns) == wanted
        assert list(log.feedback(since, until).columns) == ["id", "y", "time"]
        assert list(log.labelled(since, until).columns) == [*wanted, "y", "y_time"]
    assert log.instances() == {}
    assert log.gaps(0.0, math.inf) == []


def test_windows_are_half_open_and_cross_days(deploy: Deploy, location: str) -> None:
    deployment = deploy(at=location)
    midnight = NOON + DAY / 2
    write(deployment, *(answer(f"{hour}", midnight + 3_600 * hour) for hour in range(-30, 31)))
    log = ServiceLog(deployment)
    assert list(log.requests(midnight - 3_600, midnight + 3_600)["id"]) == ["-1", "0"]
    assert len(log.requests(midnight - 30 * 3_600, midnight + 30 * 3_600)) == 60
    assert len(log.requests(0.0, math.inf)) == 61
    assert list(log.requests(midnight - 1e-6, midnight + 1e-6)["id"]) == ["0"]


def test_the_first_that_is_told_of_a_prediction_counts(deploy: Deploy) -> None:
    deployment = deploy()
    write(deployment, answer("a"), answer("b", NOON + 1), answer("c", NOON + 2), told("a", 5, NOON + 90))
    write(deployment, told("a", 3, NOON + 30), told("b", 8, NOON + 40 * DAY), told("z", 1))
    log = ServiceLog(deployment)
    assert log.labelled(NOON, NOON + 60)[["id", "y"]].to_numpy().tolist() == [["a", 3.0], ["b", 8.0]]
    frame = log.feedback(NOON, NOON + DAY)
    assert frame[["id", "y"]].to_numpy().tolist() == [["a", 3.0], ["z", 1.0]]
    assert seconds(frame) == [NOON + 30, NOON + 60]


def test_shadows_get_the_truth_of_what_was_served(deploy: Deploy) -> None:
    deployment = deploy()
    write(deployment, answer("a"), answer("a", version=2, role="shadow", prediction=30), told("a", 4))
    frame = ServiceLog(deployment).labelled(NOON, NOON + 1)
    assert sorted(zip(frame["version"], frame["prediction"], frame["y"], strict=True)) == [(1, 31.5, 4), (2, 30, 4)]


def test_each_file_is_read_once(deploy: Deploy) -> None:
    deployment = deploy()
    counted = FaultyStore(deployment.store)
    log = ServiceLog(replace(deployment, store=counted))
    writer = LogWriter(deployment)
    for place in range(6):
        writer.add([answer(f"{place}", NOON + place)])
        assert writer.flush()
        assert len(log.requests(NOON, NOON + 60)) == place + 1
    writer.close()
    read = [asked for asked in counted.asked if asked.startswith("get")]
    assert len(read) == len(set(read)) == 6
    counted.asked.clear()
    log.requests(NOON, NOON + 60)
    assert counted.asked == [f"list {deployment.requests}/date=2025-03-03"]


def test_pairs_stay_together_in_a_sample(deploy: Deploy) -> None:
    deployment = deploy(log={"function": "log", "sample": 0.3})
    ids = [f"{i:040x}" for i in range(2_000)]
    served = [answer(one) for one in ids]
    writer = LogWriter(deployment)
    writer.add(served)
    writer.add(replace(row, version=2, role="shadow", status="error") for row in served)
    writer.add(told(one, 1) for one in ids)
    writer.close()
    frame = ServiceLog(deployment).labelled(NOON, NOON + 1)
    kept = set(frame["id"])
    assert abs(len(kept) - 600) < 4 * math.sqrt(2_000 * 0.21)
    assert len(frame) == 2 * len(kept)
    assert writer.heartbeat.rows_written == 2 * len(kept)
    assert writer.heartbeat.feedback_written == len(kept)


def test_a_value_that_is_not_of_its_type_is_missing_and_loses_no_other(deploy: Deploy) -> None:
    deployment = deploy()
    odd: list[dict[str, Any]] = [
        {"hr": 3, "temp": "warm"},
        {"hr": 2.5, "temp": 0.25},
        {"hr": 1 << 80, "temp": math.inf, "at": "junk"},
        {"hr": "7", "temp": np.float32(0.5), "at": pd.Timestamp("2025-03-03 12:00", tz="Europe/Berlin")},
        {"hr": [1], "temp": None, "at": pd.NaT},
    ]
    write(deployment, *(answer(f"{i}", NOON + i, inputs=one) for i, one in enumerate(odd)))
    frame = ServiceLog(deployment).requests(NOON, NOON + 60)
    assert frame["x.hr"].fillna(-1).tolist() == [3, -1, -1, 7, -1]
    assert frame["x.temp"].fillna(-1).tolist() == [-1, 0.25, -1, 0.5, -1]
    assert frame["x.at"].dropna().tolist() == [pd.Timestamp("2025-03-03 11:00", tz="UTC")]


def test_a_row_that_cannot_be_stored_is_lost_alone_and_counted(deploy: Deploy) -> None:
    deployment = deploy()
    rows = [answer(f"{i}", NOON + i) for i in range(100)]
    rows[57] = replace(rows[57], row="\ud800")
    writer = write(deployment, *rows)
    assert (writer.heartbeat.rows_written, writer.heartbeat.rows_lost) == (99, 1)
    log = ServiceLog(deployment)
    assert "57" not in set(log.requests(NOON, NOON + 200)["id"])
    (gap,) = log.gaps(NOON, NOON + 200)
    assert gap.start == NOON + 57
    assert gap.reason.startswith("1 row")


def test_text_that_is_no_unicode_is_missing(deploy: Deploy) -> None:
    deployment = deploy("crm")
    write(deployment, *(answer(plan, inputs={"plan": plan}, prediction=True) for plan in ("basic", "pro")))
    write(deployment, answer("x", NOON + 1, inputs={"plan": "\ud800"}, prediction="\udfff"))
    frame = ServiceLog(deployment).requests(NOON, NOON + 60)
    assert frame["x.plan"].isna().tolist() == [False, False, True]
    assert frame["prediction"].isna().tolist() == [False, False, True]


def test_a_log_of_an_older_spec_is_read(deploy: Deploy, tmp_path: Path) -> None:
    write(deploy(), answer("a", inputs={"hr": 12, "temp": 0.5}))
    changed = document("store")
    columns = changed["stages"][0]["columns"]
    columns[1]["type"] = {"function": "float"}
    columns[2]["name"] = "wind"
    changed["stages"][0]["columns"] = [*columns, {"name": "holiday", "type": {"function": "bool"}}]
    newer = open_deployment(changed, tmp_path, "api")
    write(newer, answer("b", NOON + 1, inputs={"hr": 7.5, "wind": 0.1, "holiday": True}))
    frame = ServiceLog(newer).requests(NOON, NOON + 60)
    assert list(frame["x.hr"]) == [12.0, 7.5]
    assert frame[["x.wind", "x.holiday"]].isna().to_numpy().tolist() == [[True, True], [False, False]]
    assert "x.temp" not in frame


@pytest.mark.parametrize("damage", [b"", b"PAR1 half a file"])
def test_a_damaged_file_is_a_gap_and_no_end(deploy: Deploy, tmp_path: Path, damage: bytes) -> None:
    deployment = deploy()
    broken = write(deployment, answer("a"))
    write(deployment, answer("b"))
    (file,) = (tmp_path / "store" / "log").rglob(f"instance={broken.instance}/*.parquet")
    file.unlink()
    file.write_bytes(damage)
    log = ServiceLog(deployment)
    assert list(log.requests(NOON, NOON + 60)["id"]) == ["b"]
    (gap,) = log.gaps(NOON, NOON + 60)
    assert (gap.instance, gap.start, gap.end) == (broken.instance, NOON, NOON + 60)
    assert "is damaged" in gap.reason
    assert log.gaps(NOON + DAY, NOON + 2 * DAY) == []


def test_labels_are_told_what_they_cannot_be(deploy: Deploy) -> None:
    number, truth = log_schema(deploy()), log_schema(deploy("crm"))
    assert (number.label(np.int64(3)), number.label("2.5")) == (3.0, 2.5)
    assert [truth.label(one) for one in (True, 0, "true", np.bool_(False), 1.0)] == [
        "true",
        "false",
        "true",
        "false",
        "true",
    ]
    for schema, wrong in ((number, "many"), (number, math.nan), (number, [1]), (truth, "maybe"), (truth, 2)):
        with pytest.raises((TypeError, ValueError)):
            schema.label(wrong)
