"""Which estimators there are, and what they are made with."""

from __future__ import annotations

import pytest
from runtime_train.harness import Project, column
from runtime_train.toys import RANDOM, breast_cancer, diabetes, iris
from sklearn.datasets import load_diabetes
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.model.code import Snapshot
from mlopsc.stdlib.runtime.model.estimators import build_parts, encoding_of, sklearn_class, takes_missing
from mlopsc.stdlib.train import PythonEstimator, SklearnEstimator

FOREST = "ensemble.RandomForestRegressor"


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "utils.os.system",
        "ensemble",
        "ensemble.nothing",
        "ensemble._forest.RandomForestRegressor",
        "datasets.load_iris",
        "base.clone",
        "..os.system",
        "ensemble.RandomForestRegresor",
    ],
)
def test_only_estimators_below_sklearn_are_found(name: str) -> None:
    with pytest.raises(StageFailure, match="scikit-learn has no") as raised:
        sklearn_class(name)
    assert raised.value.setting == "estimator"


def test_a_misspelt_estimator_is_told_what_is_meant() -> None:
    with pytest.raises(StageFailure) as raised:
        sklearn_class("ensemble.RandomForestRegresor")
    assert raised.value.hint == "did you mean `ensemble.RandomForestRegressor`?"


def test_an_estimator_with_others_inside_is_asked_by_fitting_it() -> None:
    assert takes_missing(make_pipeline(SimpleImputer(), Ridge()))
    assert takes_missing(GridSearchCV(Ridge(), {}))
    assert not takes_missing(Ridge())


def test_seeds_that_are_open_are_set_and_others_kept() -> None:
    nothing = Snapshot({})
    free = build_parts(SklearnEstimator(name=FOREST), None, {}, 11, nothing).estimator
    fixed = build_parts(SklearnEstimator(name=FOREST, parameters={"random_state": 7}), None, {}, 11, nothing).estimator
    assert (free.random_state, fixed.random_state) == (11, 7)


def test_seeds_inside_a_pipeline_are_set_too() -> None:
    code = Snapshot(
        {
            "model.py": "from sklearn.pipeline import make_pipeline\nfrom sklearn.decomposition import PCA\n"
            "from sklearn.ensemble import RandomForestRegressor\n"
            "def build(depth):\n    return make_pipeline(PCA(), RandomForestRegressor(max_depth=depth))\n"
        }
    )
    spec = PythonEstimator(name="model.py:build", parameters={"depth": 2})
    built = build_parts(spec, None, {"randomforestregressor__n_estimators": 5}, 11, code).estimator
    assert (built[0].random_state, built[1].random_state, built[1].n_estimators) == (11, 11, 5)
    assert encoding_of(built) == "frame"


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"max_dpeth": 3}, "does not take what it is given: .*max_dpeth"), ({"a__b": 3}, "does not take `a__b`")],
)
def test_parameters_that_are_not_the_estimators_are_told(changes: dict[str, object], told: str) -> None:
    with pytest.raises(StageFailure, match=told):
        build_parts(SklearnEstimator(name=FOREST), None, changes, 0, Snapshot({}))


def test_a_function_that_gives_no_estimator_is_told() -> None:
    code = Snapshot({"model.py": "def build():\n    return 7\n"})
    with pytest.raises(StageFailure, match=r"`model\.py:build` gives a `int`, which has no `fit`"):
        build_parts(PythonEstimator(name="model.py:build"), None, {}, 0, code)


def test_a_classifier_does_not_predict_numbers_nor_a_regressor_classes(project: Project) -> None:
    diabetes(project)
    with pytest.raises(StageFailure, match="is a classifier, and the target `target` is a number"):
        project.train("m", "rows", estimator={"function": "sklearn", "name": "ensemble.RandomForestClassifier"})
    iris(project)
    with pytest.raises(StageFailure, match="is a regressor, and the target `species` is a class"):
        project.train("m", "rows", estimator={"function": "sklearn", "name": FOREST})


