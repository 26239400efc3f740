"""`score` stages: predictions for many rows at once, on a schedule."""

from typing import Annotated

from mlopsc.compiler.schema.declarations import StageKind, Verb, setting
from mlopsc.compiler.schema.types import Positive, StageRef, Written
from mlopsc.stdlib.data import Check, Parquet, Source


class Score(StageKind, word="score", data_through=("data",), reads=(("model", "data"),)):
    """Batch predictions: rows in, rows with a prediction and the model's version out; running twice changes nothing."""

    model: Annotated[str, StageRef(("train", "release"))] = setting("Whose model predicts.", ...)
    data: Annotated[str, StageRef(("data",))] = setting("The rows to predict for.", ...)
    into: Annotated[Source, Written()] = setting("Where predictions are written.", Parquet(path="predictions/"))
    every: Positive | None = setting("How often.")


class CheckScore(Verb, word="check", kinds=("score",), subjects=(Check,)):
    """What must be true of the predictions before they are written."""
