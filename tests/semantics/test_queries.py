"""What an editor asks: what a name means, where it is used, what could stand at a place."""

from __future__ import annotations

import pytest
from semantic_projects import completed, model_of

from mlopsc.compiler.schema import types
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.semantics.model import SemanticModel

SPEC = completed(
    """\
limit = 45

test judge {
  model = demand
  require mae(test) <= limit at 95% by weathersit
  require mae(test) <= champion
}

monitor live {
  release = api
  watch stable(features) over 7d as rain
  on rain do retrain(demand, refresh = rides, cooldown = 7d, limit = 4 / 30d)
}

environment dev { override judge { max_looks = 3 } }
"""
)


@pytest.fixture(scope="module")
def model() -> SemanticModel:
    found = model_of(SPEC)
    assert not found.diagnostics
    return found


def at(text: str, within: str = "", offset: int = 0) -> int:
    start = SPEC.index(within) if within else 0
    return SPEC.index(text, start) + offset


def symbol(model: SemanticModel, text: str, within: str = "") -> Symbol:
    found = model.symbol_at("main.mlops", at(text, within, 1))
    assert found is not None, text
    return found


@pytest.mark.parametrize(
    ("text", "within", "namespace", "name"),
    [
        ("demand", "model =", Namespace.STAGE, "demand"),
        ("judge", "override", Namespace.STAGE, "judge"),
        ("limit", "<= limit", Namespace.CONSTANT, "limit"),
        ("weathersit", "by weathersit", Namespace.COLUMN, "weathersit"),
        ("mae", "require", Namespace.FUNCTION, "mae"),
        ("test)", "mae(", Namespace.SPLIT, "test"),
        ("champion", "", Namespace.SYMBOL, "champion"),
        ("require", "", Namespace.VERB, "require"),
        ("at 95%", "", Namespace.CLAUSE, "at"),
        ("model", "judge {", Namespace.SETTING, "model"),
        ("monitor", "", Namespace.KIND, "monitor"),
        ("rain", "on rain", Namespace.EVENT, "rain"),
        ("cooldown", "", Namespace.PARAMETER, "cooldown"),
        ("timestamp", "", Namespace.FUNCTION, "timestamp"),
        ("by_time", "", Namespace.FUNCTION, "by_time"),
        ('"data/rides.csv"', "", Namespace.FILE, "data/rides.csv"),
        ('"ensemble', "", Namespace.PYTHON, "ensemble.HistGradientBoostingRegressor"),
    ],
)
def test_what_a_name_means(model: SemanticModel, text: str, within: str, namespace: Namespace, name: str) -> None:
    found = symbol(model, text, within)
    assert (found.namespace, found.name) == (namespace, name)


def test_where_a_name_is_defined_and_used(model: SemanticModel) -> None:
    stage = symbol(model, "demand", "model =")
    assert stage.definition is not None
    assert stage.definition.text == "demand"
    places = model.references(stage)
    assert {place.text for place in places} == {"demand"}
    assert len(places) == SPEC.count("demand") - SPEC.count("# demand")
    column = symbol(model, "weathersit", "by weathersit")
    assert [place.text for place in model.references(column)][-1] == "weathersit"
    assert (column.owner, column.detail) == ("rides", "category")
    assert model.definition("main.mlops", at("<= limit", offset=4)) == symbol(model, "limit", "<= limit").definition


def test_words_of_the_language_explain_themselves(model: SemanticModel) -> None:
    assert "Mean absolute error" in symbol(model, "mae", "require").documentation
    assert "How sure" in symbol(model, "at 95%").documentation
    assert "gate" in symbol(model, "require").documentation
    assert "train stage" in symbol(model, "model", "judge {").documentation


def test_nothing_stands_between_names(model: SemanticModel) -> None:
    assert model.symbol_at("main.mlops", at("= 45", offset=2)) is None
    assert model.symbol_at("other.mlops", 0) is None
    assert model.expected_at("other.mlops", 0) is None


@pytest.mark.parametrize(
    ("text", "within", "type_", "offered", "not_offered"),
    [
        ("demand", "model =", types.StageRef(("train",)), {"demand"}, {"rides", "judge"}),
        ("weathersit", "by weathersit", types.ColumnRef, {"weathersit", "hr"}, {"at", "temp"}),
        ("test)", "mae(", types.SplitRef(), {"train", "validation", "test"}, {"feedback"}),
        ("features", "stable(", types.OneOf, {"features", "predictions", "temp"}, {"demand"}),
        ("retrain", "do ", types.FunctionOf, {"retrain", "notify", "rollback", "run"}, {"mae"}),
    ],
)
def test_what_could_stand_at_a_place(
    model: SemanticModel, text: str, within: str, type_: object, offered: set[str], not_offered: set[str]
) -> None:
    found = model.expected_at("main.mlops", at(text, within, 1))
    assert found is not None
    assert found.type == type_ if isinstance(type_, types.Type) else isinstance(found.type, type_ | types.ListOf)
    names = {one.name for one in found.symbols}
    assert offered <= names
    assert not not_offered & names


def test_what_could_stand_in_a_block(model: SemanticModel) -> None:
    found = model.expected_at("main.mlops", at("  model = demand", offset=1))
    assert found is not None
    assert found.type is None
    names = {one.name for one in found.symbols}
    assert {"model", "max_looks", "require", "extends", "timeout"} <= names
    assert not {"check", "source", "estimator"} & names


def test_a_value_that_is_not_written_yet_is_expected() -> None:
    text = completed("test judge {\n  model = \n  require mae(test) <= 45\n}\n\ntrain other {\n  data = rides\n}\n")
    model = model_of(text)
    found = model.expected_at("main.mlops", text.index("model = ") + len("model = "))
    assert found is not None
    assert {one.name for one in found.symbols} >= {"other"}
