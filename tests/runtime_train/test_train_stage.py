"""The train stage: the search, the two models, and what is caught before a model is kept."""

from __future__ import annotations

from typing import Any

import pytest
from runtime_train.bike import ESTIMATOR, FEATURES, MINIMIZE, SEARCH
from runtime_train.harness import Project, column
from runtime_train.toys import RANDOM, diabetes, iris
from sklearn.datasets import load_diabetes

from mlopsc.stdlib.runtime.data.tables import load_table
from mlopsc.stdlib.runtime.engine.outcome import StageFailure, Verdict
from mlopsc.stdlib.runtime.metrics import measure
from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.model.faults import ModelError
from mlopsc.stdlib.runtime.model.predictions import predict_rows
from mlopsc.stdlib.runtime.train.candidates import list_candidates
from mlopsc.stdlib.train import GridSearch, RandomSearch

RIDGE = {"function": "sklearn", "name": "linear_model.Ridge"}


def calendar(fit: str = "", transform: str = "", before: str = "") -> str:
    """The example's feature step with other lines in it."""
    return (
        f"import pandas as pd\nfrom sklearn.base import BaseEstimator, TransformerMixin\n{before}\n"
        "class Calendar(TransformerMixin, BaseEstimator):\n"
        f"    def fit(self, rows, y=None):\n        {fit or 'pass'}\n        return self\n"
        "    def transform(self, rows):\n"
        "        rows = rows.drop(columns='at').assign(weekday=rows['at'].dt.day_of_week)\n"
        f"        {transform or 'pass'}\n        return rows\n"
    )


def test_the_example_reaches_the_figures_of_its_design(bike: Project) -> None:
    record = bike.train("demand", "rides", [MINIMIZE], features=FEATURES, estimator=ESTIMATOR, search=SEARCH)
    facts = record.facts
    assert record.verdict is Verdict.OK
    assert facts["parameters"] == {"max_depth": 8, "learning_rate": 0.1}
    assert len(facts["candidates"]) == 6
    assert facts["candidates"][facts["chosen"]]["score"] == pytest.approx(31.95, abs=0.05)
    assert facts["scores"]["validation"] == facts["candidates"][facts["chosen"]]["score"]
    assert facts["scores"]["train"] < facts["scores"]["validation"]
    assert facts["rows"] == {"candidate": 6027, "model": 6868}
    assert facts["columns"] == ["hr", "workingday", "weathersit", "temp", "hum", "weekday", "month"]
    assert facts["parity_rows"] == 200
    test = load_table(bike.context("demand"), "rides").split("test")
    model = load_model(bike.store.local_path(record.outputs["model"]))
    metric = list(_metrics("mae"))
    assert measure(metric[0], predict_rows(model, test, metric)) == pytest.approx(33.04, abs=0.05)


def _metrics(*words: str) -> Any:
    from mlopsc.stdlib.metrics import Metric

    return [Metric.model_validate({"function": word, "on": "test"}) for word in words]


def test_what_gives_the_answer_away_never_reaches_a_feature_step(bike: Project) -> None:
    bike.write("features.py", calendar(transform="rows['leak'] = rows['casual'] + rows['registered']"))
    with pytest.raises(StageFailure, match="raised KeyError: 'casual'") as raised:
        bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    assert "features.py" in raised.value.details
    bike.write("features.py", calendar(transform="rows['leak'] = rows['bikers']"))
    with pytest.raises(StageFailure, match="raised KeyError: 'bikers'"):
        bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)


STATEFUL = {
    "a count of calls": ("", "global CALLS; CALLS += 1; rows['temp'] = rows['temp'] + CALLS", "CALLS = 0"),
    "the mean of the batch": ("", "rows['temp'] = rows['temp'] - rows['temp'].mean()", ""),
    "the row before": ("", "rows['temp'] = rows['temp'].shift(1).fillna(0)", ""),
    "a rank in the batch": ("", "rows['temp'] = rows['temp'].rank()", ""),
    "what it was last given": (
        "self.last_ = 0.0",
        "now = rows['temp'].sum(); rows['temp'] = rows['temp'] + self.last_; self.last_ = float(now)",
        "",
    ),
}


