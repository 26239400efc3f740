"""Values with units: what they come to, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semantic_projects import model_of

from mlopsc.compiler.schema.values import Bytes, Duration, Money, Rate
from mlopsc.compiler.semantics.quantities import UnitError, UnknownUnit, Value, computed, negated, quantity, scaled


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ("70%", 0.7),
        ("99.9%", 0.999),
        ("0.5pp", 0.005),
        ("90% * 45", 40.5),
        ("45 + 10%", 49.5),
        ("45 - 10%", 40.5),
        ("50% * 50%", 0.25),
        ("70% + 10%", 0.8),
        ("70% - 1pp", 0.69),
        ("(2 + 3) * 4", 20),
        ("-5 + 3", -2),
        ("2 * 7d", "14d"),
        ("12h + 30min", "750min"),
        ("14d / 7d", 2),
        ("7d / 2", "84h"),
        ("1mo * 3", "3mo"),
        ("2y", "2y"),
        ("-(7d)", "-7d"),
        ("400USD / 1mo", "400USD / 1mo"),
        ("2 * 400USD / 1mo", "800USD / 1mo"),
        ("20_000 / 1d", "20000 / 1d"),
        ("300EUR - 50EUR", "250EUR"),
        ("10GB / 4", "2500MB"),
        ("10GB / 5GB", 2),
        ("2025-03-01", "2025-03-01"),
        ("2025-03-01T06:00Z", "2025-03-01T06:00Z"),
        ("02:30", "02:30"),
        ("true", True),
        ("none", None),
        ("'raw ${x}'", "raw ${x}"),
        ('[1, 50%, "a", 7d]', [1, 0.5, "a", "7d"]),
        ("1..5", {"low": 1, "high": 5}),
        ("0..", {"low": 0, "high": None}),
        ("1e-3", 0.001),
        ("5_000", 5000),
    ],
)
def test_what_a_constant_comes_to(text: str, json: object) -> None:
    model = model_of(f"x = {text}\n")
    assert not model.diagnostics
    assert model.constants["x"].value == json


@pytest.mark.parametrize(
    ("operator", "left", "right", "fact"),
    [
        ("+", Value("duration", Duration(7)), Value("number", 5), "a number cannot be added to a duration"),
        ("-", Value("number", 5), Value("money", Money(5, "USD")), "an amount of money cannot be taken from a number"),
        ("+", Value("duration", Duration(months=1)), Value("duration", Duration(5)), "do not mix"),
        ("/", Value("money", Money(5, "USD")), Value("money", Money(5, "EUR")), "USD and EUR do not mix"),
        ("*", Value("duration", Duration(5)), Value("duration", Duration(5)), "cannot be multiplied"),
        ("/", Value("number", 5), Value("number", 0), "by zero"),
        ("/", Value("number", 5), Value("duration", Duration()), "above zero"),
        ("/", Value("bytes", Bytes(5)), Value("duration", Duration(5)), "cannot be divided"),
        ("+", Value("text", "a"), Value("text", "b"), "cannot be added"),
        ("*", Value("bool", True), Value("number", 2), "cannot be multiplied"),
    ],
)
def test_what_does_not_go_together(operator: str, left: Value, right: Value, fact: str) -> None:
    with pytest.raises(UnitError) as caught:
        computed(operator, left, right)
    assert fact in caught.value.fact


def test_half_a_month_and_unknown_units_are_refused() -> None:
    with pytest.raises(UnitError):
        quantity(1.5, "mo")
    with pytest.raises(UnitError):
        scaled(Value("duration", Duration(months=1)), 0.5)
    with pytest.raises(UnknownUnit):
        quantity(5, "parsec")
    with pytest.raises(UnitError):
        negated(Value("text", "a"))


def test_a_secret_taints_what_is_made_of_it() -> None:
    tainted = computed("*", Value("number", 2, is_secret=True), Value("number", 3))
    assert tainted == Value("number", 6, is_secret=True)


def test_a_rate_keeps_its_count_and_its_window() -> None:
    rate = computed("/", Value("number", 4), Value("duration", Duration(seconds=30 * 86_400)))
    assert rate == Value("rate", Rate(4, Duration(seconds=30 * 86_400)))
    assert str(rate) == "4 / 30d"


@given(st.floats(0, 100, allow_nan=False).map(lambda number: round(number, 4)))
def test_a_percentage_reads_as_it_was_written(number: float) -> None:
    text = str(quantity(number, "%"))
    assert text.endswith("%")
    assert float(text[:-1]) == pytest.approx(number, abs=1e-9)
