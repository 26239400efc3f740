"""Columns that give the target away."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_PAIRS = 400
NEARLY_ONE = 0.9999
_MOST_VALUES = 50


def leaks_of(table: pd.DataFrame, target: str) -> dict[str, str]:
    """Columns that equal the target, name its values otherwise, follow it on a line, or add up to it in pairs."""
    import pandas as pd

    y = table[target]
    others = [name for name in table.columns if name != target]
    found = {name: f"the same as `{target}`" for name in others if table[name].equals(y)}
    if 2 <= y.nunique() <= min(_MOST_VALUES, len(y) / 2):
        renamed = (name for name in others if _is_renamed(table[name], y))
        found = dict.fromkeys(renamed, f"`{target}` in other words") | found
    if not pd.api.types.is_numeric_dtype(y) or pd.api.types.is_bool_dtype(y):
        return found
    return found | {name: why for name, why in _arithmetic(table, target).items() if name not in found}


def _arithmetic(table: pd.DataFrame, target: str) -> dict[str, str]:
    """Of a target that is a number: columns on a straight line with it, and pairs that add up to it."""
    numbers = table.select_dtypes("number", exclude="timedelta")
    others = [name for name in numbers.columns if name != target and numbers[name].nunique() > 1]
    lines = numbers[others].corrwith(numbers[target]).abs()
    found = {str(name): f"follows `{target}` on a straight line" for name in lines[lines >= NEARLY_ONE].index}
    for one, other in list(combinations(others, 2))[:MOST_PAIRS]:
        if (numbers[one] + numbers[other]).equals(numbers[target]):
            found.setdefault(one, f"`{one} + {other}` is `{target}` in every row")
            found.setdefault(other, f"`{one} + {other}` is `{target}` in every row")
    return found


def _is_renamed(values: pd.Series, y: pd.Series) -> bool:
    """Whether each value stands for one value of the target and no other, both ways."""
    if values.nunique() != y.nunique() or not values.notna().equals(y.notna()):
        return False
    import pandas as pd

    pairs = pd.DataFrame({"value": values.astype(str), "target": y.astype(str)})[y.notna()].drop_duplicates()
    return len(pairs) == y.nunique()
