"""Batches in a table of a database: one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    Engine,
    MetaData,
    Table,
    Text,
    delete,
    exists,
    inspect,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import TypeEngine

from mlopsc.stdlib.runtime.data.database import open_database, told
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.score.batch import Batch

_INSERTS: Mapping[str, Callable[[Any], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_STAGED = "mlopsc_batch"
_AT_ONCE = 10_000


def require_database(connection: Mapping[str, Any], project: Path) -> Engine:
    """The database, not reached yet; raises StageFailure where there is none, or one that is not written to."""
    engine = open_database(connection, project, "into")
    if engine.dialect.name not in _INSERTS:
        fact = f"predictions go into SQLite or PostgreSQL, and this is `{engine.dialect.name}`"
        raise StageFailure(fact, "write them with `parquet(…)` and load them from there", setting="into")
    return engine


def write_table(batch: Batch, name: str, connection: Mapping[str, Any], project: Path) -> tuple[int, int]:
    """Bring a table to where it holds exactly this batch for its version and moment, in one transaction.

    Gives how many predictions are new or other ones, and how many went away. Raises StageFailure when the database
    cannot do it, or the table is another one.
    """
    engine = require_database(connection, project)
    schema, _, plain = name.rpartition(".")
    table = Table(plain, MetaData(), *_columns(batch), schema=schema or None)
    with told(engine, "into"):
        _require_table(engine, table)
        with closing(engine.connect().execution_options(writes=True)) as open_one, open_one.begin():
            staged = _stage(open_one, batch)
            return _merge(open_one, table, staged, batch), _remove_others(open_one, table, staged, batch)


def _columns(batch: Batch) -> list[Column[Any]]:
    return [
        Column(
            field.name,
            _type(field.type),
            primary_key=field.name in batch.identity,
            autoincrement=False,
            nullable=field.name not in batch.identity,
        )
        for field in batch.table.schema
    ]


def _type(kind: pa.DataType) -> TypeEngine[Any]:
    if pa.types.is_timestamp(kind):
        return DateTime(timezone=True)
    if pa.types.is_integer(kind):
        return BigInteger()
    if pa.types.is_floating(kind):
        return Double()
    if pa.types.is_boolean(kind):
        return Boolean()
    return Date() if pa.types.is_date(kind) else Text()


def _require_table(engine: Engine, table: Table) -> None:
    """Make the table if it is not there; raises StageFailure where it is there with other columns or another key."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(CreateTable(table, if_not_exists=True))
    found = inspect(engine)
    columns = {one["name"] for one in found.get_columns(table.name, table.schema)}
    if missing := [one.name for one in table.columns if one.name not in columns]:
        fact = f"the table `{table.fullname}` has no column `{missing[0]}`"
        raise StageFailure(fact, "name another table, or add the column", setting="into")
    wanted = [one.name for one in table.primary_key]
    if set(found.get_pk_constraint(table.name, table.schema)["constrained_columns"]) != set(wanted):
        fact = f"the primary key of the table `{table.fullname}` is not ({', '.join(wanted)})"
        raise StageFailure(fact, "name another table, or change its key", setting="into")


def _stage(connection: Connection, batch: Batch) -> Table:
    """The batch in a table that nobody else sees and that goes away by itself."""
    staged = Table(_STAGED, MetaData(), *_columns(batch), prefixes=["TEMPORARY"], postgresql_on_commit="DROP")
    connection.execute(CreateTable(staged))
    for part in batch.table.to_batches(_AT_ONCE):
        rows = [{name: _bound(value, connection) for name, value in row.items()} for row in part.to_pylist()]
        connection.execute(staged.insert(), rows)
    return staged


def _bound(value: Any, connection: Connection) -> Any:
    """A value as the database takes it: SQLite keeps times without an offset, here in UTC."""
    if isinstance(value, datetime) and connection.dialect.name == "sqlite":
        return value.replace(tzinfo=None)
    return value


def _merge(connection: Connection, table: Table, staged: Table, batch: Batch) -> int:
    """Add what is new and change what is another prediction; rows that are as they should be are not touched."""
    names = [one.name for one in staged.columns]
    values = [name for name in names if name not in batch.identity]
    chosen = select(staged).where(true()).order_by(*(staged.c[name] for name in batch.identity))
    added = _INSERTS[connection.dialect.name](table).from_select(names, chosen)
    differs = or_(*(table.c[name].is_distinct_from(added.excluded[name]) for name in values))
    changed = added.on_conflict_do_update(
        index_elements=[table.c[name] for name in batch.identity],
        set_={name: added.excluded[name] for name in values},
        where=differs,
    )
    return int(connection.execute(changed, execution_options={"preserve_rowcount": True}).rowcount)


def _remove_others(connection: Connection, table: Table, staged: Table, batch: Batch) -> int:
    """Take out what an earlier run wrote for this version and moment, of rows that are not there any more."""
    of_batch = (table.c["as_of"] == _bound(batch.as_of, connection), table.c["version"] == batch.version)
    is_here = exists().where(*(staged.c[name] == table.c[name] for name in batch.identity))
    return int(connection.execute(delete(table).where(*of_batch, ~is_here)).rowcount)
