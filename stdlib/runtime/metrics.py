"""What each declared metric is, computed: the loss of every row where it is a ratio of sums, else a statistic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from mlopsc.stdlib import metrics as declared
from mlopsc.stdlib.runtime.engine.usercode import load_callable
from mlopsc.stdlib.runtime.statistics.inputs import Counts, Floats, Mask, RowLosses, Statistic, roc_auc, statistic_of
from mlopsc.stdlib.runtime.statistics.units import Units
from mlopsc.stdlib.runtime.store.faults import OperationError

Evidence = RowLosses | Statistic

_SHARE = (0.0, 1.0)


@dataclass(frozen=True)
class ProjectMetric:
    """A metric that the spec declares itself, by a function of true and predicted values."""

    word: str
    on: str
    better: str
    function: Callable[[NDArray[Any], NDArray[Any]], float]
    needs: declared.Needs = "predictions"


AnyMetric = declared.Metric | ProjectMetric


class MetricError(OperationError):
    """A metric makes no sense for these rows or this model."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says of rows, beside what is true: all arrays are (rows,), `scores` is (rows, classes).

    `scores` are probabilities where `are_probabilities`, else decision values; None where none are needed.
    `classes` are the values of a class in the order of the scores, none for a number.
    """

    y: NDArray[Any]
    predicted: NDArray[Any]
    units: Units
    weights: Floats | None = None
    scores: Floats | None = None
    are_probabilities: bool = True
    classes: tuple[Any, ...] = ()

    def select(self, rows: Mask) -> Predictions:
        """The same of some rows: `rows` is a (rows,) mask."""
        return replace(
            self,
            y=self.y[rows],
            predicted=self.predicted[rows],
            units=self.units.select(rows),
            weights=None if self.weights is None else self.weights[rows],
            scores=None if self.scores is None else self.scores[rows],
        )

    @property
    def weight(self) -> Floats:
        """How much each row counts, ones where all count the same."""
        return np.ones(self.y.size) if self.weights is None else self.weights

    def codes(self, values: NDArray[Any]) -> NDArray[np.intp]:
        """The place of each value in `classes`, -1 for one that the model has never seen."""
        places = {value: place for place, value in enumerate(self.classes)}
        return np.array([places.get(value, -1) for value in values.tolist()], dtype=np.intp)


def read_metric(subject: Mapping[str, Any], pipeline: Mapping[str, Any], project: Path) -> AnyMetric:
    """The metric that a rule is about: declared, or the spec's own; raises StageFailure for its function."""
    for own in pipeline.get("metrics", ()):
        if own["name"] == subject["function"]:
            function = load_callable(project, own["function"])
            return ProjectMetric(own["name"], str(subject["on"]), own["better"], function)
    return declared.Metric.model_validate(subject)


def measure(metric: AnyMetric, predictions: Predictions) -> float:
    """The metric's value on these rows; NaN where it is not defined. Raises MetricError as `evidence` does."""
    return evidence(metric, predictions).measure()


def evidence(metric: AnyMetric, predictions: Predictions) -> Evidence:
    """The metric on these rows, ready to be bounded; raises MetricError where model and metric do not fit."""
    if isinstance(metric, ProjectMetric):
        return _own(metric, predictions)
    for kind, function in _EVIDENCE.items():
        if isinstance(metric, kind):
            return function(metric, predictions)
    raise MetricError(f"`{metric.word}` is not computed yet", "use another metric")


def _own(metric: ProjectMetric, p: Predictions) -> Evidence:
    """The project's function is called once as it is, so that its mistakes are told and not taken for bad luck."""
    if p.weights is not None:
        raise MetricError(f"`{metric.word}` takes no weights, and a column has the role `weight`")
    try:
        float(metric.function(p.y, p.predicted))
    except Exception as error:
        raise MetricError(f"`{metric.word}` raised {type(error).__name__}: {error}", "correct the function") from error
    return statistic_of(metric.function, (p.y, p.predicted), p.units)


def _mean(values: Floats, p: Predictions, span: tuple[float, float] | None = None) -> RowLosses:
    if p.weights is None:
        return RowLosses(values, p.units, span=span)
    return RowLosses(values * p.weights, p.units, p.weights, span=span)


def _errors(p: Predictions) -> Floats:
    return np.asarray(p.predicted, dtype=np.float64) - np.asarray(p.y, dtype=np.float64)


def _mae(_: Any, p: Predictions) -> Evidence:
    return _mean(np.abs(_errors(p)), p)


def _mse(_: Any, p: Predictions) -> Evidence:
    return _mean(_errors(p) ** 2, p)


def _rmse(_: Any, p: Predictions) -> Evidence:
    return replace(_mean(_errors(p) ** 2, p), scale="root")


def _bias(_: Any, p: Predictions) -> Evidence:
    return _mean(_errors(p), p)


