"""Values with a unit, as they pass from the spec through the intermediate representation to the runtime.

Each is written as text (`"7d"`, `"400USD"`, `"20000 / 1d"`), so that a person reads the same thing in the spec, in
`pipeline.json` and in the generated code.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

SECONDS: dict[str, float] = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Units of time that have a fixed length, in seconds."""

MONTHS: dict[str, int] = {"mo": 1, "y": 12}
"""Calendar units, in months: they never convert to days."""

BYTES: dict[str, int] = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
"""Units of memory and storage, in bytes."""

CURRENCIES = frozenset(
    [
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HUF",
        "INR",
        "JPY",
        "KRW",
        "MXN",
        "NOK",
        "NZD",
        "PLN",
        "SEK",
        "SGD",
        "USD",
        "ZAR",
    ]
)
"""Currencies (ISO 4217) that amounts of money may have."""

_QUANTITY = re.compile(r"\s*([0-9_]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z%]*)\s*")


def number_text(value: float) -> str:
    """A number without a needless fraction: `7`, `0.5`."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _split(text: str) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not a number with a unit")
    return float(match[1].replace("_", "")), match[2]


class _AsText:
    """Lets pydantic read a value from its text and write it back as text."""

    units: ClassVar[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        raise NotImplementedError

    @classmethod
    def _read(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        raise ValueError(f"expected {cls.units}, got {value!r}")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )


@dataclass(frozen=True, order=True)
class Duration(_AsText):
    """A length of time: `seconds` of fixed length, or whole calendar `months`; one of the two is zero."""

    units: ClassVar[str] = "a duration such as `7d`"
    seconds: float = 0.0
    months: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `30min`, `7d`, `1mo`; raises ValueError with the units that exist."""
        amount, unit = _split(text)
        if unit in SECONDS:
            return cls(seconds=amount * SECONDS[unit])
        if unit in MONTHS and amount.is_integer():
            return cls(months=int(amount) * MONTHS[unit])
        raise ValueError(f"`{text}` is not a duration: use {', '.join([*SECONDS, *MONTHS])}")

    def __str__(self) -> str:
        if self.months:
            return f"{self.months // 12}y" if self.months % 12 == 0 else f"{self.months}mo"
        for unit in ("w", "d", "h", "min", "s"):
            if unit != "w" and self.seconds and (self.seconds / SECONDS[unit]).is_integer():
                return f"{number_text(self.seconds / SECONDS[unit])}{unit}"
        return f"{number_text(round(self.seconds * 1000, 6))}ms"


@dataclass(frozen=True, order=True)
class Bytes(_AsText):
    """An amount of memory or storage, in bytes."""

    units: ClassVar[str] = "a size such as `10GB`"
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `512MB`; raises ValueError with the units that exist."""
        amount, unit = _split(text)
        if unit not in BYTES:
            raise ValueError(f"`{text}` is not a size: use {', '.join(BYTES)}")
        return cls(round(amount * BYTES[unit]))

    def __str__(self) -> str:
        unit = next(unit for unit in reversed(BYTES) if self.count % BYTES[unit] == 0 or unit == "B")
        return f"{self.count // BYTES[unit]}{unit}"


@dataclass(frozen=True)
class Money(_AsText):
    """An amount of money in one currency; currencies do not mix."""

    units: ClassVar[str] = "an amount of money such as `400USD`"
    amount: float
    currency: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `400USD`; raises ValueError when the currency is not known."""
        amount, currency = _split(text)
        if currency not in CURRENCIES:
            raise ValueError(f"`{text}` is not an amount of money: use a currency such as USD or EUR")
        return cls(amount, currency)

    def __str__(self) -> str:
        return f"{number_text(self.amount)}{self.currency}"


@dataclass(frozen=True)
class Rate(_AsText):
    """A count or an amount of money in a length of time; it keeps both (`1 / 90d` is not `4 / 360d`)."""

    units: ClassVar[str] = "a rate such as `4 / 30d`"
    amount: float | Money
    per: Duration

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `4 / 30d` or `400USD / 1mo`."""
        left, slash, right = text.partition("/")
        if not slash:
            raise ValueError(f"`{text}` is not a rate: write a count, `/` and a duration")
        value, unit = _split(left)
        return cls(Money(value, unit) if unit else value, Duration.parse(right))

    def __str__(self) -> str:
        amount = str(self.amount) if isinstance(self.amount, Money) else number_text(self.amount)
        return f"{amount} / {self.per}"
