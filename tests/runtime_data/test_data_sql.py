"""Rows of a query, from SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from data_stages import BIKE, Project, column
from databases import ask, database, postgres  # noqa: F401 (fixtures)

SECRET = {"function": "secret", "name": "DB_URL"}
COLUMNS = [
    column("at", "timestamp"),
    column("hr", "int"),
    column("workingday", "bool"),
    column("weathersit", "category"),
    column("temp", "float"),
    column("bikers", "int", missing=0.5),
]


def sql(query: str) -> dict[str, Any]:
    return {"function": "sql", "query": query, "connection": SECRET}


@pytest.fixture
def filled(database: str) -> str:  # noqa: F811 (the fixture)
    """A database with the rides of 2011."""
    from sqlalchemy import create_engine

    rows = pd.read_csv(BIKE / "data" / "bikeshare.csv")
    at = pd.Timestamp("2011-01-01") + pd.to_timedelta(rows["day"] - 1, unit="D") + pd.to_timedelta(rows["hr"], unit="h")
    engine = create_engine(database)
    rows.assign(at=at, workingday=rows["workingday"] == 1).to_sql("rides", engine, index=False)
    engine.dispose()
    return database


def test_rows_of_a_query_are_typed_by_the_schema(project: Project, filled: str) -> None:
    assert filled
    query = "select at, hr, workingday, weathersit, temp, nullif(bikers, 1) as bikers from rides order by at"
    table = project.table(COLUMNS, time="at", source=sql(query), unit={"function": "row"})
    rows = pd.read_csv(BIKE / "data" / "bikeshare.csv")
    assert len(table) == 8645
    assert table.frame["temp"].tolist() == rows["temp"].tolist()
    assert table.frame["workingday"].tolist() == (rows["workingday"] == 1).tolist()
    assert table.frame["bikers"].isna().sum() == (rows["bikers"] == 1).sum()
    assert str(table.frame["at"].iloc[-1]) == "2011-12-31 23:00:00+00:00"


def test_as_of_cuts_the_rows_of_a_query(project: Project, filled: str) -> None:
    assert filled
    source = sql("select * from rides")
    table = project.table(COLUMNS, time="at", source=source, as_of="2011-02-01", unit={"function": "row"})
    assert str(table.frame["at"].max()) == "2011-02-01 00:00:00+00:00"


def test_as_of_cuts_the_rows_of_files_and_functions_and_of_other_stages(project: Project) -> None:
    rows = pd.DataFrame({"at": pd.date_range("2025-01-01", periods=240, freq="h"), "id": range(240)})
    rows.to_csv(project.folder / "rows.csv", index=False)
    rows.to_parquet(project.folder / "rows.parquet")
    where = str(project.folder / "rows.parquet")
    project.write("reading.py", f"import pandas as pd\n\ndef rows():\n    return pd.read_parquet({where!r})\n")
    columns = [column("at", "timestamp"), column("id", "int")]
    for source in (
        {"function": "csv", "path": "rows.csv"},
        {"function": "parquet", "path": "rows.parquet"},
        {"function": "python", "name": "reading.py:rows"},
    ):
        table = project.table(columns, time="at", source=source, as_of="2025-01-03T06:00", unit={"function": "row"})
        assert table.frame["id"].tolist() == [*range(55)]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from nowhere", "nowhere"),
        ("select at from rides where", "the database says:"),
        ("select * from rides where hr > 99", "the query gives no rows"),
        ("select hr as at, hr as at from rides", "the query gives two columns named `at`"),
        ("update rides set hr = 0", "the query gives no rows"),
    ],
)
def test_a_query_that_gives_no_rows_to_use(project: Project, filled: str, query: str, told: str) -> None:
    failure = project.failure(COLUMNS, source=sql(query))
    assert told in failure.message
    assert "geheim" not in failure.message + failure.hint + failure.details
    assert ask(filled, "select count(*) from rides where hr = 0")[0][0] != 8645


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (None, "the environment variable `DB_URL` is not set"),
        ("geheim", "the environment variable `DB_URL` holds no URL of a database"),
        ("oracul://user:geheim@host/name", "the environment variable `DB_URL` holds no URL of a database"),
        ("postgresql+psycopg://user:geheim@127.0.0.1:1/name", "the database says: connection failed"),
        ("sqlite:///missing.db", "the SQLite database of `DB_URL` is not there"),
        ("mysql+pymysql://user:geheim@host/name", "the driver of `DB_URL` is not installed"),
    ],
)
def test_a_database_that_is_not_there(
    project: Project, monkeypatch: pytest.MonkeyPatch, url: str | None, told: str
) -> None:
    monkeypatch.delenv("DB_URL", raising=False)
    if url:
        monkeypatch.setenv("DB_URL", url)
    failure = project.failure(COLUMNS, source=sql("select 1"))
    assert failure.message.startswith(told)
    assert "geheim" not in failure.message + failure.hint + failure.details
    assert not (project.folder / "missing.db").exists()


def test_the_secret_is_nowhere_in_what_is_kept(project: Project, filled: str) -> None:
    record = project.run(COLUMNS, source=sql("select * from rides"))
    assert record.facts["source"] == {"kind": "sql", "query": "select * from rides"}
    kept = [path for path in Path(project.folder).rglob("*") if path.is_file() and path.suffix != ".db"]
    assert kept
    assert not [path for path in kept if filled.encode() in path.read_bytes()]
