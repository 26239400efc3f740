"""What a model is measured by, told by the names of the metrics that its pipeline writes down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ALSO: Mapping[str, str] = {
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
    "r2_score": "r2",
    "acc": "accuracy",
    "auc": "roc_auc",
    "rocauc": "roc_auc",
    "auc_roc": "roc_auc",
    "roc_auc_score": "roc_auc",
    "avg_prec": "average_precision",
    "ap": "average_precision",
    "pr_auc": "average_precision",
    "f1_score": "f1",
    "logloss": "log_loss",
    "brier_score": "brier",
}
"""What others call our metrics."""


_OF_ONE = frozenset({"precision", "recall", "f1"})
"""Metrics of one class: of several, they would have to say which."""


@dataclass(frozen=True)
class Measure:
    """A metric by its word, which way it is compared, its last value if known, and what kind of target it is for.

    `name` is what it was called; empty where it was chosen, for none that was written down is known.
    """

    word: str
    better: str
    value: float | None
    task: str
    name: str = ""

    @property
    def aim(self) -> str:
        """The rule of a train stage that aims for it."""
        return f"{'minimize' if self.better == '<=' else 'maximize'} {self.word}(validation)"


def measure_of(metrics: Mapping[str, float | None], estimator: str) -> Measure:
    """The first known one of the metrics, those of test rows before others; by default one that suits the estimator."""
    from mlopsc.stdlib.metrics import Metric

    known = {one.word: one for one in Metric.members() if one.better != "zero"}
    for name, value in sorted(metrics.items(), key=_of_training):
        word = _word(name, known)
        if word:
            task = "one class" if word in _OF_ONE or "multiclass" not in known[word].tasks else "classes"
            task = "regression" if "regression" in known[word].tasks else task
            return Measure(word, ">=" if known[word].better == "higher" else "<=", value, task, name)
    if "Classif" in estimator or estimator.endswith(("LogisticRegression", "SVC", "NB")):
        return Measure("accuracy", ">=", None, "classes")
    return Measure("mae", "<=", None, "regression")


def _of_training(metric: tuple[str, float | None]) -> int:
    """The order of metrics: of test rows, of whatever rows, of those that a model has learned from."""
    name = metric[0].lower()
    return 0 if "test" in name else 2 if "train" in name else 1


def _word(name: str, known: Mapping[str, object]) -> str:
    """Our word for a metric: `test_MAE`, `mae.test` and `scores.mae` are `mae`."""
    plain = re.sub(r"[\W]+", "_", name.lower()).strip("_")
    part = "test|testing|val|valid|validation|eval|train|training"
    bare = re.sub(rf"^({part})_|_({part})$", "", plain)
    last = re.sub(r"\W+", "_", name.lower().rpartition(".")[2])
    return next((_ALSO.get(one, one) for one in (plain, bare, last) if _ALSO.get(one, one) in known), "")
