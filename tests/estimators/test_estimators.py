"""The table of scikit-learn's estimators: current, quick to load, and right about names, parameters and values."""

from __future__ import annotations

import ast

import estimator_table
import pytest

from mlopsc.compiler.semantics import estimators
from mlopsc.compiler.semantics.project import EstimatorParameter

FOREST = "ensemble.RandomForestClassifier"
BOOSTING = "ensemble.HistGradientBoostingRegressor"


def test_the_committed_table_is_what_the_installed_version_says(request: pytest.FixtureRequest) -> None:
    made = estimator_table.table()
    if request.config.getoption("--update-golden"):
        estimator_table.TABLE.write_text(estimator_table.text(made), encoding="utf-8")
    if made["scikit-learn"] != estimators.version():
        pytest.skip(f"the table is of scikit-learn {estimators.version()}, installed is {made['scikit-learn']}")
    assert estimator_table.TABLE.read_text("utf-8") == estimator_table.text(made), (
        "run: python tests/estimators/estimator_table.py"
    )


def test_an_estimator_has_its_task_and_parameters() -> None:
    found = estimators.estimator(BOOSTING)
    assert found is not None
    assert found.task == "regression"
    assert found.parameters["learning_rate"] == EstimatorParameter("0.1", "a number > 0")
    assert found.parameters["max_depth"] == EstimatorParameter("None", "none or a whole number >= 1")


def test_classifiers_transformers_and_unknown_names_are_told_apart() -> None:
    forest, scaler = estimators.estimator(FOREST), estimators.estimator("preprocessing.StandardScaler")
    assert forest is not None
    assert forest.task == "classification"
    assert scaler is not None
    assert scaler.task == "other"
    assert estimators.estimator("ensemble.RandomForestClasifier") is None
    assert FOREST in estimators.names()


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        (BOOSTING, "learning_rate", 0.05),
        (BOOSTING, "learning_rate", 1),
        (BOOSTING, "max_depth", None),
        (BOOSTING, "loss", "poisson"),
        (BOOSTING, "random_state", 7),
        (BOOSTING, "monotonic_cst", {"temp": 1}),
        (FOREST, "max_features", "sqrt"),
        (FOREST, "bootstrap", False),
        ("neighbors.Unheard", "of", "at all"),
    ],
)
def test_values_that_scikit_learn_takes_are_accepted(name: str, parameter: str, value: object) -> None:
    assert estimators.accepts(name, parameter, value)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        (BOOSTING, "learning_rate", 0),
        (BOOSTING, "learning_rate", "fast"),
        (BOOSTING, "max_depth", 0),
        (BOOSTING, "max_iter", 10.5),
        (BOOSTING, "max_iter", True),
        (BOOSTING, "random_state", -1),
        (FOREST, "bootstrap", "yes"),
        (FOREST, "n_estimators", None),
        ("linear_model.Lasso", "selection", "cyclical"),
    ],
)
def test_values_that_scikit_learn_refuses_are_refused(name: str, parameter: str, value: object) -> None:
    assert not estimators.accepts(name, parameter, value)


def test_the_table_agrees_with_scikit_learn_about_every_default() -> None:
    wrong = [
        (name, word)
        for name in estimators.names()
        if (info := estimators.estimator(name)) is not None
        for word, parameter in info.parameters.items()
        if not all(estimators.accepts(name, word, value) for value in _values(parameter.default))
    ]
    assert wrong == []


def _values(default: str) -> list[object]:
    """The default, if it can be written in a spec (`nan` and objects cannot)."""
    try:
        return [ast.literal_eval(default)]
    except (ValueError, SyntaxError):
        return []
