"""Batches in files and tables: whole or not at all, the same twice, and nothing of another batch touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databases import ask
from scoring_projects import EXAMPLE

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.data import Data
from mlopsc.stdlib.runtime.data.declared import DataStage
from mlopsc.stdlib.runtime.data.snapshot import RowSet
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.score.batch import Batch, Scored, as_of, hold, read_rows
from mlopsc.stdlib.runtime.score.database import write_table
from mlopsc.stdlib.runtime.score.files import write_file
from mlopsc.stdlib.runtime.store.faults import OperationError

AT = datetime(2011, 12, 31, 23, tzinfo=UTC)
SECRET = {"function": "secret", "name": "DB_URL"}


def a_batch(rows: int = 8645, version: int = 1, at: datetime = AT, **changed: pa.Array) -> Batch:
    """The riders of each hour as if a model had said so; the key has a time and a text."""
    bikes = pd.read_csv(EXAMPLE / "data" / "bikeshare.csv").head(rows)
    hours = pd.Timestamp("2011-01-01", tz="UTC") + pd.to_timedelta((bikes["day"] - 1) * 24 + bikes["hr"], unit="h")
    columns = {
        "at": pa.array(hours).cast(pa.timestamp("us", "UTC")),
        "station": pa.array([f"Platz der Einheit {hour}" for hour in bikes["hr"]]),
        "prediction": pa.array(bikes["bikers"].astype(float)),
        "version": pa.array(np.full(len(bikes), version)),
        "as_of": pa.array([at] * len(bikes), pa.timestamp("us", "UTC")),
    }
    return Batch("nightly", ("at", "station"), version, at, pa.table({**columns, **changed}))


def test_a_table_holds_a_batch_once(database: str, tmp_path: Path) -> None:
    batch = a_batch()
    assert write_table(batch, "predictions", SECRET, tmp_path) == (8645, 0)
    assert write_table(batch, "predictions", SECRET, tmp_path) == (0, 0)
    said = ask(database, "select count(*), sum(prediction), min(station), max(version) from predictions")
    assert said == [(8645, pytest.approx(batch.table["prediction"].to_pandas().sum()), "Platz der Einheit 0", 1)]
    first = ask(database, "select at from predictions order by at limit 1")[0][0]
    assert str(first).startswith("2011-01-01 00:00:00")


def test_only_what_differs_is_changed_and_only_in_this_batch(database: str, tmp_path: Path) -> None:
    write_table(a_batch(100), "predictions", SECRET, tmp_path)
    write_table(a_batch(100, at=datetime(2012, 1, 1, tzinfo=UTC)), "predictions", SECRET, tmp_path)
    write_table(a_batch(100, version=2), "predictions", SECRET, tmp_path)
    ask(database, "update predictions set prediction = 0.5 where version = 1 and station = 'Platz der Einheit 3'")
    ask(database, "update predictions set prediction = null where version = 1 and station = 'Platz der Einheit 4'")
    hours = pd.read_csv(EXAMPLE / "data" / "bikeshare.csv").head(100)["hr"]
    assert write_table(a_batch(100), "predictions", SECRET, tmp_path) == (int(hours.isin([3, 4]).sum()), 0)
    # Ten rows are no more: what an earlier run said of them goes, of this version and moment alone.
    assert write_table(a_batch(90), "predictions", SECRET, tmp_path) == (0, 10)
    counted = "select version, count(*) from predictions group by version order by version"
    assert ask(database, counted) == [(1, 190), (2, 100)]
    changed = ask(database, "select count(*) from predictions where prediction = 0.5")
    assert changed == [(int(hours.isin([3]).sum()),)]


def test_another_table_of_that_name_is_left_alone(database: str, tmp_path: Path) -> None:
    ask(database, "create table predictions (at timestamp primary key, prediction float)")
    with pytest.raises(StageFailure, match="the table `predictions` has no column `station`"):
        write_table(a_batch(10), "predictions", SECRET, tmp_path)
    ask(database, "create table other (at timestamp, station text, prediction float, version int, as_of timestamp)")
    with pytest.raises(StageFailure, match=r"is not \(at, station, version, as_of\)"):
        write_table(a_batch(10), "other", SECRET, tmp_path)
    assert ask(database, "select count(*) from other") == [(0,)]


def test_a_batch_that_breaks_off_leaves_nothing(database: str, tmp_path: Path) -> None:
    write_table(a_batch(50), "predictions", SECRET, tmp_path)
    odd = a_batch(100, prediction=pa.array([0.5] * 98 + [0.25] * 2))
    ask(database, "create unique index few on predictions (prediction, as_of) where prediction = 0.25")
    before = ask(database, "select * from predictions order by at")
    with pytest.raises(StageFailure, match="the database says:") as raised:
        write_table(odd, "predictions", SECRET, tmp_path)
    assert "geheim" not in str(raised.value) + raised.value.hint
    assert ask(database, "select * from predictions order by at") == before


KILLED = """\
import os, sys, time
from pathlib import Path
sys.path[:0] = {paths!r}
from test_batches import SECRET, a_batch
from mlopsc.stdlib.runtime.score import database, files

def wait(*_):
    print("half", flush=True)
    time.sleep(600)

if {into!r} == "table":
    database._remove_others = wait
    database.write_table(a_batch(8645), "predictions", SECRET, Path("."))
else:
    Path.replace = wait
    files.write_file(a_batch(8645), "predictions", Path("."))
