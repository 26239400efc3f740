"""Lowering, on a whole project with three environments."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.ir import origins
from mlopsc.compiler.ir.model import Column, Limit, Pipeline, Rule, Waiver
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry
from mlopsc.stdlib.data import Data
from mlopsc.stdlib.environment import Environment
from mlopsc.stdlib.metrics import Metric
from mlopsc.stdlib.train import RandomSearch, Train

CHURN = Path(__file__).parents[1] / "golden" / "local" / "three-environments"


@cache
def churn() -> Compilation:
    return Compilation(DiskWorkspace(CHURN), registry(), "main.mlops")


def pipeline(environment: str = "prod") -> Pipeline:
    return churn().pipelines[environment]


def rules(environment: str, stage: str) -> dict[str, Rule]:
    return {rule.id: rule for rule in pipeline(environment).stage(stage).rules}


def test_environments_come_in_follows_order_and_only_the_first_serves_nobody() -> None:
    found = [(one.environment.name, one.environment.rank, one.environment.serves) for one in churn().pipelines.values()]
    assert found == [("dev", 0, False), ("staging", 1, True), ("prod", 2, True)]


def test_stages_come_after_their_inputs() -> None:
    seen: set[str] = set()
    for stage in pipeline().stages:
        assert seen.issuperset(stage.inputs)
        seen.add(stage.name)
    assert pipeline().stage("joined").inputs == ("customers", "sessions")
    assert pipeline().stage("joined").files == ("prep.py",)


def test_declarations_read_the_settings_back() -> None:
    data = Data.model_validate(pipeline().stage("joined").settings)
    assert (data.target, data.split.validation if data.split else None) == ("left", 0.2)
    train = Train.model_validate(pipeline().stage("churn").settings)
    assert isinstance(train.search, RandomSearch)
    assert train.search.candidates == 10
    assert str(train.timeout) == "2h"
    environment = Environment.model_validate(pipeline().environment.settings)
    assert environment.store == "s3://example-models/churn"
    assert environment.approvers == ("@example-org/leads",)


def test_columns_say_only_what_is_not_the_default() -> None:
    columns = {column.name: column for column in pipeline().stage("customers").columns}
    assert columns["visits"] == Column(name="visits", type={"function": "int"}, low=0.0, missing=0.05)
    assert columns["plan"].values == ("basic", 'it\'s "pro"')
    assert columns["customer"].role == "id"
    assert columns["visits"].model_fields_set == {"name", "type", "low", "missing"}


def test_overrides_waivers_and_limits_are_those_of_the_environment() -> None:
    at = {name: rules(name, "gate")["require log_loss(test)"] for name in ("dev", "staging", "prod")}
    assert {name: rule.comparisons[0].limit.offset for name, rule in at.items()} == {
        "dev": 0.6,
        "staging": 0.5,
        "prod": 0.4,
    }
    assert at["prod"].clauses == {"at": 0.99}
    assert "require latency(p95)" not in rules("prod", "gate")
    assert "require latency(p95)" in rules("staging", "gate")
    assert pipeline("prod").stage("gate").waived == (
        Waiver(rule="require latency(p95)", reason="the pilot machines are slow"),
    )
    assert pipeline("staging").stage("gate").settings["max_looks"] == 3
    assert "max_looks" not in pipeline("prod").stage("gate").settings


def test_comparisons_with_two_sides_and_with_the_champion() -> None:
    mean = rules("dev", "sessions")["check mean(minutes)"]
    assert [(one.operator, one.limit.offset) for one in mean.comparisons] == [(">=", 0.5), ("<=", 90.0)]
    recall = rules("dev", "gate")["require recall(test, class = true) >= champion"]
    assert recall.comparisons[0].limit == Limit(baseline="champion", offset=-0.01)
    assert type(Metric.model_validate(recall.subject)).word == "recall"


def test_the_project_s_own_metrics_are_named_once() -> None:
    assert pipeline().metrics == ({"name": "lift", "function": "metrics.py:lift", "better": "higher"},)
    assert rules("dev", "gate")["worth_it"].subject == {"function": "lift", "on": "test"}


def test_every_part_has_a_place() -> None:
    known = churn().origins["prod"]
    for stage in pipeline().stages:
        assert origins.place(known, stage.name).startswith("main.mlops:")
        for rule in stage.rules:
            assert origins.place(known, stage.name, rule=rule.id) != origins.place(known, stage.name)
        for setting in stage.settings:
            assert origins.place(known, stage.name, setting=setting) != origins.place(known, stage.name)
    assert origins.place(known, "gate", rule="require log_loss(test)") == "main.mlops:29:5"
    assert origins.place(known, "nothing") == ""
