"""Rules about metrics: numbers, `naive`, the champion, slices, looks, and what a report may show."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from runtime_train.bike import ESTIMATOR, FEATURES, bike_rows
from runtime_train.harness import Project, Stage, column, rule
from runtime_train.toys import RANDOM, breast_cancer, diabetes, iris

from mlopsc.stdlib.runtime.engine.outcome import StageFailure, StageRecord, Verdict
from mlopsc.stdlib.runtime.store.log import Log

MAE = {"function": "mae", "on": "test"}
WEEK = {"baseline": {"function": "naive", "lag": "168h"}, "factor": 0.9}
CHAMPION = {"baseline": "champion", "factor": 1.05}
RIDGE = {"function": "sklearn", "name": "linear_model.Ridge"}


def mae(limit: float | Stage, operator: str = "<=", name: str = "mae(test)", **clauses: Any) -> Stage:
    return rule(name, MAE, operator, limit if isinstance(limit, dict) else {"offset": limit}, **clauses)


def only(record: StageRecord) -> dict[str, Any]:
    (found,) = record.facts["rules"]
    return dict(found)


def judged(record: StageRecord) -> dict[str, Any]:
    (found,) = only(record)["judgements"]
    return dict(found)


def test_the_example_keeps_the_limit_of_its_design(bike: Project) -> None:
    record = bike.test("gate", "demand", [mae(45, at=0.95, assuming=33)], max_looks=1, reveal=True)
    found = judged(record)
    assert record.verdict is Verdict.OK
    assert found["estimate"] == pytest.approx(33.04, abs=0.05)
    assert 41 <= found["provable_limit"] <= 43
    assert (found["rows"], found["units"]) == (1729, 11)
    assert record.facts["rows"]["unit"] == "block(7d)"


def test_each_look_that_is_allowed_makes_every_look_stricter(bike: Project) -> None:
    one = judged(bike.test("gate", "demand", [mae(45, at=0.95)], max_looks=1, reveal=True))
    five = judged(bike.test("gate", "demand", [mae(45, at=0.95)], max_looks=5, reveal=True))
    assert five["upper"] > one["upper"]
    assert five["verdict"] == "pass"
    assert one["provable_limit"] < five["provable_limit"] < 45


def test_a_limit_that_is_proven_broken_fails(bike: Project) -> None:
    record = bike.test("gate", "demand", [mae(15, at=0.95)], max_looks=1)
    assert record.verdict is Verdict.FAIL
    assert record.facts["version"] is None
    assert not Log(bike.store, "versions/demand").read()


@pytest.mark.parametrize(
    ("limit", "operator", "verdict"), [(33.1, "<=", "pass"), (33.0, "<", "fail"), (33.0, ">", "pass")]
)
def test_without_a_level_the_estimate_decides(bike: Project, limit: float, operator: str, verdict: str) -> None:
    found = only(bike.test("gate", "demand", [mae(limit, operator)], reveal=True))
    assert found["verdict"] == verdict
    assert "the estimate 33.0381" in found["reason"]


def test_a_chain_holds_only_if_both_sides_do(bike: Project) -> None:
    chain = mae(30)
    chain["comparisons"] = [{"operator": ">=", "limit": {"offset": 10}}, {"operator": "<=", "limit": {"offset": 30}}]
    found = only(bike.test("gate", "demand", [chain], reveal=True))
    assert [one["verdict"] for one in found["judgements"]] == ["pass", "fail"]
    assert found["verdict"] == "fail"


def test_a_model_no_better_than_last_week_is_not_let_through(bike: Project) -> None:
    good = judged(bike.test("gate", "demand", [mae(WEEK, at=0.95)], max_looks=2, reveal=True))
    assert good["verdict"] == "pass"
    assert good["limit"] / 0.9 == pytest.approx(47.86, abs=0.05)
    assert good["rows"] == 1727
    bike.train("demand", "rides", features=FEATURES, estimator={"function": "sklearn", "name": "dummy.DummyRegressor"})
    bad = bike.test("gate", "demand", [mae(WEEK, at=0.95)], max_looks=2)
    assert bad.verdict is Verdict.FAIL


def test_naive_is_the_value_one_lag_ago_whatever_split_it_is_in(bike: Project) -> None:
    rows = bike_rows().sort_values("at").set_index("at")["bikers"]
    test = rows.iloc[-1729:]
    before = rows.reindex(test.index - pd.Timedelta(hours=24))
    known = before.notna().to_numpy()
    expected = float(np.abs(test[known].to_numpy() - before[known].to_numpy()).mean())
    day = {"baseline": {"function": "naive", "lag": "1d"}}
    found = judged(bike.test("gate", "demand", [mae(day)], reveal=True))
    assert found["limit"] == pytest.approx(expected, rel=1e-12)
    assert found["rows"] == known.sum()


def test_naive_needs_to_know_which_of_several_rows_of_one_time_is_meant(project: Project) -> None:
    rows = pd.concat([bike_rows().assign(place=place) for place in (1, 2)], ignore_index=True)
    rows["bikers"] = rows["bikers"] * rows["place"]
    columns = [column("at", "timestamp"), column("place", "int"), column("hr", "int"), column("bikers", "int")]
    split = {"function": "by_time", "train": 0.7, "validation": 0.1, "test": 0.2}
    project.data("rides", rows, columns, time="at", target="bikers", split=split)
    project.train("demand", "rides", estimator=ESTIMATOR)
    with pytest.raises(StageFailure, match="several rows have the same `at`") as raised:
        project.test("gate", "demand", [mae(WEEK)])
    assert raised.value.hint == "name the columns that tell rows of one time apart: `key = [at, …]` in `rides`"
    project.data("rides", rows, columns, time="at", target="bikers", split=split, key=["place", "at"])
    project.train("demand", "rides", estimator=ESTIMATOR)
    found = judged(project.test("gate", "demand", [mae({**WEEK, "factor": 1.0})], reveal=True))
    assert found["limit"] == pytest.approx(47.86 * 1.5, abs=0.1)


def test_a_slice_without_rows_is_listed_and_a_bad_one_fails(bike: Project) -> None:
    found = judged(bike.test("gate", "demand", [mae(60, at=0.95, by="weathersit")], max_looks=1, reveal=True))
    assert found["verdict"] == "pass"
    assert {one["slice"]: one["standing"] for one in found["slices"]} == {
        "clear": "judged",
        "cloudy/misty": "judged",
        "light rain/snow": "judged",
        "heavy rain/snow": "no rows",
    }
    night = judged(bike.test("gate", "demand", [mae(20, at=0.95, by="workingday")], max_looks=1, reveal=True))
    assert night["verdict"] == "fail"
    assert "where `workingday` is" in night["reason"]


def test_a_counted_report_shows_no_figure_but_the_limit_that_undecided_rows_can_prove(bike: Project) -> None:
    rules = [mae(45, at=0.95), mae(60, at=0.95, name="mae(test) by weathersit", by="weathersit")]
    rules += [mae(WEEK, at=0.95, name="mae(test) naive"), mae(40, at=0.95, name="mae(test) strict")]
    rules.append(mae(20, at=0.95, name="mae(test) broken"))
    for looks in (1, 5):
        record = bike.test("gate", "demand", rules, max_looks=looks)
        revealed = bike.test("gate", "demand", rules, max_looks=looks, reveal=True)
        assert {one["verdict"] for one in record.facts["rules"]} == {"pass", "fail", "undecided"}
        assert not record.facts["revealed"]
        assert revealed.facts["revealed"]
        for shown, whole in zip(record.facts["rules"], revealed.facts["rules"], strict=True):
            assert (shown["hidden"], whole["hidden"]) == (True, False)
            assert shown["verdict"] == whole["verdict"]
            told = json.dumps(shown) + " ".join(one.text for one in record.messages if one.rule == shown["rule"])
            for judgement in whole["judgements"]:
                for part in (judgement, *judgement["slices"]):
                    secret = [part["estimate"], part["lower"]]
                    secret += [] if part["verdict"] == "undecided" else [part["upper"]]
                    assert not [one for one in secret if one is not None and repr(one)[:6] in told]
                    if part["verdict"] == "undecided" and part["provable_limit"]:
                        assert repr(part["provable_limit"])[:6] in told
    undecided = next(message for message in record.messages if message.rule == "require mae(test) strict")
    assert undecided.hint == "`reveal = true` in `gate` shows the figures, and the report says so"


def test_where_no_release_reads_the_candidate_is_judged_on_validation_and_nothing_is_counted(bike: Project) -> None:
    bike.serves = False
    record = bike.test("gate", "demand", [mae(45)], max_looks=1)
    found = judged(record)
    assert record.facts["judged_on"] == "validation"
    assert found["estimate"] == pytest.approx(31.95, abs=0.05)
    assert found["rows"] == 841
    assert record.messages[0].text.startswith("judged on the validation split, with the candidate")
    assert record.facts["version"] is None
    assert not list(bike.store.list("looks"))
    assert not list(bike.store.list("versions"))


def test_without_a_validation_split_there_is_nothing_to_judge_on_there(project: Project) -> None:
    diabetes(project, split={"function": "random", "train": 0.6, "test": 0.4})
    project.train("demand", "rows", estimator=RIDGE)
    project.serves = False
    record = project.test("gate", "demand", [mae(100)])
    assert record.verdict is Verdict.UNDECIDED
    told = "`dev` judges on `validation`, and `rows` has no such split: give it a share of the rows"
    assert only(record)["reason"] == told


def test_the_test_set_is_spent_after_so_many_models(bike: Project) -> None:
    verdicts = []
    for depth in (3, 4, 5, 4):
        shallow = {**ESTIMATOR, "parameters": {"random_state": 7, "max_depth": depth, "max_iter": 20}}
        bike.train("demand", "rides", features=FEATURES, estimator=shallow)
        record = bike.test("gate", "demand", [mae(100)], max_looks=2)
        verdicts.append((record.verdict, only(record)["look"]["number"]))
    assert verdicts[:2] == [(Verdict.OK, 1), (Verdict.OK, 2)]
    assert verdicts[2][0] is Verdict.UNDECIDED
    assert verdicts[3] == (Verdict.OK, 2)


def test_a_spent_test_set_says_so_and_another_rule_is_counted_by_itself(bike: Project) -> None:
    bike.test("gate", "demand", [mae(100)], max_looks=1)
    deep = {**ESTIMATOR, "parameters": {"random_state": 7, "max_depth": 5}}
    bike.train("demand", "rides", features=FEATURES, estimator=deep)
    record = bike.test("gate", "demand", [mae(100), mae(1, ">=", name="mae(test) as other")], max_looks=1)
    spent, fresh = record.facts["rules"]
    assert spent["reason"].startswith("test set spent: 1 models have been judged on these rows")
    assert spent["judgements"] == []
    assert fresh["verdict"] == "pass"


def test_the_same_model_is_one_look_however_often_it_is_judged(bike: Project) -> None:
    for limit in (100, 90, 80):
        assert only(bike.test("gate", "demand", [mae(limit)], max_looks=1))["look"] == {"number": 1, "of": 1}


def test_new_test_rows_are_looked_at_anew(bike: Project) -> None:
    bike.test("gate", "demand", [mae(100)], max_looks=1)
    rows = bike_rows()
    settings = {k: v for k, v in bike.stages["rides"]["settings"].items() if k != "source"}
    bike.data("rides", rows[rows["at"] < "2011-12-01"], bike.stages["rides"]["columns"], **settings)
    bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    assert bike.test("gate", "demand", [mae(100)], max_looks=1).verdict is Verdict.OK


def test_the_first_release_passes_and_becomes_the_champion(bike: Project) -> None:
    first = bike.test("gate", "demand", [mae(CHAMPION, at=0.95)], max_looks=1)
    assert only(first)["reason"] == "first release: there is no champion to compare with"
    assert first.facts["version"] == 1
    (version,) = Log(bike.store, "versions/demand").read()
    assert version.record is not None
    assert version.record["model"] == bike.records["demand"].outputs["model"]
    assert version.record["train_key"] == bike.records["demand"].key
    assert version.record["seen_rows"] == 6868
    assert list(version.record["code"]) == ["features.py"]
    assert version.record["gate"][0]["judgements"][0]["estimate"] == pytest.approx(33.04, abs=0.05)
    again = bike.test("gate", "demand", [mae(CHAMPION, at=0.9)], max_looks=1)
    assert again.facts["version"] == 1
    assert only(again)["reason"].startswith("first release")


def test_a_worse_model_does_not_replace_the_champion_and_a_like_one_does(bike: Project) -> None:
    bike.test("gate", "demand", [mae(CHAMPION, at=0.95)], max_looks=1)
    worse = {**ESTIMATOR, "parameters": {"random_state": 7, "max_depth": 3}}
    bike.train("demand", "rides", features=FEATURES, estimator=worse)
    rejected = bike.test("gate", "demand", [mae(CHAMPION, at=0.95, name="worse")], max_looks=1, reveal=True)
    assert rejected.verdict is Verdict.FAIL
    assert judged(rejected)["limit"] == pytest.approx(33.04 * 1.05, abs=0.1)
    alike = {**ESTIMATOR, "parameters": {"random_state": 8, "max_depth": 8, "learning_rate": 0.1, "max_iter": 110}}
    bike.train("demand", "rides", features=FEATURES, estimator=alike)
    accepted = bike.test("gate", "demand", [mae({**CHAMPION, "factor": 1.2}, at=0.95, name="alike")], max_looks=1)
    assert accepted.verdict is Verdict.OK
    assert accepted.facts["version"] == 2


def test_the_champions_figure_is_hidden_too(bike: Project) -> None:
    bike.test("gate", "demand", [mae(CHAMPION)])
    bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    found = judged(bike.test("gate", "demand", [mae(CHAMPION, at=0.95)]))
    assert found["limit"] is None
    assert found["estimate"] is None


def test_a_champion_that_is_gone_leaves_the_comparison_undecided(bike: Project) -> None:
    bike.test("gate", "demand", [mae(CHAMPION)])
    bike.store.object_path(bike.records["demand"].outputs["model"]).unlink()
    bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    record = bike.test("gate", "demand", [mae(CHAMPION, at=0.95)])
    assert record.verdict is Verdict.UNDECIDED
    assert "cannot be compared with: the store" in only(record)["reason"]


def test_a_champion_of_other_columns_is_told(bike: Project) -> None:
    bike.test("gate", "demand", [mae(CHAMPION)])
    settings = {k: v for k, v in bike.stages["rides"]["settings"].items() if k != "source"}
    columns = [one for one in bike.stages["rides"]["columns"] if one["name"] != "hum"]
    bike.data("rides", bike_rows(), columns, **settings)
    bike.train("demand", "rides", features=FEATURES, estimator=ESTIMATOR)
    record = bike.test("gate", "demand", [mae(CHAMPION, at=0.95)])
    assert record.verdict is Verdict.UNDECIDED


def test_proportions_of_classes_are_judged_exactly(project: Project) -> None:
    breast_cancer(project)
    project.train("m", "rows", estimator={"function": "sklearn", "name": "ensemble.ExtraTreesClassifier"})
    accuracy = rule("accuracy(test)", {"function": "accuracy", "on": "test"}, ">=", {"offset": 0.85}, at=0.95)
    found = judged(project.test("gate", "m", [accuracy], max_looks=1, reveal=True))
    assert (found["verdict"], found["method"]) == ("pass", "Clopper-Pearson")
    roc = rule("roc_auc(test)", {"function": "roc_auc", "on": "test"}, ">=", {"offset": 0.9}, at=0.95)
    found = judged(project.test("gate", "m", [roc], max_looks=1, reveal=True))
    assert (found["verdict"], found["method"]) == ("pass", "BCa")


def test_too_few_rows_say_how_many_it_takes(project: Project) -> None:
    iris(project)
    project.train("m", "rows", estimator={"function": "sklearn", "name": "ensemble.RandomForestClassifier"})
    recall = {"function": "recall", "on": "test", "class": "setosa"}
    record = project.test("gate", "m", [rule("recall(test)", recall, ">=", {"offset": 0.5}, at=0.95)])
    found = judged(record)
    assert record.verdict is Verdict.UNDECIDED
    assert "a bound needs at least 30" in found["reason"]
    assert found["rows_needed"] == 30


def test_what_cannot_be_judged_names_the_rule(bike: Project) -> None:
    with pytest.raises(StageFailure, match="a metric cannot be held against `==`") as raised:
        bike.test("gate", "demand", [mae(33, "==")])
    assert raised.value.rule == "require mae(test)"
    negative = rule("poisson", {"function": "poisson_deviance", "on": "test"}, "<=", {"offset": 9})
    with pytest.raises(StageFailure, match="needs predictions above 0") as raised:
        bike.test("gate", "demand", [negative])
    assert raised.value.rule == "require poisson"
    with pytest.raises(StageFailure, match="there is nothing to judge"):
        bike.test("gate", "demand", [])


def test_rows_without_a_time_have_no_naive(project: Project) -> None:
    diabetes(project, split=RANDOM)
    project.train("demand", "rows", estimator=RIDGE)
    with pytest.raises(StageFailure, match="`naive` needs the time of the rows"):
        project.test("gate", "demand", [mae(WEEK)])
