"""Literal values with their dimensions, and what arithmetic means between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mlopsc.compiler.records import Record
from mlopsc.compiler.schema.values import BYTES, CURRENCIES, MONTHS, SECONDS, Bytes, Duration, Money, Rate, number_text

if TYPE_CHECKING:
    from pydantic import JsonValue

Dimension: TypeAlias = Literal[
    "number",
    "share",
    "points",
    "duration",
    "bytes",
    "money",
    "rate",
    "text",
    "bool",
    "date",
    "timestamp",
    "time",
    "none",
    "list",
    "range",
    "call",
    "logic",
]

NOUNS: dict[Dimension, str] = {
    "number": "a number",
    "share": "a percentage",
    "points": "percentage points",
    "duration": "a duration",
    "bytes": "a size",
    "money": "an amount of money",
    "rate": "a rate",
    "text": "text",
    "bool": "true or false",
    "date": "a date",
    "timestamp": "a date with a time",
    "time": "a time of day",
    "none": "`none`",
    "list": "a list",
    "range": "a range",
    "call": "a call",
    "logic": "a comparison",
}


def tidy(number: float) -> float:
    """A number without the noise of binary fractions: 99.9 / 100 is 0.999, not 0.9990000000000001."""
    return number if isinstance(number, int) else float(f"{number:.15g}")


class Value(Record):
    """A value and its dimension.

    `content` is an int or float for numbers, a float of 0..1 for `share` and `points`, an instance of the class of
    `schema.values` for what has a unit, text for dates, a tuple of values for a list, a pair of them (or None) for a
    range, and JSON for a call. `is_secret` taints whatever is made of it.
    """

    dimension: Dimension
    content: Any
    is_secret: bool = False

    @property
    def noun(self) -> str:
        """What it is, in words."""
        return NOUNS[self.dimension]

    def json(self) -> JsonValue:
        """The value in the encoding of the IR."""
        match self.dimension:
            case "duration" | "bytes" | "money" | "rate":
                return str(self.content)
            case "list":
                return [item.json() for item in self.content]
            case "range":
                low, high = self.content
                return {"low": low.json() if low else None, "high": high.json() if high else None}
        content: JsonValue = self.content
        return content

    def __str__(self) -> str:
        """As it could be written."""
        match self.dimension:
            case "number":
                return number_text(self.content)
            case "share":
                return f"{number_text(tidy(self.content * 100))}%"
            case "points":
                return f"{number_text(tidy(self.content * 100))}pp"
            case "text":
                return f'"{self.content}"'
            case "bool":
                return "true" if self.content else "false"
            case "list":
                return f"[{', '.join(map(str, self.content))}]"
        return "none" if self.dimension == "none" else str(self.content)


class UnitError(Exception):
    """Two values do not go together: the fact, and what to do."""

    def __init__(self, fact: str, hint: str = "") -> None:
        super().__init__(fact)
        self.fact = fact
        self.hint = hint


class UnknownUnit(Exception):  # noqa: N818 (named for what it is)
    """No such unit."""


def units() -> list[str]:
    """Every unit that may be written after a number."""
    return ["%", "pp", *SECONDS, *MONTHS, *BYTES, *sorted(CURRENCIES)]


def quantity(number: float, unit: str) -> Value:
    """A number with a unit; raises UnknownUnit, and UnitError for half a month."""
    if not unit:
        return Value("number", number)
    if unit == "%":
        return Value("share", tidy(number / 100))
    if unit == "pp":
        return Value("points", tidy(number / 100))
    if unit in SECONDS:
        return Value("duration", Duration(seconds=number * SECONDS[unit]))
    if unit in MONTHS:
        return Value("duration", Duration(months=_whole_months(number * MONTHS[unit])))
    if unit in BYTES:
        return Value("bytes", Bytes(round(number * BYTES[unit])))
    if unit in CURRENCIES:
        return Value("money", Money(number, unit))
    raise UnknownUnit(unit)


def _whole_months(number: float) -> int:
    if not float(number).is_integer():
        raise UnitError("months and years are whole", "calendar units have no fractions; use `d` for part of a month")
    return int(number)


def negated(value: Value) -> Value:
    """`-x`; raises UnitError where that means nothing."""
    match value.dimension:
        case "number" | "share" | "points":
            return value.changed(content=-value.content)
        case "duration":
            return value.changed(content=Duration(-value.content.seconds, -value.content.months))
        case "money":
            return value.changed(content=Money(-value.content.amount, value.content.currency))
    raise UnitError(f"{value.noun} has no sign")


def computed(operator: str, left: Value, right: Value) -> Value:
    """`left operator right`; raises UnitError where the units do not go together."""
    found = _OPERATIONS[operator](left, right)
    return found.changed(is_secret=left.is_secret or right.is_secret)


def scaled(value: Value, factor: float) -> Value:
    """A value times a number; raises UnitError where that means nothing."""
    content = value.content
    match value.dimension:
        case "number" | "share" | "points":
            return value.changed(content=tidy(content * factor))
        case "duration":
            months = _whole_months(content.months * factor) if content.months else 0
            return value.changed(content=Duration(tidy(content.seconds * factor), months))
        case "bytes":
            return value.changed(content=Bytes(round(content.count * factor)))
        case "money":
            return value.changed(content=Money(tidy(content.amount * factor), content.currency))
        case "rate":
            return value.changed(content=Rate(_scaled_amount(content.amount, factor), content.per))
    raise UnitError(f"{value.noun} cannot be multiplied")


def _scaled_amount(amount: float | Money, factor: float) -> float | Money:
    return Money(tidy(amount.amount * factor), amount.currency) if isinstance(amount, Money) else tidy(amount * factor)


def _sum(left: Value, right: Value, sign: int) -> Value:
    dimension, other = left.dimension, right.dimension
    if other == "share" and dimension not in ("share", "points"):
        return scaled(left, 1 + sign * right.content)
    if {dimension, other} <= {"share", "points"}:
        kept: Dimension = "share" if "share" in (dimension, other) else "points"
        return Value(kept, tidy(left.content + sign * right.content))
    if dimension != other:
        verb = "added to" if sign > 0 else "taken from"
        raise UnitError(f"{right.noun} cannot be {verb} {left.noun}", _hint(left, right))
    return _same_sum(left, right, sign)


def _same_sum(left: Value, right: Value, sign: int) -> Value:
    first, second = left.content, right.content
    match left.dimension:
        case "number":
            return Value("number", tidy(first + sign * second))
        case "bytes":
            return Value("bytes", Bytes(first.count + sign * second.count))
        case "money":
            _same_currency(first, second)
            return Value("money", Money(first.amount + sign * second.amount, first.currency))
        case "duration":
            _same_calendar(first, second)
            months = first.months + sign * second.months
            return Value("duration", Duration(first.seconds + sign * second.seconds, months))
    what = 'text is put together inside quotes: `"${name} …"`' if left.dimension == "text" else ""
    raise UnitError(f"{left.noun} and {right.noun} cannot be {'added' if sign > 0 else 'subtracted'}", what)


def _same_currency(first: Money, second: Money) -> None:
    if first.currency != second.currency:
        raise UnitError(f"{first.currency} and {second.currency} do not mix", "write both amounts in one currency")


def _same_calendar(first: Duration, second: Duration) -> None:
    if (first.months and second.seconds) or (first.seconds and second.months):
        raise UnitError(f"`{first}` and `{second}` do not mix", "a month has no fixed number of days: use `d` or `mo`")


def _hint(left: Value, right: Value) -> str:
    plain, other = (left, right) if left.dimension == "number" else (right, left)
    if plain.dimension != "number" or other.dimension == "text":
        return ""
    example = {"duration": "d", "bytes": "GB", "money": "USD", "points": "pp"}.get(other.dimension)
    return f"give the number its unit, such as `{plain}{example}`" if example else ""


def _product(left: Value, right: Value) -> Value:
    if left.dimension == right.dimension == "share":
        return Value("share", tidy(left.content * right.content))
    if right.dimension in ("number", "share"):
        return scaled(left, right.content)
    if left.dimension in ("number", "share"):
        return scaled(right, left.content)
    raise UnitError(f"{left.noun} and {right.noun} cannot be multiplied", "one of the two has to be a number")


def _quotient(left: Value, right: Value) -> Value:
    if right.dimension in ("number", "share"):
        is_ratio = left.dimension == right.dimension
        ratio = _ratio(left.content if is_ratio else 1, right.content)
        return ratio if is_ratio else scaled(left, ratio.content)
    if right.dimension == "duration" and left.dimension in ("number", "money"):
        if right.content == Duration():
            raise UnitError("a rate needs a length of time above zero")
        return Value("rate", Rate(left.content, right.content))
    if left.dimension == right.dimension:
        return _ratio(*_magnitudes(left, right))
    hint = "a rate is a count or an amount of money, `/` and a duration"
    raise UnitError(f"{left.noun} cannot be divided by {right.noun}", hint)


def _magnitudes(left: Value, right: Value) -> tuple[float, float]:
    first, second = left.content, right.content
    match left.dimension:
        case "duration":
            _same_calendar(first, second)
            return (first.months, second.months) if first.months else (first.seconds, second.seconds)
        case "bytes":
            return first.count, second.count
        case "money":
            _same_currency(first, second)
            return first.amount, second.amount
        case "points":
            return first, second
    raise UnitError(f"{left.noun} cannot be divided")


def _ratio(first: float, second: float) -> Value:
    if not second:
        raise UnitError("a division by zero has no value")
    found = tidy(first / second)
    return Value("number", int(found) if float(found).is_integer() else found)


_OPERATIONS: dict[str, Callable[[Value, Value], Value]] = {
    "+": lambda left, right: _sum(left, right, 1),
    "-": lambda left, right: _sum(left, right, -1),
    "*": _product,
    "/": _quotient,
}