@pytest.mark.parametrize("defect", STATEFUL)
def test_a_feature_that_depends_on_other_rows_or_calls_is_caught_with_its_name(bike: Project, defect: str) -> None:
    bike.write("features.py", calendar(*STATEFUL[defect]))
    with pytest.raises(StageFailure, match=r"of 200 rows are seen differently when they come .*`temp`") as raised:
        bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    assert raised.value.setting == "features"
    assert "rows, counted from 0" in raised.value.details


@pytest.mark.parametrize(
    ("transform", "told"),
    [
        ("rows = rows.iloc[1:]", "turns 6,027 rows into 6,026"),
        ("rows = rows.sample(frac=1, random_state=0)", "or changes their order"),
        ("rows = rows.to_numpy()", "returns a `ndarray`, not a DataFrame"),
        ("rows = rows[['temp', 'temp']]", "columns without a name of their own: 'temp', 'temp'"),
        ("rows = rows[['temp']].rename(columns={'temp': 0})", "columns without a name of their own: 0"),
        ("rows['when'] = pd.Timestamp('2011-01-01')", "column `when` holds times"),
        ("raise ValueError('no luck')", "raised ValueError: no luck"),
        ("raise SystemExit(3)", r"called `sys\.exit\(3\)`"),
    ],
)
def test_a_feature_step_that_breaks_its_promise_is_told(bike: Project, transform: str, told: str) -> None:
    bike.write("features.py", calendar(transform=transform))
    with pytest.raises(StageFailure, match=told) as raised:
        bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    assert raised.value.setting == "features"


def test_times_reach_an_estimator_only_through_features(bike: Project) -> None:
    record = bike.train("demand", "rides", estimator=ESTIMATOR)
    assert "at" not in record.facts["columns"]
    bike.stages["rides"]["settings"].pop("time")
    bike.stages["rides"]["settings"]["split"] = RANDOM
    with pytest.raises(StageFailure, match="column `at` is a `timestamp`, which no estimator takes as it is") as raised:
        bike.train("demand", "rides", estimator=ESTIMATOR)
    assert raised.value.setting == "features"


def test_missing_values_are_named_where_the_estimator_takes_none(project: Project) -> None:
    rows = load_diabetes(as_frame=True).frame
    rows.loc[rows.index % 10 == 0, "bmi"] = None
    columns = [column(name, "float", missing=0.2 if name == "bmi" else 0.0) for name in rows.columns]
    project.data("rows", rows, columns, target="target", split=RANDOM)
    with pytest.raises(StageFailure, match=r"`linear_model.Ridge` takes no missing values, .*`bmi` \(\d+ of") as raised:
        project.train("m", "rows", estimator=RIDGE)
    assert "HistGradientBoostingRegressor" in raised.value.hint
    assert raised.value.setting == "estimator"
    project.train("m", "rows", estimator={"function": "sklearn", "name": "ensemble.HistGradientBoostingRegressor"})


def test_a_value_that_is_missing_only_in_service_is_told(project: Project) -> None:
    rows = load_diabetes(as_frame=True).frame
    columns = [column(name, "float", missing=0.2 if name == "bmi" else 0.0) for name in rows.columns]
    project.data("rows", rows, columns, target="target", split=RANDOM)
    record = project.train("m", "rows", estimator=RIDGE)
    model = load_model(project.store.local_path(record.outputs["model"]))
    with pytest.raises(ModelError, match="takes no missing values, and there are some in `bmi`"):
        model.predict(rows.head(2).assign(bmi=None))


def test_rows_without_a_target_are_left_out_and_told(project: Project) -> None:
    rows = load_diabetes(as_frame=True).frame
    rows.loc[rows.index < 21, "target"] = None
    columns = [column(name, "float", missing=0.2 if name == "target" else 0.0) for name in rows.columns]
    project.data("rows", rows, columns, target="target", split=RANDOM)
    record = project.train("m", "rows", estimator=RIDGE)
    assert [message.text for message in record.messages] == ["21 rows without `target` were left out"]


