"""What a budget is on Amazon: an amount of dollars a month. A check asks, so nothing heavy is here."""

from __future__ import annotations

from mlopsc.compiler.schema.values import Money, Rate

CURRENCY = "USD"


def monthly(budget: Rate) -> Money | None:
    """The amount of a budget for one month; None of any other."""
    per = budget.per
    return budget.amount if isinstance(budget.amount, Money) and per.months == 1 else None
