"""What a gate judges: the losses of rows, a statistic of rows, or the times of calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mlopsc.stdlib.runtime.statistics.units import Units

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

Scale = Literal["identity", "root", "complement"]
"""What is done to a ratio of sums: nothing (mae), its square root (rmse), or 1 minus it (r2)."""


@dataclass(frozen=True, eq=False)
class RowLosses:
    """A metric that is a ratio of sums over rows: `scale(sum(values) / sum(weights))`.

    `values` and `weights` are (rows,); without weights every row weighs 1. A row whose value and weight are 0 takes
    no part.
    The common metrics as such ratios (y the target, p the prediction, c the class, w a row's own weight):

    - mae: values w |y - p|, weights w; rmse: values w (y - p)^2, scale "root";
    - r2: values (y - p)^2, weights (y - mean(y))^2, scale "complement";
    - accuracy: values p == y; recall: values p == y == c, weights y == c; precision: weights p == c;
    - f1: values 2 TP, weights 2 TP + FP + FN.

    `span` is the range that `value / weight` of any row lies in, when it has one: (0, 1) makes the metric a
    proportion, which is bounded exactly where rows are independent 0/1 outcomes.
    """

    values: Floats
    units: Units
    weights: Floats | None = None
    scale: Scale = "identity"
    span: tuple[float, float] | None = None

    @property
    def rows(self) -> int:
        """How many rows take part."""
        return int(np.count_nonzero(self.takes_part))

    @property
    def takes_part(self) -> Mask:
        """Which rows the metric is about, (rows,): of a recall, those of its class."""
        if self.weights is None:
            return np.ones(self.values.size, dtype=np.bool_)
        return np.asarray((self.weights != 0) | (self.values != 0), dtype=np.bool_)

    @property
    def denominators(self) -> Floats:
        """The weights, (rows,), ones where none were given."""
        return np.ones(self.values.size) if self.weights is None else self.weights

    def ratio(self, counts: Counts | None = None) -> float:
        """The ratio of sums before scaling, row i taken `counts[i]` times; NaN where the weights sum to 0."""
        taken: Floats = np.ones(self.values.size) if counts is None else counts.astype(np.float64)
        total = float(taken @ self.denominators)
        return float(taken @ self.values) / total if total else float("nan")

    def measure(self, counts: Counts | None = None) -> float:
        """The metric itself, row i taken `counts[i]` times."""
        return rescale(self.ratio(counts), self.scale)

    def select(self, rows: Mask) -> RowLosses:
        """The same metric on some rows: `rows` is a (rows,) mask."""
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, values=self.values[rows], units=self.units.select(rows), weights=weights)


@dataclass(frozen=True, eq=False)
class Statistic:
    """A metric of rows that is no ratio of sums: an AUC, a quantile, a user's own function.

    `resample(counts)` is the metric's value when row i is taken `counts[i]` times, `counts` being (rows,)
    integers; NaN, ValueError or ArithmeticError where it is not defined. `classes` is (rows,), an index into
    `class_names`, for a metric that needs rows of each of these classes. `comparisons` is, for a share of won
    comparisons (an AUC), how many of them can be independent: it bounds a perfect score.
    """

    resample: Callable[[Counts], float]
    units: Units
    classes: NDArray[np.intp] | None = None
    class_names: tuple[str, ...] = ()
    comparisons: int | None = None

    @property
    def rows(self) -> int:
        """How many rows take part."""
        return int(self.units.ids.size)

    def measure(self, counts: Counts | None = None) -> float:
        """The metric, row i taken `counts[i]` times; NaN where it is not defined."""
        try:
            return float(self.resample(np.ones(self.rows, dtype=np.int64) if counts is None else counts))
        except (ValueError, ArithmeticError):
            return float("nan")

    def class_counts(self) -> dict[str, int]:
        """How many rows there are of each class that the metric needs."""
        if self.classes is None:
            return {}
        found = np.bincount(self.classes, minlength=len(self.class_names))
        return {name: int(count) for name, count in zip(self.class_names, found, strict=True)}

    def select(self, rows: Mask) -> Statistic:
        """The same metric on some rows: `rows` is a (rows,) mask."""
        chosen = np.flatnonzero(rows)

        def resample(counts: Counts) -> float:
            every = np.zeros(rows.size, dtype=np.int64)
            every[chosen] = counts
            return self.resample(every)

        classes = None if self.classes is None else self.classes[rows]
        part = replace(self, resample=resample, units=self.units.select(rows), classes=classes)
        return part if self.comparisons is None else replace(part, comparisons=min(part.class_counts().values()))


@dataclass(frozen=True, eq=False)
class Latencies:
    """The seconds that single calls took, (calls,), warm-up left out, judged at a quantile such as 0.95."""

    seconds: Floats
    quantile: float


Evidence = RowLosses | Statistic | Latencies


@dataclass(frozen=True, eq=False)
class Baseline:
    """What a metric is compared with on the same rows: `factor` times the baseline's metric plus `offset`.

    `champion + 5%` is factor 1.05; `naive(168h) * 90%` is factor 0.9; `champion - 1pp` is offset -0.01.
    `metric` has the rows of the new model in the same order; `label` is the side as the spec wrote it.
    """

    metric: RowLosses | Statistic
    factor: float = 1.0
    offset: float = 0.0
    label: str = "champion"

    def limit(self) -> float:
        """The number that the baseline's metric sets."""
        return self.factor * self.metric.measure() + self.offset

    def select(self, rows: Mask) -> Baseline:
        """The same baseline on some rows."""
        return replace(self, metric=self.metric.select(rows))


def rescale(ratio: float, scale: Scale) -> float:
    """A ratio of sums as the metric that it stands for; the root of a negative number is NaN."""
    match scale:
        case "identity":
            return ratio
        case "root":
            return float(np.sqrt(ratio)) if ratio >= 0 else float("nan")
        case "complement":
            return 1.0 - ratio


def statistic_of(function: Callable[..., float], columns: tuple[NDArray[np.generic], ...], units: Units) -> Statistic:
    """A statistic from a function of whole columns, such as `f(y, prediction)`; each column is (rows, ...)."""

    def resample(counts: Counts) -> float:
        chosen = np.repeat(np.arange(counts.size), counts)
        return float(function(*(column[chosen] for column in columns)))

    return Statistic(resample, units)


def roc_auc(positive: Mask, score: Floats, units: Units) -> Statistic:
    """The area under the ROC curve: the chance that a positive row scores above a negative one, ties one half.

    `positive` and `score` are (rows,). Rows are sorted once, so that a resample costs two running sums. It is
    not defined where a score is not a number.
    """
    unknown = bool(np.isnan(score).any())
    order = np.argsort(score, kind="stable")
    is_positive = positive[order].astype(np.int64)
    last_of_tie = np.append(np.flatnonzero(np.diff(score[order])), score.size - 1)

    def resample(counts: Counts) -> float:
        taken = counts[order]
        wins = np.cumsum(taken * is_positive)[last_of_tie]
        below = np.cumsum(taken)[last_of_tie] - wins
        here = np.diff(wins, prepend=0)
        pairs = float(wins[-1]) * float(below[-1])
        half_ties = (below + np.append(0, below[:-1])) / 2
        return float(here @ half_ties) / pairs if pairs and not unknown else float("nan")

    classes = positive.astype(np.intp)
    smaller = int(min(classes.sum(), classes.size - classes.sum()))
    return Statistic(resample, units, classes, ("negative", "positive"), smaller)