def test_a_failing_candidate_is_told_and_the_search_goes_on(bike: Project) -> None:
    search = {"function": "grid", "parameters": {"max_depth": [-1, 4]}}
    record = bike.train("demand", "rides", [MINIMIZE], features=FEATURES, estimator=ESTIMATOR, search=search)
    assert record.facts["parameters"] == {"max_depth": 4}
    assert record.facts["candidates"][0]["score"] is None
    told = [message for message in record.messages if message.level == "warning"]
    assert told[0].text.startswith("the candidate max_depth = -1 failed: fitting `ensemble.HistGradientBoosting")
    assert told[0].setting == "search"


def test_when_all_candidates_fail_the_stage_fails_with_the_first(bike: Project) -> None:
    search = {"function": "grid", "parameters": {"max_depth": [-1, -2]}}
    with pytest.raises(StageFailure, match="none of 2 candidates can be fitted; max_depth = -1: fitting") as raised:
        bike.train("demand", "rides", [MINIMIZE], features=FEATURES, estimator=ESTIMATOR, search=search)
    assert "InvalidParameterError" in raised.value.details


def test_what_is_wrong_with_every_candidate_is_told_without_naming_one(bike: Project) -> None:
    bike.write("features.py", calendar(transform="rows = rows.iloc[1:]"))
    search = {"function": "grid", "parameters": {"max_depth": [2, 3]}}
    with pytest.raises(StageFailure, match=r"^`Calendar`\.transform turns") as raised:
        bike.train("demand", "rides", [MINIMIZE], features=FEATURES, estimator=ESTIMATOR, search=search)
    assert raised.value.setting == "features"


def test_candidates_that_are_equally_good_leave_the_first(bike: Project) -> None:
    search = {"function": "grid", "parameters": {"verbose": [0, 0], "max_depth": [4]}}
    record = bike.train("demand", "rides", [MINIMIZE], features=FEATURES, estimator=ESTIMATOR, search=search)
    scores = [one["score"] for one in record.facts["candidates"]]
    assert scores[0] == scores[1]
    assert record.facts["chosen"] == 0


def test_folds_stand_in_for_the_validation_split(bike: Project) -> None:
    search = {"function": "grid", "parameters": {"max_depth": [2, 8]}}
    record = bike.train("demand", "rides", [MINIMIZE], features=FEATURES, estimator=ESTIMATOR, search=search, folds=3)
    for candidate in record.facts["candidates"]:
        assert len(candidate["folds"]) == 3
        assert candidate["score"] == pytest.approx(sum(candidate["folds"]) / 3)
    assert record.facts["chosen"] == 1
    assert record.facts["objective"]["on"] == "3 folds of train"


def test_a_search_needs_rows_to_compare_on(project: Project) -> None:
    diabetes(project, split={"function": "random", "train": 0.8, "test": 0.2})
    search = {"function": "grid", "parameters": {"alpha": [0.1, 1]}}
    with pytest.raises(StageFailure, match="`rows` has no validation split to compare candidates on") as raised:
        project.train("m", "rows", [MINIMIZE], estimator=RIDGE, search=search)
    assert "folds = 5" in raised.value.hint
    record = project.train("m", "rows", [MINIMIZE], estimator=RIDGE, search=search, folds=3)
    assert record.outputs["candidate"] == record.outputs["model"]


def test_a_search_never_sees_the_test_split(bike: Project) -> None:
    cheating = {**MINIMIZE, "subject": {"function": "mae", "on": "test"}}
    with pytest.raises(StageFailure, match="may not see the test split"):
        bike.train("demand", "rides", [cheating], features=FEATURES, estimator=ESTIMATOR, search=SEARCH)


@pytest.mark.parametrize(("refit", "rows"), [("validation", 6868), ("never", 6027), ("all", 6868)])
def test_what_the_model_is_fitted_on(bike: Project, refit: str, rows: int) -> None:
    record = bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR, refit=refit)
    assert record.facts["rows"]["model"] == rows
    assert (record.outputs["candidate"] == record.outputs["model"]) is (refit == "never")


