"""`pipeline.json` is a public contract: its schema is published, current, and kept to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from golden import Golden
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from mlopsc.compiler.ir import schema
from mlopsc.compiler.ir.model import Column, Environment, Pipeline, Stage

ROOT = Path(__file__).parents[2]


def a_pipeline() -> Pipeline:
    columns = (Column(name="bikers", type={"function": "int"}, low=0.0),)
    stage = Stage(name="rides", kind="data", settings={"zone": "Europe/Paris"}, columns=columns, rules=(), inputs=())
    return Pipeline(ir=1, name="größe", environment=Environment(name="dev", rank=0), stages=(stage,))


def problems(document: dict[str, Any]) -> list[str]:
    return [error.message for error in Draft202012Validator(schema.json_schema()).iter_errors(document)]


def test_the_published_schema_is_current(golden: Golden) -> None:
    golden(ROOT / schema.SCHEMA_FILE, schema.schema_text())


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema.json_schema())


def test_what_is_written_keeps_to_the_schema_and_reads_back() -> None:
    text = schema.dump(a_pipeline())
    assert problems(json.loads(text)) == []
    assert schema.load(text) == a_pipeline()
    assert "größe" in text


def test_defaults_are_left_out_but_never_the_version() -> None:
    written = json.loads(schema.dump(a_pipeline()))
    assert written["ir"] == 1
    assert written["stages"][0]["columns"] == [{"name": "bikers", "type": {"function": "int"}, "low": 0.0}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ir": 2}, "1 was expected"),
        ({"extra": True}, "Additional properties"),
        ({"stages": [{"name": "rides"}]}, "'kind' is a required property"),
        ({"environment": None}, "None is not of type 'object'"),
    ],
)
def test_the_schema_refuses_what_a_reader_would(change: dict[str, Any], words: str) -> None:
    document = {**json.loads(schema.dump(a_pipeline())), **change}
    assert any(words in problem for problem in problems(document)), problems(document)
    with pytest.raises(ValidationError):
        schema.load(json.dumps(document))


def test_numbers_that_json_does_not_have_are_no_part_of_a_pipeline() -> None:
    for number in (float("inf"), float("nan")):
        with pytest.raises(ValidationError, match="finite number"):
            Column(name="x", type={"function": "float"}, high=number)
