"""The whole spec that the language was designed on."""

from __future__ import annotations

from pathlib import Path

from spec_words import diagnosed, parsed

from mlopsc.compiler.syntax.ast import Block, Call, Clause, Comparison, Field, Quantity, Range, Ref, Rule, Setting
from mlopsc.compiler.syntax.formatter import format_file

BIKE = (Path(__file__).parent / "data" / "bike.mlops").read_text(encoding="utf-8")


def _block(label: str) -> Block:
    items = (item for item, _ in parsed(BIKE).placed())
    return next(item for item in items if isinstance(item, Block) and item.label and item.label.text == label)


def test_it_has_no_mistakes() -> None:
    assert diagnosed(BIKE) == []


def test_every_item_stands_where_it_is_said_to_stand() -> None:
    headers = [origin.at(item.span).text.partition("\n")[0] for item, origin in parsed(BIKE).placed()]
    assert headers == [
        "pipeline bike_demand {",
        'analysts = group(github = "@example-org/analysts", aws = "arn:aws:iam::123456789012:role/analysts")',
        "environment dev { platform = local() }",
        "environment prod {",
        "data rides {",
        "train demand {",
        "test demand_gate {",
        "release api {",
        "monitor live {",
    ]


def test_a_rule_is_its_verb_what_it_states_and_clauses() -> None:
    rule = _block("demand_gate").items[2]
    assert isinstance(rule, Rule)
    assert rule.verb.text == "require"
    assert isinstance(rule.subject, Comparison)
    assert isinstance(rule.subject.first, Call)
    assert rule.subject.rest[0][0].text == "<="
    at, assuming = rule.clauses
    assert (at.name.text, assuming.name.text) == ("at", "assuming")
    assert isinstance(at.value, Quantity)
    assert (at.value.value, at.value.unit) == (95, "%")


def test_a_field_has_a_type_a_range_and_clauses() -> None:
    schema = next(item for item in _block("rides").items if isinstance(item, Block))
    by_name = {field.name.text: field for field in schema.items if isinstance(field, Field)}
    hr, weather, bikers = by_name["hr"], by_name["weathersit"], by_name["bikers"]
    assert isinstance(hr.type, Ref)
    assert isinstance(hr.within, Range)
    assert [clause.name.text for clause in hr.clauses] == ["role"]
    assert weather.within is None
    missing = weather.clauses[0]
    assert isinstance(missing, Clause)
    assert missing.operator is not None
    assert missing.operator.text == "<="
    assert isinstance(bikers.within, Range)
    assert bikers.within.high is None


def test_settings_hold_calls_with_named_arguments() -> None:
    split = next(item for item in _block("rides").items if isinstance(item, Setting) and item.name.text == "split")
    assert isinstance(split.value, Call)
    assert [argument.name.text for argument in split.value.arguments if argument.name] == [
        "train",
        "validation",
        "test",
        "gap",
    ]


def test_the_formatter_leaves_it_byte_for_byte() -> None:
    assert format_file(parsed(BIKE)) == BIKE
