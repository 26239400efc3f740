"""Answers beside what turned out to be true, as metrics take them: held against scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as theirs

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.metrics import Metric
from mlopsc.stdlib.runtime.metrics import MetricError, measure
from mlopsc.stdlib.runtime.service.records import LogSchema
from mlopsc.stdlib.runtime.service.truth import predictions_of

ROWS = 200


def metric(word: str) -> Metric:
    return Metric.model_validate({"function": word, "on": "feedback"})


def answered(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows of a log with a class of two and its probability, beside the truth as booleans."""
    dice = np.random.default_rng(seed)
    share, truth = dice.uniform(0.05, 0.95, ROWS), dice.random(ROWS) < 0.4
    words = np.array(["false", "true"])
    frame = pd.DataFrame(
        {
            "y": words[truth.astype(int)],
            "prediction": words[(share > 0.5).astype(int)],
            "scores": [json.dumps({"false": 1 - one, "true": one}) for one in share],
        }
    )
    return frame, truth, share


def test_classes_and_probabilities_are_those_of_the_model() -> None:
    frame, truth, share = answered()
    found = predictions_of(frame, LogSchema((), "bool"))
    assert measure(metric("accuracy"), found) == pytest.approx(theirs.accuracy_score(truth, share > 0.5))
    assert measure(metric("log_loss"), found) == pytest.approx(theirs.log_loss(truth, share))
    assert measure(metric("brier"), found) == pytest.approx(theirs.brier_score_loss(truth, share))
    assert measure(metric("roc_auc"), found) == pytest.approx(theirs.roc_auc_score(truth, share))


def test_decision_values_are_not_taken_for_probabilities() -> None:
    frame, truth, share = answered()
    frame["scores"] = [json.dumps({"false": -one, "true": one}) for one in np.log(share / (1 - share))]
    found = predictions_of(frame, LogSchema((), "bool"))
    assert measure(metric("roc_auc"), found) == pytest.approx(theirs.roc_auc_score(truth, share))
    with pytest.raises(MetricError, match="`log_loss` needs probabilities"):
        measure(metric("log_loss"), found)


def test_a_class_that_was_never_predicted_counts_as_wrong() -> None:
    frame = pd.DataFrame({"y": ["a", "b", "c"], "prediction": ["a", "a", "b"], "scores": [None] * 3})
    assert measure(metric("accuracy"), predictions_of(frame, LogSchema((), "category"))) == pytest.approx(1 / 3)


def test_rows_weigh_what_they_say_and_else_1() -> None:
    weight = Column(name="w", type={"function": "float"}, role="weight")
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0], "prediction": [2.0, 2.0, 7.0], "x.w": [3.0, 5.0, np.nan]})
    found = predictions_of(frame, LogSchema((weight,), "float"))
    assert measure(metric("mae"), found) == pytest.approx((3 * 1 + 5 * 0 + 1 * 4) / 9)
