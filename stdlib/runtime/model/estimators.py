"""Estimators and feature steps, built from their declarations."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.schema.declarations import Task
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.model.code import Snapshot
from mlopsc.stdlib.train import Estimator, Features, PythonEstimator, PythonFeatures, SklearnEstimator

Encoding = Literal["ordinal", "one-hot", "frame"]
"""What an estimator is given: an array with categories as numbers of levels or columns of 0 and 1, or a DataFrame."""


@dataclass(frozen=True)
class Parts:
    """The steps of a model before they are fitted; `label` is the estimator as the spec names it."""

    features: Any | None
    estimator: Any
    label: str


def build_parts(
    estimator: Estimator, features: Features | None, changes: Mapping[str, Any], seed: int, code: Snapshot
) -> Parts:
    """New, unfitted steps with the parameters of the spec, those of a candidate over them, and a seed where it is open.

    Raises StageFailure when something cannot be found or does not take its parameters.
    """
    step = None
    if isinstance(features, PythonFeatures):
        step = _called(code.load(features.name), features.name, features.parameters, "features")
        _require_methods(step, features.name, ("fit", "transform"), "features")
        _seeded(step, seed)
    built, label = _build_estimator(estimator, changes, code)
    _require_methods(built, label, ("fit", "predict"), "estimator")
    _seeded(built, seed)
    return Parts(step, built, label)


def _build_estimator(estimator: Estimator, changes: Mapping[str, Any], code: Snapshot) -> tuple[Any, str]:
    match estimator:
        case SklearnEstimator(name=name, parameters=parameters):
            called: Any = sklearn_class(name)
        case PythonEstimator(name=name, parameters=parameters):
            called = code.load(name)
        case _:
            raise StageFailure(f"`{estimator.word}` does not run yet", "use `sklearn` or `python`", setting="estimator")
    values = {**parameters, **changes}
    own = {key: value for key, value in values.items() if "__" not in key}
    built = _called(called, name, own, "estimator")
    if nested := {key: value for key, value in values.items() if "__" in key}:
        try:
            built.set_params(**nested)
        except (AttributeError, ValueError, TypeError) as error:
            fact = f"`{name}` does not take `{next(iter(nested))}`: {error}"
            raise StageFailure(fact, setting="estimator") from error
    return built, name


def sklearn_class(name: str) -> type[Any]:
    """The estimator class of that name below `sklearn.`; raises StageFailure for anything else."""
    from sklearn.base import BaseEstimator

    path, _, word = name.rpartition(".")
    try:
        if not path or any(not part.isidentifier() or part.startswith("_") for part in name.split(".")):
            raise ImportError(name)
        module = importlib.import_module(f"sklearn.{path}")
    except ImportError as error:
        hint = 'write its module and class, such as `"ensemble.RandomForestRegressor"`'
        raise StageFailure(f"scikit-learn has no `{name}`", hint, setting="estimator") from error
    found = getattr(module, word, None)
    if not (isinstance(found, type) and issubclass(found, BaseEstimator) and found.__module__.startswith("sklearn.")):
        close = did_you_mean(word, dir(module))
        hint = f"did you mean `{path}.{close}`?" if close else "correct the name"
        raise StageFailure(f"scikit-learn has no estimator `{name}`", hint, setting="estimator")
    return found


def encoding_of(estimator: Any) -> Encoding:
    """What an estimator wants: those of scikit-learn an array of numbers, a pipeline or anything else a DataFrame."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import Pipeline

    if isinstance(estimator, (HistGradientBoostingClassifier, HistGradientBoostingRegressor)):
        return "ordinal" if estimator.categorical_features in (None, "from_dtype") else "frame"
    is_plain = type(estimator).__module__.startswith("sklearn.") and not isinstance(estimator, Pipeline)
    return "one-hot" if is_plain else "frame"


def takes_missing(estimator: Any) -> bool:
    """Whether missing values may reach the estimator; one that does not say is asked by fitting it.

    One with others inside does not say either: a pipeline that fills gaps has the same tags as one that does not.
    """
    tags = _tag(estimator, "input_tags")
    return tags is None or bool(tags.allow_nan) or _has_parts(estimator)


def _has_parts(estimator: Any) -> bool:
    return any(hasattr(value, "fit") for value in estimator.get_params().values())


def takes_weights(estimator: Any) -> bool:
    """Whether `fit` takes `sample_weight`."""
    from sklearn.utils.validation import has_fit_parameter

    return bool(has_fit_parameter(estimator, "sample_weight"))


def require_task(estimator: Any, label: str, task: Task, target: str) -> None:
    """That a number is predicted by a regressor and a class by a classifier; raises StageFailure if not."""
    kind = _tag(estimator, "estimator_type")
    if task == "regression" and kind == "classifier":
        fact, hint = "is a classifier, and", "is a number: use a regressor, or declare it as `bool` or `category`"
    elif task != "regression" and kind == "regressor":
        fact, hint = "is a regressor, and", "is a class: use a classifier, or declare it as `int` or `float`"
    else:
        return
    raise StageFailure(f"`{label}` {fact} the target `{target}` {hint}", setting="estimator")


def _tag(estimator: Any, name: str) -> Any:
    """One of scikit-learn's tags of an estimator; None for what has no tags, being no class of scikit-learn's kind."""
    from sklearn.utils import get_tags

    return getattr(get_tags(estimator), name) if hasattr(estimator, "__sklearn_tags__") else None


def _called(function: Any, name: str, parameters: Mapping[str, Any], setting: str) -> Any:
    try:
        return function(**parameters)
    except TypeError as error:
        raise StageFailure(f"`{name}` does not take what it is given: {error}", setting=setting) from error


def _require_methods(built: Any, label: str, methods: tuple[str, ...], setting: str) -> None:
    for method in methods:
        if not callable(getattr(built, method, None)):
            fact = f"`{label}` gives a `{type(built).__name__}`, which has no `{method}`"
            needed = " and ".join(f"`{one}`" for one in methods)
            raise StageFailure(fact, f"it needs {needed}, as in scikit-learn", setting=setting)


def _seeded(built: Any, seed: int) -> None:
    """Set each `random_state` that is not set, also of parts inside, so that a fit can be repeated."""
    if not hasattr(built, "get_params"):
        return
    names = [name for name, value in built.get_params().items() if value is None]
    built.set_params(**{name: seed for name in names if name.split("__")[-1] == "random_state"})
