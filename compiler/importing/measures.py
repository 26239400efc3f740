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


@dataclass(frozen=True)
class Measure:
    """A metric by its word, which way it is compared, its last value if known, and what kind of target it is for."""

    word: str
    better: str
    value: float | None
    task: str

    @property
    def aim(self) -> str:
        """The rule of a train stage that aims for it."""
        return f"{'minimize' if self.better == '<=' else 'maximize'} {self.word}(validation)"


def measure_of(metrics: Mapping[str, float | None], estimator: str) -> Measure:
    """The first known one of the metrics; by default one that suits the estimator."""
    from mlopsc.stdlib.metrics import Metric

    known = {one.word: one for one in Metric.members() if one.better != "zero"}
    for name, value in metrics.items():
        word = _word(name, known)
        if word:
            task = "regression" if "regression" in known[word].tasks else "classes"
            return Measure(word, ">=" if known[word].better == "higher" else "<=", value, task)
    if "Classif" in estimator or estimator.endswith(("LogisticRegression", "SVC", "NB")):
        return Measure("accuracy", ">=", None, "classes")
    return Measure("mae", "<=", None, "regression")


def _word(name: str, known: Mapping[str, object]) -> str:
    """Our word for a metric: `test_MAE` and `mae.test` are `mae`."""
    plain = re.sub(r"[\W]+", "_", name.lower()).strip("_")
    bare = re.sub(r"^(test|val|valid|validation|eval|train)_|_(test|val|valid|validation|eval|train)$", "", plain)
    return next((_ALSO.get(one, one) for one in (plain, bare) if _ALSO.get(one, one) in known), "")
