"""Declarations: what they accept, and instances of them."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from pydantic import ValidationError

from mlopsc.compiler.schema.types import Rest, compared_with, rest_of, type_of
from mlopsc.stdlib import registry
from mlopsc.stdlib.data import BlockUnit, Csv, Data, RefreshEachRun, Source
from mlopsc.stdlib.train import SklearnEstimator, Train

RIDES = {
    "source": {"function": "csv", "path": "data/rides.csv"},
    "from": ["raw"],
    "unit": {"function": "block", "length": "7d"},
    "split": {"function": "by_time", "train": 0.7, "test": 0.3, "gap": "1d"},
}


def test_nested_calls_become_instances_of_what_they_call() -> None:
    rides = Data.model_validate(RIDES)
    assert rides.source == Csv(path="data/rides.csv", separator=",", encoding="utf-8")
    assert rides.from_ == ("raw",)
    assert isinstance(rides.unit, BlockUnit)
    assert rides.unit.length.seconds == 7 * 86_400
    assert rides.refresh == RefreshEachRun()
    assert pickle.loads(pickle.dumps(rides)) == rides


@pytest.mark.parametrize(
    ("settings", "place", "words"),
    [
        ({"source": {"function": "csvv", "path": "x"}}, ("source",), "no source of rows `csvv`"),
        ({"source": {"function": "csv", "path": ""}}, ("source", "path"), "at least 1 character"),
        ({"source": 3}, ("source",), "expected a call of a source of rows"),
        ({"sorce": "x.csv"}, ("sorce",), "not permitted"),
        ({"sample": 1.5}, ("sample",), "less than or equal to 1"),
        ({"retries": 11}, ("retries",), "less than or equal to 10"),
        ({"unit": {"function": "block", "length": "seven"}}, ("unit",), "not a number with a unit"),
    ],
)
def test_values_from_outside_are_validated(settings: dict[str, object], place: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Data.model_validate(settings)
    problems = caught.value.errors()
    assert any(problem["loc"][: len(place)] == place and words in problem["msg"] for problem in problems), problems


def test_instances_are_immutable() -> None:
    with pytest.raises(AttributeError):
        Csv(path="x").path = "y"
    with pytest.raises(TypeError, match="pth"):
        Csv(pth="x")


def test_every_parameter_has_a_type_and_a_description() -> None:
    parameters = [one for declaration in registry().all() for one in declaration.accepts().values()]
    assert len(parameters) > 200
    for parameter in parameters:
        assert type_of(parameter)
        assert parameter.description.endswith(".")


def test_what_is_inherited_comes_first() -> None:
    assert list(Train.accepts())[:4] == ["timeout", "retries", "compute", "data"]


def test_marks_are_found_below_an_optional_type() -> None:
    assert rest_of(SklearnEstimator.accepts().items()) == ("parameters", Rest("estimator"))
    assert compared_with(registry().schema_field.accepts()["missing"]) == "<="


def test_a_family_reads_any_of_its_functions() -> None:
    assert Source.model_validate({"function": "csv", "path": "x"}) == Csv(path="x", separator=",", encoding="utf-8")


def test_declaring_imports_no_pydantic() -> None:
    script = "import sys; from mlopsc.stdlib import registry; registry(); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
