"""Every metric that runs, held against scikit-learn's, on real predictions, with and without weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as theirs
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from mlopsc.stdlib import metrics as declared
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.metrics import MetricError, Predictions, evidence, measure, read_metric
from mlopsc.stdlib.runtime.statistics.inputs import RowLosses
from mlopsc.stdlib.runtime.statistics.units import row_units

Scored = Callable[..., float]
WEIGHTED = pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])


def halves(size: int) -> tuple[NDArray[Any], NDArray[Any]]:
    order = np.random.default_rng(3).permutation(size)
    return order[: size // 2], order[size // 2 :]


def weights_of(size: int, weighted: bool) -> NDArray[np.float64] | None:
    return np.random.default_rng(4).uniform(0.2, 3, size) if weighted else None


def regression(weighted: bool) -> Predictions:
    x, y = load_diabetes(return_X_y=True)
    fit, rest = halves(len(y))
    said = np.maximum(Ridge(0.1).fit(x[fit], y[fit]).predict(x[rest]), 1)
    return Predictions(y[rest], said, row_units(rest.size), weights_of(rest.size, weighted))


def classes(load: Any, model: Any, weighted: bool, names: Any = None) -> Predictions:
    x, y = load(return_X_y=True)
    y = y.astype(bool) if names is None else np.asarray(names)[y]
    fit, rest = halves(len(y))
    model.fit(x[fit], y[fit])
    return Predictions(
        y[rest],
        model.predict(x[rest]),
        row_units(rest.size),
        weights_of(rest.size, weighted),
        model.predict_proba(x[rest]),
        classes=tuple(model.classes_.tolist()),
    )


def tumours(weighted: bool) -> Predictions:
    return classes(load_breast_cancer, GaussianNB(), weighted)


def flowers(weighted: bool) -> Predictions:
    model = DecisionTreeClassifier(max_depth=2, random_state=0)
    return classes(load_iris, model, weighted, load_iris().target_names)


NUMBERS: dict[str, tuple[Any, Scored]] = {
    "mae": ({}, theirs.mean_absolute_error),
    "mse": ({}, theirs.mean_squared_error),
    "rmse": ({}, theirs.root_mean_squared_error),
    "median_ae": ({}, theirs.median_absolute_error),
    "mape": ({}, theirs.mean_absolute_percentage_error),
    "pinball": ({"share": 0.9}, lambda y, p, **w: theirs.mean_pinball_loss(y, p, alpha=0.9, **w)),
    "poisson_deviance": ({}, theirs.mean_poisson_deviance),
    "r2": ({}, theirs.r2_score),
    "bias": ({}, lambda y, p, sample_weight=None: np.average(p - y, weights=sample_weight)),
}
BINARY: dict[str, Scored] = {
    "accuracy": theirs.accuracy_score,
    "balanced_accuracy": theirs.balanced_accuracy_score,
    "precision": theirs.precision_score,
    "recall": theirs.recall_score,
    "f1": theirs.f1_score,
    "mcc": theirs.matthews_corrcoef,
}
SCORED: dict[str, Scored] = {
    "roc_auc": theirs.roc_auc_score,
    "average_precision": theirs.average_precision_score,
    "log_loss": theirs.log_loss,
    "brier": theirs.brier_score_loss,
}


def ours(word: str, predictions: Predictions, **arguments: Any) -> float:
    return measure(declared.Metric.model_validate({"function": word, "on": "test", **arguments}), predictions)


def test_every_metric_that_runs_is_checked_here() -> None:
    own = [metric for metric in declared.Metric.members() if metric.__module__ == declared.__name__]
    words = {metric.word for metric in own if metric.runs}
    assert words == {*NUMBERS, *BINARY, *SCORED}


@WEIGHTED
@pytest.mark.parametrize("word", NUMBERS)
def test_metrics_of_numbers(word: str, weighted: bool) -> None:
    arguments, reference = NUMBERS[word]
    p = regression(weighted)
    expected = reference(p.y, p.predicted, sample_weight=p.weights)
    assert ours(word, p, **arguments) == pytest.approx(expected, rel=1e-12)


@WEIGHTED
@pytest.mark.parametrize("word", BINARY)
def test_metrics_of_a_truth_value(word: str, weighted: bool) -> None:
    p = tumours(weighted)
    assert ours(word, p) == pytest.approx(BINARY[word](p.y, p.predicted, sample_weight=p.weights), rel=1e-12)


@WEIGHTED
@pytest.mark.parametrize("word", SCORED)
def test_metrics_of_probabilities(word: str, weighted: bool) -> None:
    p = tumours(weighted)
    assert p.scores is not None
    scores = p.scores if word == "log_loss" else p.scores[:, 1]
    assert ours(word, p) == pytest.approx(SCORED[word](p.y, scores, sample_weight=p.weights), rel=1e-12)


@WEIGHTED
@pytest.mark.parametrize("average", ["macro", "weighted", "micro"])
@pytest.mark.parametrize("word", ["precision", "recall", "f1"])
def test_averages_over_classes(word: str, average: str, weighted: bool) -> None:
    p = flowers(weighted)
    expected = BINARY[word](p.y, p.predicted, average=average, sample_weight=p.weights)
    assert ours(word, p, average=average) == pytest.approx(expected, rel=1e-12)


@WEIGHTED
@pytest.mark.parametrize("word", ["precision", "recall", "f1"])
def test_one_class_of_several(word: str, weighted: bool) -> None:
    p = flowers(weighted)
    expected = BINARY[word](p.y, p.predicted, labels=["versicolor"], average="macro", sample_weight=p.weights)
    assert ours(word, p, **{"class": "versicolor"}) == pytest.approx(expected, rel=1e-12)


@WEIGHTED
@pytest.mark.parametrize("word", ["accuracy", "balanced_accuracy", "mcc", "log_loss"])
def test_metrics_of_several_classes(word: str, weighted: bool) -> None:
    p = flowers(weighted)
    if word == "log_loss":
        expected = theirs.log_loss(p.y, p.scores, labels=list(p.classes), sample_weight=p.weights)
    else:
        expected = BINARY[word](p.y, p.predicted, sample_weight=p.weights)
    assert ours(word, p) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_the_area_for_several_classes_is_that_of_each_against_the_rest(average: str) -> None:
    p = flowers(False)
    expected = theirs.roc_auc_score(p.y, p.scores, multi_class="ovr", average=average, labels=list(p.classes))
    assert ours("roc_auc", p, average=average) == pytest.approx(expected, rel=1e-12)


def test_a_resample_is_the_metric_of_the_rows_as_often_as_they_are_taken() -> None:
    p = flowers(False)
    counts = np.random.default_rng(0).integers(0, 3, p.y.size)
    taken = np.repeat(np.arange(p.y.size), counts)
    for word, reference in (("balanced_accuracy", theirs.balanced_accuracy_score), ("mcc", theirs.matthews_corrcoef)):
        found = evidence(declared.Metric.model_validate({"function": word, "on": "test"}), p)
        assert found.measure(counts) == pytest.approx(reference(p.y[taken], p.predicted[taken]), rel=1e-12)
    errors = regression(False)
    median = evidence(declared.MedianAbsoluteError(on="test"), errors)
    counts = np.random.default_rng(0).integers(0, 3, errors.y.size)
    taken = np.repeat(np.arange(errors.y.size), counts)
    expected = theirs.median_absolute_error(errors.y[taken], errors.predicted[taken])
    assert median.measure(counts) == pytest.approx(expected, rel=1e-12)


def test_means_of_rows_are_ratios_of_sums_and_shares_know_that_they_are() -> None:
    for metric in declared.Metric.members():
        if not metric.runs or not metric.mean_of_rows:
            continue
        predictions = regression(False) if metric.tasks == ("regression",) else tumours(False)
        found = evidence(metric(on="test"), predictions)
        assert isinstance(found, RowLosses), metric.word
        assert (found.span == (0.0, 1.0)) == (metric.word == "accuracy")


def test_a_class_that_was_not_in_training_counts_as_a_mistake_but_has_no_probability() -> None:
    p = flowers(False)
    odd = replace(p, y=np.where(np.arange(p.y.size) < 5, "rose", p.y))
    assert ours("accuracy", odd) == pytest.approx(theirs.accuracy_score(odd.y, odd.predicted))
    assert ours("mcc", odd) == pytest.approx(theirs.matthews_corrcoef(odd.y, odd.predicted))
    with pytest.raises(MetricError, match="class `rose` was not among the rows the model was fitted on"):
        ours("log_loss", odd)


@pytest.mark.parametrize(
    ("word", "arguments", "told"),
    [
        ("precision", {}, "needs to know which"),
        ("recall", {"class": "rose"}, "there is no class `rose`"),
    ],
)
def test_a_class_must_be_named_and_known(word: str, arguments: dict[str, str], told: str) -> None:
    with pytest.raises(MetricError, match=told) as raised:
        ours(word, flowers(False), **arguments)
    assert "setosa, versicolor, virginica" in raised.value.hint


def test_what_a_model_cannot_give_is_told() -> None:
    p = tumours(False)
    with pytest.raises(MetricError, match="needs scores or probabilities"):
        ours("roc_auc", Predictions(p.y, p.predicted, p.units, classes=p.classes))
    decided = Predictions(p.y, p.predicted, p.units, None, p.scores, False, p.classes)
    with pytest.raises(MetricError, match="`brier` needs probabilities"):
        ours("brier", decided)
    negative = regression(False)
    with pytest.raises(MetricError, match="needs predictions above 0"):
        ours("poisson_deviance", Predictions(negative.y, -negative.predicted, negative.units))


def test_scores_of_an_estimator_without_probabilities_rank() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    model = LinearSVC(random_state=0).fit(x, y.astype(bool))
    scores = model.decision_function(x)
    both = np.column_stack([-scores, scores])
    p = Predictions(y.astype(bool), model.predict(x), row_units(y.size), None, both, False, (False, True))
    assert ours("roc_auc", p) == pytest.approx(theirs.roc_auc_score(y, scores))


def test_a_metric_of_the_project(tmp_path: Any) -> None:
    (tmp_path / "own.py").write_text(
        "def worst(y, said):\n    return float(abs(y - said).max())\ndef bad(y, said):\n    return y.nothing\n"
    )
    pipeline = {
        "metrics": [
            {"name": "worst", "function": "own.py:worst", "better": "lower"},
            {"name": "bad", "function": "own.py:bad", "better": "lower"},
            {"name": "gone", "function": "own.py:gone", "better": "lower"},
        ]
    }
    p = regression(False)
    metric = read_metric({"function": "worst", "on": "test"}, pipeline, tmp_path)
    assert measure(metric, p) == pytest.approx(theirs.max_error(p.y, p.predicted))
    with pytest.raises(MetricError, match="`bad` raised AttributeError"):
        measure(read_metric({"function": "bad", "on": "test"}, pipeline, tmp_path), p)
    with pytest.raises(StageFailure, match=r"`own\.py` has no `gone`"):
        read_metric({"function": "gone", "on": "test"}, pipeline, tmp_path)