def _mape(_: Any, p: Predictions) -> Evidence:
    smallest = float(np.finfo(np.float64).eps)
    return _mean(np.abs(_errors(p)) / np.maximum(np.abs(p.y), smallest), p)


def _pinball(metric: declared.PinballLoss, p: Predictions) -> Evidence:
    above = -_errors(p)
    return _mean(np.maximum(metric.share * above, (metric.share - 1) * above), p)


def _poisson(_: Any, p: Predictions) -> Evidence:
    if (p.predicted <= 0).any() or (p.y < 0).any():
        raise MetricError(
            "`poisson_deviance` needs predictions above 0 and targets of 0 or more",
            'choose an estimator with a Poisson loss, such as `loss = "poisson"`',
        )
    return _mean(2 * (xlogy(p.y, p.y / p.predicted) - p.y + p.predicted), p)


def _r2(_: Any, p: Predictions) -> Evidence:
    center = np.average(p.y, weights=p.weights)
    return RowLosses(p.weight * _errors(p) ** 2, p.units, p.weight * (p.y - center) ** 2, scale="complement")


def _median(_: Any, p: Predictions) -> Evidence:
    """The middle of the sorted errors, or the mean of the two in the middle."""
    errors = np.abs(_errors(p))
    order = np.argsort(errors, kind="stable")
    ordered, weight = errors[order], p.weight[order]

    def resample(counts: Counts) -> float:
        reached = np.cumsum(counts[order] * weight)
        half = reached[-1] / 2 * (1 - 1e-12)
        lower = ordered[np.searchsorted(reached, half)]
        return float(lower + ordered[np.searchsorted(reached, half * (1 + 2e-12), side="right")]) / 2

    above = (errors > np.median(errors)).astype(np.intp) if errors.size else np.zeros(0, dtype=np.intp)
    return Statistic(resample, p.units, above, ("at or below", "above"))


def _accuracy(_: Any, p: Predictions) -> Evidence:
    return _mean((p.predicted == p.y).astype(np.float64), p, _SHARE)


def _one_class(metric: declared.OneClassMetric, p: Predictions) -> Any:
    wanted = metric.class_
    if wanted is None and p.y.dtype == np.bool_:
        return True
    if wanted is None:
        raise MetricError(
            f"`{metric.word}` of several classes needs to know which",
            f'write `class = "…"` or `average = macro`; the classes are {", ".join(map(str, p.classes))}',
        )
    if p.y.dtype == np.bool_:
        return bool(wanted)
    if str(wanted) not in map(str, p.classes):
        raise MetricError(f"there is no class `{wanted}`", f"the classes are {', '.join(map(str, p.classes))}")
    return str(wanted)


def _of_class(metric: declared.OneClassMetric, p: Predictions) -> Evidence:
    """Precision, recall or f1: of one class a ratio of sums, averaged over classes a statistic."""
    if metric.average is not None:
        return _averaged(partial(_class_average, metric.word, metric.average), p)
    wanted = _one_class(metric, p)
    said, true = p.predicted == wanted, p.y == wanted
    hits = (said & true).astype(np.float64)
    match metric.word:
        case "precision":
            values, weights = hits, said.astype(np.float64)
        case "recall":
            values, weights = hits, true.astype(np.float64)
        case _:
            values, weights = 2 * hits, said.astype(np.float64) + true
    return RowLosses(values * p.weight, p.units, weights * p.weight, span=_SHARE)


def _averaged(statistic: Callable[[Floats], float], p: Predictions) -> Statistic:
    """A statistic of the confusion matrix, true classes down and predicted ones across."""
    true, said = p.codes(p.y), p.codes(p.predicted)
    known = (*p.classes, *sorted({str(value) for value in p.y[true < 0].tolist()}))
    size = len(known)
    true = np.where(true < 0, [known.index(str(v)) if c < 0 else 0 for v, c in zip(p.y, true, strict=True)], true)
    cell, weight = true * size + said, p.weight

    def resample(counts: Counts) -> float:
        sums = np.bincount(cell, weights=counts * weight, minlength=size * size)
        return statistic(sums.astype(np.float64).reshape(size, size))

    return Statistic(resample, p.units, true.astype(np.intp), tuple(str(name) for name in known))


def _class_average(word: str, average: str, matrix: Floats) -> float:
    """As scikit-learn averages it: a class that is never predicted has a precision of 0."""
    hits, said, true = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
    if average == "micro":
        return float(hits.sum() / matrix.sum())
    present = (said + true) > 0
    below = {"precision": said, "recall": true}.get(word, (said + true) / 2)
    values = np.divide(hits, below, out=np.zeros_like(hits), where=below > 0)[present]
    return float(np.average(values, weights=true[present] if average == "weighted" else None))


def _balanced_accuracy(_: Any, p: Predictions) -> Evidence:
    def mean_recall(matrix: Floats) -> float:
        true = matrix.sum(axis=1)
        return float((np.diag(matrix)[true > 0] / true[true > 0]).mean())

    return _averaged(mean_recall, p)