"""


def kill_halfway(into: str, folder: Path) -> None:
    """Begin to write 8,645 predictions, and kill the writer with all of them staged."""
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    code = KILLED.format(paths=paths, into=into)
    writer = subprocess.Popen([sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"half\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()


def test_a_killed_writer_leaves_no_half_batch_in_a_table(database: str, tmp_path: Path) -> None:
    write_table(a_batch(100, version=7), "predictions", SECRET, tmp_path)
    before = ask(database, "select * from predictions order by at")
    kill_halfway("table", tmp_path)
    assert ask(database, "select * from predictions order by at") == before
    assert write_table(a_batch(8645), "predictions", SECRET, tmp_path) == (8645, 0)


def test_a_killed_writer_leaves_no_half_file(tmp_path: Path) -> None:
    write_file(a_batch(100, version=7), "predictions", tmp_path)
    kill_halfway("file", tmp_path)
    (left,) = (tmp_path / "predictions").glob(".*")
    assert len(pd.read_parquet(tmp_path / "predictions")) == 100
    os.utime(left, (0, 0))
    place, changed = write_file(a_batch(8645), "predictions", tmp_path)
    assert changed == 8645
    assert pq.read_table(tmp_path / place).num_rows == 8645
    assert not [*(tmp_path / "predictions").glob(".*")]


def test_two_writers_at_once_agree(database: str, tmp_path: Path) -> None:
    assert database
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    code = (
        f"import sys; sys.path[:0] = {paths!r}\nfrom pathlib import Path\nfrom test_batches import SECRET, a_batch\n"
        "from mlopsc.stdlib.runtime.score.database import write_table\n"
        "print(write_table(a_batch(4000), 'predictions', SECRET, Path('.'))[0])"
    )
    write_table(a_batch(10), "predictions", SECRET, tmp_path)
    writers = [subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE) for _ in range(2)]
    said = sorted(int(writer.communicate()[0]) for writer in writers)
    assert said == [0, 3990]
    assert ask(database, "select count(*) from predictions") == [(4000,)]


def test_a_file_of_another_moment_stays(tmp_path: Path) -> None:
    write_file(a_batch(20), "predictions/", tmp_path)
    write_file(a_batch(30, at=datetime(2011, 12, 31, 23, 0, 0, 5, tzinfo=UTC)), "predictions/", tmp_path)
    write_file(a_batch(40, version=2), "predictions/", tmp_path)
    assert len(pd.read_parquet(tmp_path / "predictions")) == 90
    assert write_file(a_batch(40, version=2), "predictions/", tmp_path)[1] == 0


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "predictions").write_text("a file")
    with pytest.raises(OperationError, match="cannot be written"):
        write_file(a_batch(20), "predictions", tmp_path)
    with pytest.raises(OperationError, match="cannot be written"):
        write_file(a_batch(20), "nowhere://predictions", tmp_path)


def test_an_object_store_gets_each_batch_once(tmp_path: Path) -> None:
    place, changed = write_file(a_batch(20), "memory://bucket/predictions", tmp_path)
    assert (place, changed) == ("memory://bucket/predictions/nightly.2011-12-31T230000Z.v1.parquet", 20)
    assert write_file(a_batch(20), "memory://bucket/predictions", tmp_path) == (place, 0)
    assert len(pd.read_parquet(place)) == 20


def rows_of(values: dict[str, pa.Array], key: tuple[str, ...], **settings: object) -> tuple[DataStage, RowSet]:
    table = pa.table(values)
    words = {"timestamp": "timestamp", "double": "float", "string": "text", "list": "vector"}
    columns = tuple(
        Column(name=name, type={"function": next(word for start, word in words.items() if str(kind).startswith(start))})
        for name, kind in zip(table.column_names, table.schema.types, strict=True)
    )
    stage = DataStage("latest", Data.model_validate({"key": list(key), **settings}), columns, ())
    return stage, RowSet(table, table.to_pandas())


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"station": pa.array(["a", None])}, "the key `station` is missing in some rows"),
        ({"version": pa.array(["a", "b"])}, "the key has a column `version`, which predictions have too"),
        ({"place": pa.array([[1.0], [2.0]])}, "the key `place` is a vector"),
    ],
)
def test_a_key_that_names_no_prediction(tmp_path: Path, values: dict[str, pa.Array], told: str) -> None:
    stage, rows = rows_of(values, tuple(values))
    pq.write_table(rows.table, tmp_path / "rows.parquet")
    with pytest.raises(StageFailure, match=told):
        read_rows(stage, tmp_path / "rows.parquet")


def test_predictions_that_are_no_numbers_are_shown_with_their_rows(tmp_path: Path) -> None:
    stage, rows = rows_of({"station": pa.array(["a", "b", "c"])}, ("station",))
    said = pa.table({"prediction": pa.array([1.0, float("nan"), float("inf")])})
    (message,) = hold(Scored(stage, rows, RowSet(said, said.to_pandas())), (), tmp_path)
    assert message.text.startswith("the model predicts no finite number for 2 of 3 rows\n  row 2:")
    fine = pa.table({"prediction": pa.array([1.0, 2.0, 3.0])})
    assert hold(Scored(stage, rows, RowSet(fine, fine.to_pandas())), (), tmp_path) == []


def test_the_moment_of_rows_without_a_time_is_the_day_in_their_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlopsc.stdlib.runtime import clock

    stage, rows = rows_of({"station": pa.array(["a"])}, ("station",), zone="Europe/Berlin")
    clock.set_clock(tmp_path / "clock", datetime(2025, 7, 1, 23, 30, tzinfo=UTC).timestamp())
    monkeypatch.setenv(clock.VARIABLE, str(tmp_path / "clock"))
    assert as_of(stage, rows) == datetime(2025, 7, 1, 22, tzinfo=UTC)
    dated = replace(stage, settings=Data.model_validate({"as_of": "2025-01-01", "zone": "Europe/Berlin"}))
    assert as_of(dated, rows) == datetime(2024, 12, 31, 23, tzinfo=UTC)
