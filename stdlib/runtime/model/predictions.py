"""What a model says of the rows of a table, as metrics take it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.metrics import AnyMetric, Predictions
from mlopsc.stdlib.runtime.model.fitting import target_values
from mlopsc.stdlib.runtime.model.model import LoadedModel


def predict_rows(model: LoadedModel, table: Table, metrics: Iterable[AnyMetric]) -> Predictions:
    """Predictions for rows that have a target, with scores where a metric needs them; raises ModelError."""
    predictions = Predictions(
        y=target_values(table),
        predicted=model.predict(table.frame),
        units=table.units,
        weights=table.weights,
        classes=model.classes or (),
    )
    if all(metric.needs == "predictions" for metric in metrics):
        return predictions
    scores = np.asarray(model.scores(table.frame), dtype=np.float64)
    return replace(
        predictions,
        scores=np.column_stack([-scores, scores]) if scores.ndim == 1 else scores,
        are_probabilities=model.steps.can("predict_proba"),
    )
