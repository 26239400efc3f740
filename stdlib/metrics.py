"""Metrics: what the quality of a model is measured by, and the baselines it is compared with."""

from typing import Annotated, Any, ClassVar, Literal

from mlopsc.compiler.schema.declarations import Baseline, Better, Block, Subject, Task, setting
from mlopsc.compiler.schema.types import Percentile, Plain, Positive, PythonName, Share, SplitName

_ANY: tuple[Task, ...] = ("regression", "binary", "multiclass")
_REGRESSION: tuple[Task, ...] = ("regression",)
_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_BINARY: tuple[Task, ...] = ("binary",)

Needs = Literal["predictions", "probabilities", "scores"]
"""What a metric is computed from: predicted values, a probability for each class, or scores that only rank."""


class Metric(Subject, family="metric", category="quality", least=0):
    """How good predictions are on the rows of a split.

    `tasks` are those it makes sense for, `better` says which way is good, `needs` what it is computed from, and
    `mean_of_rows` whether it is a mean of one loss a row (then its bound is that of a mean).
    """

    tasks: ClassVar[tuple[Task, ...]] = _ANY
    better: ClassVar[Better] = "lower"
    needs: ClassVar[Needs] = "predictions"
    mean_of_rows: ClassVar[bool] = False

    on: SplitName = setting("The split whose rows it is computed on; `feedback` in production.", ...)


class MeanAbsoluteError(Metric, word="mae", tasks=_REGRESSION, measure="target", mean_of_rows=True):
    """Mean absolute error: the mean of |y - prediction|, in the unit of the target."""


class MeanSquaredError(Metric, word="mse", tasks=_REGRESSION, measure="number", mean_of_rows=True):
    """Mean squared error: the mean of (y - prediction)²."""


class RootMeanSquaredError(Metric, word="rmse", tasks=_REGRESSION, measure="target"):
    """Root mean squared error: the square root of `mse`, in the unit of the target."""


class MedianAbsoluteError(Metric, word="median_ae", tasks=_REGRESSION, measure="target"):
    """Median absolute error: the median of |y - prediction|, in the unit of the target."""


class MeanAbsolutePercentageError(Metric, word="mape", tasks=_REGRESSION, measure="ratio", mean_of_rows=True):
    """Mean absolute percentage error: the mean of |y - prediction| / |y|; rows with y = 0 make it meaningless."""


class PinballLoss(Metric, word="pinball", tasks=_REGRESSION, measure="target", mean_of_rows=True):
    """Pinball loss of a predicted quantile (Koenker and Bassett 1978)."""

    share: Share = setting("Which quantile the model predicts.", 0.5, gt=0, lt=1)


class PoissonDeviance(Metric, word="poisson_deviance", tasks=_REGRESSION, measure="number", mean_of_rows=True):
    """Mean Poisson deviance, for counts: the mean of 2 (y log(y / prediction) - y + prediction)."""


class RSquared(Metric, word="r2", tasks=_REGRESSION, measure="number", better="higher", least=None, most=1):
    """Coefficient of determination: 1 - sum (y - prediction)² / sum (y - mean of y)²."""


class Bias(Metric, word="bias", tasks=_REGRESSION, measure="target", better="zero", least=None, mean_of_rows=True):
    """Mean error: the mean of prediction - y; zero is best, so it is compared from both sides."""


class ClassMetric(Metric, tasks=_CLASSES, measure="ratio", better="higher", most=1):
    """A metric of predicted classes."""


class OneClassMetric(ClassMetric, of_one_class=True):
    """A metric of one class, or an average over all classes."""

    class_: Annotated[Any, Plain("any")] | None = setting("The class that counts as positive; true, unless it is said.")
    average: Literal["macro", "weighted", "micro"] | None = setting("How the classes' values become one.")


class Accuracy(ClassMetric, word="accuracy", mean_of_rows=True):
    """The share of rows whose class is predicted right."""


class BalancedAccuracy(ClassMetric, word="balanced_accuracy"):
    """The mean over classes of the share of its rows that are predicted right."""


class Precision(OneClassMetric, word="precision"):
    """The share of the rows predicted to be of a class that are of it."""


class Recall(OneClassMetric, word="recall"):
    """The share of the rows of a class that are predicted to be of it."""


class FScore(OneClassMetric, word="f1"):
    """The harmonic mean of precision and recall."""


class MatthewsCorrelation(ClassMetric, word="mcc", measure="number", least=-1):
    """Matthews correlation coefficient: the correlation of predicted and true classes, from -1 to 1."""


class AreaUnderRoc(Metric, word="roc_auc", tasks=_CLASSES, measure="ratio", better="higher", needs="scores", most=1):
    """Area under the ROC curve: the chance that a positive row scores above a negative one."""

    average: Literal["macro", "weighted"] = setting(
        "How several classes' values become one (each against the rest).", "macro"
    )


class AveragePrecision(
    Metric, word="average_precision", tasks=_BINARY, measure="ratio", better="higher", needs="scores", most=1
):
    """Average precision: the area under the precision-recall curve, by steps."""


class LogLoss(Metric, word="log_loss", tasks=_CLASSES, measure="number", needs="probabilities", mean_of_rows=True):
    """Log loss: the mean of -log of the probability given to the true class."""


class BrierScore(
    Metric, word="brier", tasks=_BINARY, measure="number", needs="probabilities", mean_of_rows=True, most=1
):
    """Brier score: the mean of (probability - outcome)²."""


class Cost(Metric, word="cost", tasks=_BINARY, measure="number", mean_of_rows=True, runs=False):
    """The mean cost of a decision, from the costs of the two kinds of mistake."""

    false_positive: float = setting("What a false alarm costs.", ..., ge=0)
    false_negative: float = setting("What a miss costs.", ..., ge=0)


class PythonMetric(Metric, word="python", measure="number", better="", least=None, runs=False):
    """A function of the project that takes the true and the predicted values and returns a number."""

    name: Annotated[str, PythonName(takes=2)] = setting('The function, as `"file.py:name"`.', ...)


class MetricBlock(Block, word="metric", defines=Metric):
    """A metric of the project: a function, which way is better, and what it is measured in."""

    function: Annotated[str, PythonName(takes=2)] = setting('The function, as `"file.py:name"`.', ...)
    better: Literal["lower", "higher"] = setting("Which way is good.", ...)
    measured_in: Literal["ratio", "target", "number"] = setting("What it is measured in.", "number")


class Naive(Baseline, word="naive", data_needs=("time",)):
    """Predicts the value of the target one lag ago; rows that have no such value are left out of both sides."""

    lag: Positive = setting("How long ago, such as `168h`: a week.", ...)


class Operational(Subject, family="measurement of a service"):
    """What is measured of a model in use, whether or not it predicts well."""


class Latency(Operational, word="latency", measure="duration", category="latency", better="lower", least=0):
    """A percentile of the time that one prediction of one row takes."""

    percentile: Annotated[str, Percentile()] = setting("Which percentile: `p50`, `p95`, `p99`.", ...)


def quantile_of(percentile: str) -> float:
    """The share of calls that a percentile says are quicker: 0.95 for `p95`, 0.999 for `p999`."""
    digits = percentile.removeprefix("p")
    return int(digits) / (100 if len(digits) < 3 else 10 ** len(digits))


class ErrorRate(Operational, word="error_rate", measure="ratio", category="uptime", better="lower", least=0, most=1):
    """The share of requests that fail."""