def _mcc(_: Any, p: Predictions) -> Evidence:
    return _averaged(_matthews, p)


def _matthews(matrix: Floats) -> float:
    """The multiclass form of Gorodkin (2004); 0 where either side has one class only."""
    true, said, total = matrix.sum(axis=1), matrix.sum(axis=0), matrix.sum()
    above = np.trace(matrix) * total - true @ said
    below = float((total**2 - said @ said) * (total**2 - true @ true))
    return float(above / np.sqrt(below)) if below > 0 else 0.0


def _scores(word: str, p: Predictions) -> Floats:
    if p.scores is None:
        raise MetricError(f"`{word}` needs scores or probabilities, and there are none here")
    return p.scores


def _probabilities(word: str, p: Predictions) -> Floats:
    if not p.are_probabilities:
        raise MetricError(f"`{word}` needs probabilities", "use an estimator that has `predict_proba`")
    return _scores(word, p)


def _true_codes(word: str, p: Predictions) -> NDArray[np.intp]:
    codes = p.codes(p.y)
    if (codes < 0).any():
        unseen = p.y[codes < 0][0]
        raise MetricError(f"`{word}` is not defined: class `{unseen}` was not among the rows the model was fitted on")
    return codes


def _auc(metric: declared.AreaUnderRoc, p: Predictions) -> Evidence:
    scores, codes = _scores(metric.word, p), _true_codes(metric.word, p)
    if len(p.classes) == 2:
        return _weighted(roc_auc(codes == 1, scores[:, 1], p.units), p)
    parts = [_weighted(roc_auc(codes == place, scores[:, place], p.units), p) for place in range(len(p.classes))]
    names = tuple(map(str, p.classes))

    def resample(counts: Counts) -> float:
        sizes = np.bincount(codes, weights=counts * p.weight, minlength=len(parts))
        values = [part.resample(counts) for part in parts]
        return float(np.average(values, weights=sizes if metric.average == "weighted" else None))

    return Statistic(resample, p.units, codes, names)


def _weighted(statistic: Statistic, p: Predictions) -> Statistic:
    if p.weights is None:
        return statistic
    inner, weights = statistic.resample, p.weights
    return replace(statistic, resample=lambda counts: inner(cast(Counts, counts * weights)), comparisons=None)


def _average_precision(metric: declared.AveragePrecision, p: Predictions) -> Evidence:
    """Sum of (recall_n - recall_(n-1)) precision_n over distinct scores, from the highest."""
    scores, positive = _scores(metric.word, p)[:, -1], _true_codes(metric.word, p) == 1
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(scores[order])), scores.size - 1)
    weight, is_positive = p.weight[order], positive[order]

    def resample(counts: Counts) -> float:
        taken = counts[order] * weight
        hits, said = np.cumsum(taken * is_positive)[last_of_tie], np.cumsum(taken)[last_of_tie]
        if hits[-1] == 0:
            return float("nan")
        precision = np.divide(hits, said, out=np.zeros_like(hits, dtype=np.float64), where=said > 0)
        return float(np.diff(hits, prepend=0) @ precision / hits[-1])

    return Statistic(resample, p.units, positive.astype(np.intp), ("negative", "positive"))


def _log_loss(metric: declared.LogLoss, p: Predictions) -> Evidence:
    given = _probabilities(metric.word, p)
    of_truth = given[np.arange(len(given)), _true_codes(metric.word, p)] / given.sum(axis=1)
    smallest = float(np.finfo(given.dtype).eps)
    return _mean(-np.log(np.clip(of_truth, smallest, 1 - smallest)), p)


def _brier(metric: declared.BrierScore, p: Predictions) -> Evidence:
    positive = (_true_codes(metric.word, p) == 1).astype(np.float64)
    return _mean((_probabilities(metric.word, p)[:, -1] - positive) ** 2, p)


_EVIDENCE: dict[type[declared.Metric], Callable[[Any, Predictions], Evidence]] = {
    declared.MeanAbsoluteError: _mae,
    declared.MeanSquaredError: _mse,
    declared.RootMeanSquaredError: _rmse,
    declared.MedianAbsoluteError: _median,
    declared.MeanAbsolutePercentageError: _mape,
    declared.PinballLoss: _pinball,
    declared.PoissonDeviance: _poisson,
    declared.RSquared: _r2,
    declared.Bias: _bias,
    declared.Accuracy: _accuracy,
    declared.BalancedAccuracy: _balanced_accuracy,
    declared.OneClassMetric: _of_class,
    declared.MatthewsCorrelation: _mcc,
    declared.AreaUnderRoc: _auc,
    declared.AveragePrecision: _average_precision,
    declared.LogLoss: _log_loss,
    declared.BrierScore: _brier,
}
