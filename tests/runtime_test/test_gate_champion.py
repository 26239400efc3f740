"""Which version is the champion, and its recipe where it has seen the rows that are judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from runtime_train.bike import COLUMNS, DATA, ESTIMATOR, FEATURES, bike_rows
from runtime_train.harness import Project, Stage, column, rule

from mlopsc.stdlib.runtime.engine.outcome import StageRecord, Verdict
from mlopsc.stdlib.runtime.release.state import Change, Phase, ReleaseLog, State, log_prefix
from mlopsc.stdlib.runtime.store.log import Log
from mlopsc.stdlib.runtime.test import recipes

MAE = {"function": "mae", "on": "test"}
RETRAINED = "champion's recipe, retrained on this split"
DEEP = {**ESTIMATOR, "parameters": {"random_state": 7, "max_depth": 8}}
LOG = log_prefix("api", "prod")


def against_champion(factor: float = 1.05, operator: str = "<=", name: str = "mae(test)", **clauses: Any) -> Stage:
    return rule(name, MAE, operator, {"baseline": "champion", "factor": factor}, **{"at": 0.95, **clauses})


def judged(record: StageRecord) -> dict[str, Any]:
    return dict(record.facts["rules"][0]["judgements"][0])


def version(project: Project, number: int) -> Mapping[str, Any]:
    record = Log(project.store, "versions/demand").read()[number - 1].record
    assert record is not None
    return record


def train(project: Project, estimator: Stage = ESTIMATOR, **settings: Any) -> StageRecord:
    return project.train("demand", "rides", **{"features": FEATURES, "estimator": estimator, **settings})


def release_of_all_rows(project: Project) -> StageRecord:
    """A first version that has seen every row, and what was said of it before it did."""
    train(project, refit="all")
    return project.test("gate", "demand", [against_champion()], reveal=True)


def test_a_champion_that_has_seen_the_test_rows_is_retrained_without_them(bike: Project) -> None:
    first = release_of_all_rows(bike)
    assert version(bike, 1)["seen_rows"] == 6868 + 1729
    assert version(bike, 1)["model"] == first.outputs["model"] != bike.records["demand"].outputs["model"]
    train(bike, DEEP)
    second = bike.test("gate", "demand", [against_champion()], reveal=True)
    found = judged(second)
    # Held against the champion itself, which has seen these rows, the limit would be 24.
    assert found["limit"] / 1.05 == pytest.approx(judged(first)["estimate"], rel=1e-9)
    assert found["limit"] > 33
    assert (found["baseline"], found["version"], found["verdict"]) == (RETRAINED, 1, "pass")
    assert RETRAINED in second.facts["rules"][0]["reason"]
    assert (second.facts["version"], second.verdict) == (2, Verdict.OK)


def test_what_the_report_hides_is_hidden_of_a_retrained_champion_too(bike: Project) -> None:
    release_of_all_rows(bike)
    train(bike, DEEP)
    record = bike.test("gate", "demand", [against_champion()])
    found = judged(record)
    assert (found["limit"], found["estimate"], found["baseline"]) == (None, None, RETRAINED)
    assert record.facts["rules"][0]["reason"] == f"shown at 95% (against the {RETRAINED})"
    evidence = version(bike, 2)["gate"][0]["judgements"][0]
    assert (evidence["baseline"], evidence["version"]) == (RETRAINED, 1)
    assert evidence["limit"] > 33


def test_a_worse_model_fails_against_the_retrained_champion(bike: Project) -> None:
    release_of_all_rows(bike)
    train(bike, {"function": "sklearn", "name": "dummy.DummyRegressor"})
    assert bike.test("gate", "demand", [against_champion()]).verdict is Verdict.FAIL


def fewer_rows(project: Project) -> None:
    project.data("rides", bike_rows().query("at < '2011-12-01'"), COLUMNS, **DATA)


def test_the_same_recipe_on_other_rows_is_the_same_model_and_nothing_is_fitted(
    bike: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_of_all_rows(bike)
    fewer_rows(bike)

    def refuse(*_: object) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr(recipes, "fit", refuse)
    train(bike, DEEP)
    undecided(bike, "its code raised AssertionError: fitted again", "1,557 of these 1,581")
    train(bike)
    record = bike.test("gate", "demand", [against_champion(1.0)])
    assert record.verdict is Verdict.OK
    assert record.facts["rules"][0]["reason"] == f"the {RETRAINED}, is this model: there is no difference"
    assert (judged(record)["estimate"], judged(record)["version"]) == (None, 1)
    assert bike.test("gate", "demand", [against_champion(1.05)]).verdict is Verdict.OK
    assert bike.test("gate", "demand", [against_champion(1.0, "<")]).verdict is Verdict.FAIL
    assert bike.test("gate", "demand", [against_champion(0.8)]).verdict is Verdict.FAIL
    looks = {json.loads(bike.store.get(key) or b"")["record"]["train_key"] for key in bike.store.list("looks")}
    assert len(looks) == 3


def test_a_candidate_of_other_features_meets_the_code_that_the_champion_was_fitted_with(bike: Project) -> None:
    first = release_of_all_rows(bike)
    text = (bike.folder / "features.py").read_text()
    bike.write("features.py", text.replace("month=at.month", "month=0"))
    train(bike)
    record = bike.test("gate", "demand", [against_champion(1.5)], reveal=True)
    assert judged(record)["limit"] / 1.5 == pytest.approx(judged(first)["estimate"], rel=1e-9)
    assert judged(record)["estimate"] != pytest.approx(judged(first)["estimate"], rel=1e-6)


def test_a_champion_learns_from_the_columns_that_it_had(bike: Project) -> None:
    before = [one for one in COLUMNS if one["name"] != "temp"]
    bike.data("rides", bike_rows(), before, **DATA)
    first = release_of_all_rows(bike)
    bike.data("rides", bike_rows(), COLUMNS, **DATA)
    train(bike)
    record = bike.test("gate", "demand", [against_champion(1.5)], reveal=True)
    # Rows with one column more have other hashes, and are the same rows.
    assert judged(record)["baseline"] == RETRAINED
    assert judged(record)["limit"] / 1.5 == pytest.approx(judged(first)["estimate"], rel=1e-9)
    assert judged(record)["estimate"] != pytest.approx(judged(first)["estimate"], rel=1e-3)


def undecided(project: Project, reason: str, seen: str = "1,729 of these 1,729") -> None:
    record = project.test("gate", "demand", [against_champion()])
    assert record.verdict is Verdict.UNDECIDED
    said = record.facts["rules"][0]["reason"]
    assert said.startswith(f"the champion (version 1) has seen {seen} rows, and its recipe cannot be")
    assert reason in said


def test_what_a_recipe_needs_and_is_not_there_is_named(bike: Project) -> None:
    release_of_all_rows(bike)
    train(bike, DEEP)
    key, log = "versions/demand", Log(bike.store, "versions/demand")
    whole = version(bike, 1)

    def altered(**changes: Any) -> None:
        (bike.folder / ".mlops" / "store" / key / "00000001.json").unlink()
        Log(bike.store, key).append(lambda _: {**whole, **changes})

    assert log.read()
    altered(train=None)
    undecided(bike, "its record does not say how it was trained")
    altered(environment={**whole["environment"], "python": "2.7.18"})
    undecided(bike, "it was trained by Python 2.7.18, and this is ")
    altered(parameters={"max_deepness": 3})
    undecided(bike, "`ensemble.HistGradientBoostingRegressor` does not take what it is given")
    columns = [one if one["name"] != "hum" else column("hum", "float", role="leak") for one in COLUMNS]
    altered()
    bike.data("rides", bike_rows(), columns, **DATA)
    train(bike, DEEP)
    undecided(bike, "it learns from the column `hum`, which is no feature any more")
    columns = [one if one["name"] != "hum" else column("hum", "category") for one in COLUMNS]
    bike.data("rides", bike_rows().assign(hum=lambda rows: rows["hum"].astype(str)), columns, **DATA)
    train(bike, DEEP)
    undecided(bike, "it learns from the column `hum`, which was a `float` and is a `category` now")


def test_code_that_fails_here_leaves_it_undecided(bike: Project) -> None:
    careful = (bike.folder / "features.py").read_text()
    fewer_rows(bike)
    rows = train(bike).facts["rows"]["model"]
    broken = careful.replace('"""There is nothing to learn."""', f'assert len(rows) != {rows}, "too few"')
    bike.write("features.py", broken)
    bike.data("rides", bike_rows(), COLUMNS, **DATA)
    release_of_all_rows(bike)
    bike.write("features.py", careful)
    fewer_rows(bike)
    train(bike)
    undecided(bike, "`Calendar`.fit raised AssertionError: too few", "1,557 of these 1,581")


def test_another_lock_leaves_it_undecided_and_says_what_was_in_it(bike: Project) -> None:
    def locked(text: str) -> None:
        bike.write("requirements.txt", text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        record = bike.records["demand"]
        bike.records["demand"] = replace(record, parts={"dependencies": {"requirements.txt": digest}})

    train(bike, refit="all")
    locked("numpy==2.4\nscikit-learn==1.8\n")
    bike.test("gate", "demand", [against_champion()])
    text = version(bike, 1)["lock_text"]
    assert bike.store.get_object(text) == b"numpy==2.4\nscikit-learn==1.8\n"
    assert version(bike, 1)["train"]["settings"]["estimator"] == ESTIMATOR
    train(bike, DEEP)
    locked("numpy==2.4\nscikit-learn==1.9\n")
    undecided(bike, "it was trained with other dependencies (`requirements.txt`, then `scikit-learn==1.8`)")
    locked("numpy==2.4\nscikit-learn==1.8\n")
    assert bike.test("gate", "demand", [against_champion()]).verdict is Verdict.OK


def test_a_champion_of_another_target_is_no_rival(bike: Project) -> None:
    bike.test("gate", "demand", [against_champion()])
    columns = [one if one["name"] != "casual" else column("casual", "int") for one in COLUMNS]
    bike.data("rides", bike_rows(), columns, **{**DATA, "target": "casual"})
    train(bike)
    record = bike.test("gate", "demand", [against_champion()])
    assert record.verdict is Verdict.UNDECIDED
    assert "it predicts `bikers`, not `casual`" in record.facts["rules"][0]["reason"]


def serving(project: Project, number: int) -> None:
    """Say in the release's log that a version serves now."""
    state = State(phase=Phase.SERVING, champion=number, weights={number: 1.0})
    ReleaseLog(project.store, LOG).append(lambda *_: Change("promote", state, "test", "by hand"))


def test_the_champion_is_the_version_in_service_not_the_newest(bike: Project) -> None:
    bike.release_logs = (LOG,)
    for depth in (5, 8, 3):
        train(bike, {**ESTIMATOR, "parameters": {"random_state": 7, "max_depth": depth, "max_iter": 30}})
        record = bike.test("gate", "demand", [against_champion(9.0)])
        assert record.verdict is Verdict.OK
        # Before anything serves, the newest version counts.
        assert judged(record).get("version") == {5: None, 8: 1, 3: 2}[depth]
    serving(bike, 1)
    assert judged(bike.test("gate", "demand", [against_champion(9.0)]))["version"] == 1
    serving(bike, 3)
    # The candidate serves now: it was held against the one before it, and still is.
    assert judged(bike.test("gate", "demand", [against_champion(9.0)]))["version"] == 1
    train(bike, {**ESTIMATOR, "parameters": {"random_state": 7, "max_depth": 4, "max_iter": 30}})
    assert judged(bike.test("gate", "demand", [against_champion(9.0)]))["version"] == 3
    serving(bike, 2)
    assert judged(bike.test("gate", "demand", [against_champion(9.0)]))["version"] == 2