def test_the_same_rows_give_the_same_metrics_whatever_the_key(bike: Project) -> None:
    forest = {"function": "sklearn", "name": "ensemble.RandomForestRegressor", "parameters": {"n_estimators": 5}}
    first = bike.train("demand", "rides", features=FEATURES, estimator=forest)
    again = bike.train("demand", "rides", features=FEATURES, estimator=forest)
    assert again.facts == first.facts
    fixed = {**forest, "parameters": {"n_estimators": 5, "random_state": 3}}
    one = bike.train("demand", "rides", features=FEATURES, estimator=fixed)
    other = bike.train("demand", "rides", features=FEATURES, estimator=fixed, track=False)
    assert other.key != one.key
    assert other.facts["scores"] == pytest.approx(one.facts["scores"], rel=1e-9)


def test_warnings_of_the_estimator_are_told(project: Project) -> None:
    iris(project)
    estimator = {"function": "sklearn", "name": "linear_model.LogisticRegression", "parameters": {"max_iter": 2}}
    record = project.train("m", "rows", estimator=estimator)
    assert record.messages[0].text.startswith("while fitting: ConvergenceWarning: lbfgs failed to converge")


def test_personal_data_is_left_out_and_its_levels_never_kept(project: Project) -> None:
    rows = load_diabetes(as_frame=True).frame.assign(name=lambda frame: "patient " + frame.index.astype(str))
    columns = [column(name, "float") for name in rows.columns if name != "name"]
    project.data("rows", rows, [*columns, column("name", "category", role="pii")], target="target", split=RANDOM)
    record = project.train("m", "rows", estimator=RIDGE)
    assert record.messages[0].text == "not among the features, being personal data: `name`"
    assert b"patient" not in project.store.get_object(record.outputs["model"])
    project.write(
        "features.py",
        "class Same:\n    def fit(self, rows, y):\n        return self\n"
        "    def transform(self, rows):\n        return rows\n",
    )
    with pytest.raises(StageFailure, match="column `name` holds personal data"):
        project.train("m", "rows", estimator=RIDGE, features={"function": "python", "name": "features.py:Same"})


def test_grids_and_draws_are_the_same_each_time() -> None:
    grid = GridSearch(parameters={"b": [1, 2], "a": ["x", "y"]})
    assert list_candidates(grid) == [
        {"b": 1, "a": "x"},
        {"b": 2, "a": "x"},
        {"b": 1, "a": "y"},
        {"b": 2, "a": "y"},
    ]
    ranges = {"depth": {"low": 2, "high": 6}, "rate": {"low": 0.01, "high": 0.3}, "loss": ["a", "b"]}
    drawn = list_candidates(RandomSearch(candidates=50, parameters=ranges))
    assert drawn == list_candidates(RandomSearch(candidates=50, parameters=ranges))
    assert drawn != list_candidates(RandomSearch(candidates=50, seed=1, parameters=ranges))
    assert {one["depth"] for one in drawn} == {2, 3, 4, 5, 6}
    assert all(type(one["depth"]) is int and 0.01 <= one["rate"] <= 0.3 for one in drawn)


def test_fewer_combinations_than_draws_are_all_tried() -> None:
    assert len(list_candidates(RandomSearch(candidates=20, parameters={"a": [1, 2, 3]}))) == 3


@pytest.mark.parametrize(
    ("search", "told"),
    [
        (GridSearch(parameters={"a": []}), "`a` has no value to try"),
        (GridSearch(parameters={"a": {"low": 1, "high": 2}}), "a grid tries every value"),
        (RandomSearch(parameters={"a": {"low": 1, "high": None}}), "the range of `a` is open"),
    ],
)
def test_a_search_that_cannot_be_made_is_told(search: Any, told: str) -> None:
    with pytest.raises(StageFailure, match=told):
        list_candidates(search)