OWN = """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

class Nearest(ClassifierMixin, BaseEstimator):
    def __init__(self, power=2):
        self.power = power
    def fit(self, rows, y):
        self.classes_ = np.unique(y)
        self.centers_ = np.array([rows[y == one].mean(axis=0) for one in self.classes_])
        return self
    def predict_proba(self, rows):
        apart = (np.abs(rows.to_numpy()[:, None] - self.centers_) ** self.power).sum(axis=2)
        near = np.exp(-apart / apart.mean())
        return near / near.sum(axis=1, keepdims=True)
    def predict(self, rows):
        return self.classes_[self.predict_proba(rows).argmax(axis=1)]
"""


def test_a_class_of_the_project_that_looks_at_other_rows_is_caught(project: Project) -> None:
    iris(project)
    project.write("model.py", OWN)
    with pytest.raises(StageFailure, match="no column before the estimator") as raised:
        project.train("m", "rows", estimator={"function": "python", "name": "model.py:Nearest"})
    assert raised.value.setting == "estimator"


def test_a_class_of_the_project_is_an_estimator(project: Project) -> None:
    iris(project)
    project.write("model.py", OWN.replace("-apart / apart.mean()", "-apart"))
    estimator = {"function": "python", "name": "model.py:Nearest", "parameters": {"power": 1}}
    record = project.train("m", "rows", estimator=estimator)
    assert record.facts["scores"]["validation"] > 0.8
    model = load_model(project.store.local_path(record.outputs["model"]))
    assert model.steps.estimator.power == 1


def test_what_needs_no_scikit_learn_base_class_works_too(project: Project) -> None:
    diabetes(project)
    project.write(
        "model.py",
        "class Mean:\n    def fit(self, rows, y):\n        self.mean = float(y.mean())\n        return self\n"
        "    def predict(self, rows):\n        return [self.mean] * len(rows)\n",
    )
    record = project.train("m", "rows", estimator={"function": "python", "name": "model.py:Mean"})
    assert record.facts["parity_rows"] > 0


def test_weights_reach_the_estimator_and_one_that_takes_none_says_so(project: Project) -> None:
    rows = load_diabetes(as_frame=True).frame.assign(w=lambda frame: frame.index % 7 + 1.0)
    columns = [column(name, "float") for name in rows.columns[:-1]]
    project.data("rows", rows, [*columns, column("w", "float", role="weight")], target="target", split=RANDOM)
    weighted = project.train("m", "rows", estimator={"function": "sklearn", "name": "linear_model.Ridge"})
    with pytest.raises(StageFailure, match="takes no weights, and a column has the role `weight`"):
        project.train("m", "rows", estimator={"function": "sklearn", "name": "neighbors.KNeighborsRegressor"})
    project.data("rows", rows, [*columns, column("w", "float", role="id")], target="target", split=RANDOM)
    plain = project.train("m", "rows", estimator={"function": "sklearn", "name": "linear_model.Ridge"})
    assert weighted.facts["columns"] == plain.facts["columns"]
    assert weighted.facts["scores"] != plain.facts["scores"]


def test_probabilities_decide_candidates_where_the_objective_needs_them(project: Project) -> None:
    breast_cancer(project)
    objective = {
        "id": "maximize roc_auc(validation)",
        "verb": "maximize",
        "text": "maximize roc_auc(validation)",
        "subject": {"function": "roc_auc", "on": "validation"},
    }
    search = {"function": "grid", "parameters": {"max_depth": [1, 4]}}
    estimator = {
        "function": "sklearn",
        "name": "ensemble.GradientBoostingClassifier",
        "parameters": {"n_estimators": 20},
    }
    record = project.train("m", "rows", [objective], estimator=estimator, search=search)
    scores = [one["score"] for one in record.facts["candidates"]]
    assert record.facts["chosen"] == scores.index(max(scores))
    assert 0.95 < max(scores) <= 1
