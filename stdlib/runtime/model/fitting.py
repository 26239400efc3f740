"""Fitting a model: features, encoding and estimator on the rows of a table."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier

from mlopsc.compiler.schema.declarations import ColumnType, Task
from mlopsc.stdlib.runtime.data.tables import Table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.usercode import failure_of
from mlopsc.stdlib.runtime.model.artefact import library_versions
from mlopsc.stdlib.runtime.model.code import Snapshot
from mlopsc.stdlib.runtime.model.encoding import ColumnEncoder
from mlopsc.stdlib.runtime.model.estimators import (
    Parts,
    build_parts,
    encoding_of,
    require_task,
    takes_missing,
    takes_weights,
)
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.model.signature import read_signature
from mlopsc.stdlib.runtime.model.steps import Steps
from mlopsc.stdlib.train import Train


@dataclass(frozen=True)
class Recipe:
    """All that decides what is fitted, beside the rows: declarations, a candidate's parameters, seed and code."""

    settings: Train
    changes: Mapping[str, Any]
    seed: int
    code: Snapshot


def task_of(table: Table) -> Task:
    """What is predicted, by the type of the target; raises StageFailure when nothing can be."""
    word = table.column(str(table.y.name)).type["function"]
    task = ColumnType.named(str(word)).task
    if task is None:
        raise StageFailure(
            f"the target `{table.target}` is a `{word}`, which nothing predicts",
            "declare it as `int` or `float`, `bool` or `category`",
            setting="target",
        )
    return task


def target_values(table: Table) -> NDArray[Any]:
    """The target of each row: float, bool or text; rows without one must be gone."""
    match task_of(table):
        case "regression":
            return table.y.to_numpy(dtype=np.float64)
        case "binary":
            return table.y.to_numpy(dtype=bool)
        case "multiclass":
            return table.y.astype(object).to_numpy().astype(str)


def with_target(table: Table) -> Table:
    """The rows that have a target."""
    return table.take(table.y.notna().to_numpy())


def inputs_of(table: Table, settings: Train) -> tuple[str, ...]:
    """The columns that the model is given; raises StageFailure where one would need a `features` step."""
    if settings.features is not None:
        return table.inputs
    for name in table.inputs:
        column = table.column(name)
        word = str(column.type["function"])
        if not ColumnType.named(word).direct and name != table.time and column.role != "pii":
            raise StageFailure(
                f"column `{name}` is a `{word}`, which no estimator takes as it is",
                f"turn it into numbers or a category in a `features` step, or give `{name}` the role `ignore`",
                setting="features",
            )
    if not table.features:
        raise StageFailure(f"`{table.stage.name}` has no column to learn from", "declare one in its schema")
    return table.features


def fit(recipe: Recipe, table: Table) -> LoadedModel:
    """The recipe fitted on all rows of `table`, which have a target; raises StageFailure, naming what is wrong."""
    settings = recipe.settings
    if not len(table):
        raise StageFailure(f"`{table.stage.name}` has no rows with a target to fit on", "look at its splits")
    task, y = task_of(table), target_values(table)
    signature = read_signature(table, inputs_of(table, settings), task)
    with _seeded(recipe.seed):
        parts = build_parts(settings.estimator, settings.features, recipe.changes, recipe.seed, recipe.code)
        require_task(parts.estimator, parts.label, task, signature.target)
        frame = _featured(parts, signature.conform(table.frame), y, recipe.code)
        encoder = ColumnEncoder(encoding_of(parts.estimator), _unencoded(table)).fit(frame)
        _fit_estimator(parts, encoder, encoder.transform(frame), y, table.weights, recipe.code)
    classes = None if task == "regression" else tuple(parts.estimator.classes_.tolist())
    return LoadedModel(
        steps=Steps(parts.features, encoder, parts.estimator),
        signature=signature.model_copy(update={"classes": classes}),
        code=recipe.code,
        environment=library_versions(parts.estimator),
    )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Code that draws from the global generators draws the same each time."""
    random.seed(seed)
    np.random.seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


def _unencoded(table: Table) -> tuple[str, ...]:
    """Columns that are text, or whose levels are personal: they must not become categories."""
    return tuple(
        column.name
        for column in table.columns
        if column.type["function"] == "text" or (column.role == "pii" and column.type["function"] == "category")
    )


def _featured(parts: Parts, frame: pd.DataFrame, y: NDArray[Any], code: Snapshot) -> pd.DataFrame:
    """What the feature step makes of the rows after it was fitted on them."""
    step = parts.features
    if step is None:
        return frame
    name = f"`{type(step).__name__}`"
    _run(lambda: step.fit(frame.copy(), y), f"{name}.fit", code, "features")
    made = _run(lambda: step.transform(frame.copy()), f"{name}.transform", code, "features")
    if not isinstance(made, pd.DataFrame):
        raise _bad_features(f"{name}.transform returns a `{type(made).__name__}`, not a DataFrame")
    if len(made) != len(frame) or not made.index.equals(frame.index):
        raise _bad_features(f"{name}.transform turns {len(frame):,} rows into {len(made):,}, or changes their order")
    if not made.columns.is_unique or not all(isinstance(one, str) for one in made.columns) or made.empty:
        listed = ", ".join(map(repr, made.columns[:8])) or "none"
        raise _bad_features(f"{name}.transform gives columns without a name of their own: {listed}")
    return made


def _bad_features(fact: str) -> StageFailure:
    hint = "give one row for each row, in order, with the same index, in columns that have names"
    return StageFailure(fact, hint, setting="features")


def _fit_estimator(
    parts: Parts, encoder: ColumnEncoder, encoded: Any, y: NDArray[Any], weights: Any, code: Snapshot
) -> None:
    estimator, label = parts.estimator, f"`{parts.label}`"
    if encoder.encoding == "ordinal":
        estimator.set_params(categorical_features=encoder.native or None)
    elif not takes_missing(estimator):
        _require_complete(encoder, encoded, label, "Classifier" if is_classifier(estimator) else "Regressor")
    if weights is not None and not takes_weights(estimator):
        raise StageFailure(
            f"{label} takes no weights, and a column has the role `weight`",
            "choose an estimator whose `fit` takes `sample_weight`, or give the column the role `ignore`",
            setting="estimator",
        )
    given = {} if weights is None else {"sample_weight": weights}
    _run(lambda: estimator.fit(encoded, y, **given), f"fitting {label}", code, "estimator")


def _require_complete(encoder: ColumnEncoder, encoded: Any, label: str, kind: str) -> None:
    missing = pd.DataFrame(encoded, columns=encoder.get_feature_names_out()).isna().sum()
    found = missing[missing > 0]
    if found.size:
        counted = ", ".join(f"`{name}` ({count:,} of {len(encoded):,} rows)" for name, count in found.items())
        raise StageFailure(
            f"{label} takes no missing values, and there are some in {counted}",
            "fill them in a `features` step, or choose an estimator that takes them, such as "
            f'`"ensemble.HistGradientBoosting{kind}"`',
            setting="estimator",
        )


def _run(call: Callable[[], Any], what: str, code: Snapshot, setting: str) -> Any:
    try:
        return call()
    except StageFailure:
        raise
    except (Exception, SystemExit) as error:
        assert code.root is not None
        told = failure_of(error, code.root, what)
        raise StageFailure(told.message, told.hint, details=told.details, setting=setting) from error
