"""`score` stages: predictions for many rows at once, on a schedule."""

from typing import Annotated, Any

from mlopsc.compiler.schema.declarations import Function, StageKind, Verb, setting
from mlopsc.compiler.schema.types import FilePath, FunctionOf, Positive, StageRef, Written
from mlopsc.stdlib import compute  # noqa: F401 (where its stages can run)
from mlopsc.stdlib.data import Check, Secret


class Sink(Function, family="place for predictions"):
    """Where predictions are written."""


class ParquetSink(Sink, word="parquet"):
    """A folder of Parquet files, one for each batch: a moment and a version of the model."""

    path: Annotated[str, FilePath(must_exist=False)] = setting(
        "A folder or URL, relative to the spec.", ..., min_length=1
    )


class SqlSink(Sink, word="sql"):
    """A table of a SQLite or PostgreSQL database, made if it is not there; extra `[sql]`.

    Its primary key is the key of the rows, with `as_of` and `version`.
    """

    table: str = setting("The table; `schema.table` where it is not in the usual schema.", ..., min_length=1)
    connection: Annotated[Any, FunctionOf(Secret)] = setting("The connection's URL, as a secret.", ...)


class Score(
    StageKind,
    word="score",
    data_through=("data",),
    data_needs=("key",),
    reads=(("model", "data"),),
    predicts="model",
):
    """Batch predictions: rows in, rows with a prediction and the model's version out; running twice changes nothing.

    What is written is the key of each row, `prediction`, its `probability`, `version` and `as_of`.
    """

    model: Annotated[str, StageRef(("train", "release"))] = setting(
        "Whose model predicts: the one that a release serves, or the newest of a train stage that passed its gate.", ...
    )
    data: Annotated[str, StageRef(("data",))] = setting("The rows to predict for.", ...)
    into: Annotated[Sink, Written()] = setting("Where predictions are written.", ParquetSink(path="predictions/"))
    every: Positive | None = setting("How often.")


class CheckScore(Verb, word="check", kinds=("score",), subjects=(Check,)):
    """What must be true of the rows and their `prediction` before anything is written."""
