"""`train` stages: what is fitted, how the best candidate is found, and what becomes of it."""

from typing import Annotated, Literal

from mlopsc.compiler.schema.declarations import Function, StageKind, Verb, setting
from mlopsc.compiler.schema.types import AnyValue, EstimatorName, FilePath, PythonName, Rest, Share, StageRef
from mlopsc.stdlib import compute  # noqa: F401 (where its stages can run)
from mlopsc.stdlib.metrics import Metric


class Features(Function, family="feature step"):
    """What is computed from the columns before the estimator sees them; it is part of the model artefact."""


class PythonFeatures(Features, word="python"):
    """A transformer class of the project, from DataFrame to DataFrame, with scikit-learn's `fit` and `transform`."""

    name: Annotated[str, PythonName(kind="class", methods=("fit", "transform"))] = setting(
        'The class, as `"file.py:name"`.', ...
    )
    parameters: Annotated[dict[str, AnyValue], Rest("class")] = setting("What its constructor takes, by name.", {})


class Estimator(Function, family="estimator"):
    """What is fitted."""


class SklearnEstimator(Estimator, word="sklearn"):
    """An estimator of scikit-learn, by its name below `sklearn.`, with its own parameters."""

    name: Annotated[str, EstimatorName()] = setting('The class, such as `"ensemble.RandomForestRegressor"`.', ...)
    parameters: Annotated[dict[str, AnyValue], Rest("estimator")] = setting("The estimator's parameters, by name.", {})


class PythonEstimator(Estimator, word="python"):
    """A class or function of the project that gives an estimator with scikit-learn's `fit` and `predict`."""

    name: Annotated[str, PythonName(kind="either")] = setting('The class or function, as `"file.py:name"`.', ...)
    parameters: Annotated[dict[str, AnyValue], Rest("class")] = setting("What it takes, by name.", {})


class ScriptEstimator(Estimator, word="script", runs=False):
    """A training script with its own command line."""

    path: Annotated[str, FilePath()] = setting("The script, relative to the spec.", ...)


class Search(Function, family="search"):
    """How candidates are chosen; each parameter is one of the estimator's, with the values to try."""


class GridSearch(Search, word="grid"):
    """Every combination of the values."""

    parameters: Annotated[dict[str, AnyValue], Rest("grid", "estimator")] = setting(
        "Parameters and the lists of their values.", ...
    )


class RandomSearch(Search, word="random"):
    """Combinations drawn at random, from lists or from ranges."""

    candidates: int = setting("How many are drawn.", 20, ge=1, le=10_000)
    seed: int = setting("Another seed draws others.", 0, ge=0)
    parameters: Annotated[dict[str, AnyValue], Rest("grid", "estimator", ranges=True)] = setting(
        "Parameters and their lists or ranges.", ...
    )


class HalvingSearch(Search, word="halving", runs=False):
    """Many candidates on few rows, then fewer on more."""

    candidates: int = setting("How many are drawn at first.", 20, ge=2)
    factor: int = setting("One in how many goes on to the next round.", 3, ge=2)
    parameters: Annotated[dict[str, AnyValue], Rest("grid", "estimator", ranges=True)] = setting(
        "Parameters and their lists or ranges.", ...
    )


class Decision(Function, family="decision rule"):
    """How a probability becomes a class."""


class Threshold(Decision, word="threshold", runs=False):
    """Positive from this probability on."""

    at: Share = setting("The probability.", ..., gt=0, lt=1)


class Train(
    StageKind,
    word="train",
    runtime="mlopsc.stdlib.runtime.train:run",
    data_through=("data",),
    data_needs=("target", "split"),
    feature_step="features",
    held_out={"validation": "folds"},
    objective_for="search",
):
    """A model: an estimator with its features, fitted on one data stage; candidates are compared, the best is kept."""

    data: Annotated[str, StageRef(("data",))] = setting("The data stage it learns from.", ...)
    features: Features | None = setting("What is computed from the columns before the estimator sees them.")
    estimator: Estimator = setting("What is fitted.", ...)
    search: Search | None = setting("How candidates are chosen; without it, the estimator as written is the only one.")
    folds: int | None = setting(
        "Compare candidates by cross-validation with so many folds inside the training rows, in place of the "
        "validation split.",
        ge=2,
        le=50,
    )
    calibrate: Literal["isotonic", "sigmoid"] | None = setting("How probabilities are calibrated.", runs=False)
    decide: Decision | None = setting("How a probability becomes a class.", runs=False)
    refit: Literal["validation", "all", "never"] = setting(
        "What the chosen candidate is fitted on again: training and validation rows, all rows after the gate, or not.",
        "validation",
    )
    init: Literal["champion"] | None = setting("Begin from the weights of the model in service.", runs=False)
    track: bool = setting("Whether runs are recorded in the tracker.", True)


class Maximize(
    Verb,
    word="maximize",
    kinds=("train",),
    subjects=(Metric,),
    compares=False,
    direction="higher",
    barred=("test",),
):
    """What the search makes as large as it can."""


class Minimize(
    Verb,
    word="minimize",
    kinds=("train",),
    subjects=(Metric,),
    compares=False,
    direction="lower",
    barred=("test",),
):
    """What the search makes as small as it can."""
