"""What a rule is called: its verb and left side, with what it is compared with and its slices; never a threshold."""

from __future__ import annotations

import pytest
from semantic_projects import completed, model_of

from mlopsc.compiler.semantics.model import RuleModel


def rule(text: str) -> RuleModel:
    model = model_of(completed(f"test judge {{\n  model = demand\n  {text}\n}}\n"))
    assert not model.has_errors, [found.message for found in model.diagnostics]
    return model.environments["local"].stages["judge"].rules[0]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("require mae(test) <= 45 at 95% assuming 33", "require mae(test)"),
        ("require mae( test )<60", "require mae(test)"),
        ("require 60 >= mae(test)", "require mae(test)"),
        ("require mae(test) <= champion + 5% at 95%", "require mae(test) <= champion"),
        ("require mae(test) < 1.2 * champion", "require mae(test) <= champion"),
        ("require r2(test) >= champion - 5%", "require r2(test) >= champion"),
        ("require mae(test) <= naive(168h) * 90%", "require mae(test) <= naive"),
        ("require mae(test) <= 60 by weathersit", "require mae(test) by weathersit"),
        ("require mae(test) <= champion by weathersit", "require mae(test) <= champion by weathersit"),
        ("require mae(test) <= 45 as main", "main"),
        ("require (mae(test) <= 45)", "require mae(test)"),
        ('require pytest("tests/")', 'require pytest("tests/")'),
        ("require latency(p95) <= 20ms", "require latency(p95)"),
        ("require -5 <= bias(test) <= 5", "require bias(test)"),
        ("require bias(test) in -5..5", "require bias(test)"),
        ("require mae(on = test) <= 45", "require mae(on = test)"),
    ],
)
def test_the_name_of_a_rule(text: str, name: str) -> None:
    assert rule(text).id == name


def test_comparisons_have_the_subject_on_their_left() -> None:
    around = rule("require -5 <= bias(test) < 5")
    assert [(one.operator, one.limit.offset) for one in around.comparisons] == [(">=", -5), ("<", 5)]
    turned = rule("require 45 >= mae(test)")
    assert [(one.operator, one.limit.offset) for one in turned.comparisons] == [("<=", 45)]
    within = rule("require bias(test) in -5..5")
    assert [(one.operator, one.limit.offset) for one in within.comparisons] == [(">=", -5), ("<=", 5)]


@pytest.mark.parametrize(
    ("limit", "factor", "offset"),
    [
        ("champion", 1, 0),
        ("champion + 5%", 1.05, 0),
        ("champion - 5%", 0.95, 0),
        ("champion * 2", 2, 0),
        ("90% * champion", 0.9, 0),
        ("champion / 2", 0.5, 0),
        ("champion + 3", 1, 3),
        ("3 + champion", 1, 3),
        ("(champion + 3) * 2", 2, 6),
        ("(champion + 5%) + 10", 1.05, 10),
        ("(champion + 10) - 10%", 0.9, 9),
    ],
)
def test_a_limit_is_a_factor_and_an_offset(limit: str, factor: float, offset: float) -> None:
    found = rule(f"require mae(test) <= {limit}").comparisons[0].limit
    assert found.baseline == "champion"
    assert found.factor == pytest.approx(factor)
    assert found.offset == pytest.approx(offset)


def test_durations_are_seconds_and_shares_numbers() -> None:
    assert rule("require latency(p95) <= 200ms").comparisons[0].limit.offset == pytest.approx(0.2)
    assert rule("require mape(test) <= 10%").comparisons[0].limit.offset == pytest.approx(0.1)
    clauses = rule("require mape(test) <= 10% at 95% assuming 5% by weathersit").clauses
    assert clauses == {"at": 0.95, "assuming": 0.05, "by": "weathersit"}


def test_the_text_of_a_rule_is_what_was_written() -> None:
    assert rule("require mae(test)  <=  45 at 95%").text == "require mae(test)  <=  45 at 95%"
    assert rule("require mae(\n    test  # the split\n  ) <= 45 at 95%").text == "require mae(test) <= 45 at 95%"
