"""Answers of which the truth is known, as metrics take them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.stdlib.runtime.metrics import Predictions
from mlopsc.stdlib.runtime.service.records import INPUT, LogSchema
from mlopsc.stdlib.runtime.statistics.units import Units, row_units


def predictions_of(labelled: pd.DataFrame, schema: LogSchema, units: Units | None = None) -> Predictions:
    """The rows of `ServiceLog.labelled` as predictions beside what is true; `units` are rows unless they are given.

    A row that says nothing of its weight counts as 1. Rows must have an answer (`status` ok).
    """
    units = units or row_units(len(labelled))
    weights = _weights(labelled, schema)
    if schema.is_regression:
        y, said = (labelled[name].to_numpy(np.float64) for name in ("y", "prediction"))
        return Predictions(y, said, units, weights)
    scores, classes = _scores(labelled)
    known = classes or tuple(sorted({*labelled["y"].dropna(), *labelled["prediction"].dropna()}))
    y, said = (_classes(labelled[name], schema) for name in ("y", "prediction"))
    return Predictions(
        y, said, units, weights, scores, _are_probabilities(scores), tuple(_class(one, schema) for one in known)
    )


def _weights(labelled: pd.DataFrame, schema: LogSchema) -> NDArray[np.float64] | None:
    name = next((f"{INPUT}{one.name}" for one in schema.columns if one.role == "weight"), None)
    if name is None or name not in labelled:
        return None
    return np.asarray(labelled[name].astype(np.float64).fillna(1.0), dtype=np.float64)


def _scores(labelled: pd.DataFrame) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """Probabilities, (rows, classes), and the classes; None where any row has none."""
    if not len(labelled) or labelled["scores"].isna().any():
        return None, ()
    read: list[dict[str, float]] = [json.loads(text) for text in labelled["scores"]]
    classes = tuple(sorted({name for one in read for name in one}))
    return np.array([[one.get(name, 0.0) for name in classes] for one in read], dtype=np.float64), classes


def _are_probabilities(scores: NDArray[np.float64] | None) -> bool:
    """Whether scores can be probabilities; an estimator without any gives decision values."""
    return scores is None or bool((scores >= 0).all() and np.allclose(scores.sum(axis=1), 1.0))


def _classes(values: pd.Series[Any], schema: LogSchema) -> NDArray[Any]:
    if schema.target == "bool":
        return np.asarray(values == "true", dtype=np.bool_)
    return values.to_numpy(dtype=object)


def _class(name: str, schema: LogSchema) -> Any:
    return name == "true" if schema.target == "bool" else name
