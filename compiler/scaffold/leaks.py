"""Columns that give the target away."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_PAIRS = 400
NEARLY_ONE = 0.9999


def leaks_of(table: pd.DataFrame, target: str) -> dict[str, str]:
    """Columns that equal the target, follow it on a straight line, or add up to it in pairs; each with the reason."""
    import pandas as pd

    y = table[target]
    others = [name for name in table.columns if name != target]
    found = {name: f"the same as `{target}`" for name in others if table[name].equals(y)}
    if not pd.api.types.is_numeric_dtype(y) or pd.api.types.is_bool_dtype(y):
        return found
    numbers = table[[*others, target]].select_dtypes("number")
    lines = numbers.drop(columns=target).corrwith(numbers[target]).abs()
    for name in lines[lines >= NEARLY_ONE].index:
        found.setdefault(str(name), f"follows `{target}` on a straight line")
    for one, other in _pairs([name for name in numbers.columns if name != target]):
        if (numbers[one] + numbers[other]).equals(y):
            found.setdefault(one, f"`{one} + {other}` is `{target}` in every row")
            found.setdefault(other, f"`{one} + {other}` is `{target}` in every row")
    return found


def _pairs(names: list[str]) -> list[tuple[str, str]]:
    return list(combinations(names, 2))[:MOST_PAIRS]
