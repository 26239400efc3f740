"""Where a batch goes: each sink puts all of it in place, or nothing, and nothing again when it is there already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlopsc.stdlib.runtime.score.batch import Batch
from mlopsc.stdlib.runtime.score.database import require_database, write_table
from mlopsc.stdlib.runtime.score.files import write_file
from mlopsc.stdlib.score import ParquetSink, Sink, SqlSink


@dataclass(frozen=True)
class Put:
    """What writing did: where the batch is, how many predictions are new or other ones, how many went away."""

    place: str
    changed: int
    removed: int = 0


def require_sink(sink: Sink, project: Path) -> None:
    """That a batch could be written; raises OperationError where no secret or driver leads to the database."""
    if isinstance(sink, SqlSink):
        require_database(sink.connection, project)


def put(batch: Batch, sink: Sink, project: Path) -> Put:
    """Write a batch; raises OperationError, and then nothing of it is there."""
    match sink:
        case ParquetSink(path=path):
            return Put(*write_file(batch, path, project))
        case SqlSink(table=table, connection=connection):
            return Put(f"table {table}", *write_table(batch, table, connection, project))
        case _:
            raise TypeError(f"no writer for {sink!r}")
