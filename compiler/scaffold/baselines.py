"""What a model must beat to be worth anything: the best constant answer."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

from mlopsc.compiler.scaffold.guesses import Baseline

if TYPE_CHECKING:
    import pandas as pd

    from mlopsc.compiler.schema.declarations import Task

_CLEARLY = 0.2
"""How much of the error of the constant answer a model must take away."""

_GROUPED_FROM = 10_000


def baseline_of(target: pd.Series, task: Task) -> Baseline:
    """The score of the best constant answer on all rows, and a limit that asks for clearly more."""
    present = target.dropna()
    if task == "regression":
        values = present.astype(float)
        score = float((values - values.median()).abs().mean())
        limit, told = written(score * (1 - _CLEARLY)), written(score).replace("_", ",")
        return Baseline("mae", score, limit, f"always predicting the median is {told} off")
    counts = present.astype(str).value_counts(normalize=True)
    share, answer = float(counts.iloc[0]), counts.index[0]
    text = f"always answering `{answer}` is right in {share:.{_places(share)}%} of the rows"
    return Baseline("accuracy", share, _share_above(share + (1 - share) * _CLEARLY), text)


def _share_above(share: float) -> str:
    """A share as a percentage, rounded up to a place that still tells it from 100%."""
    scale = 10 ** _places(share)
    return f"{ceil(round(share * 100 * scale, 6)) / scale:.{_places(share)}f}%"


def _places(share: float) -> int:
    """How many decimals of a percentage it takes to tell the share from 1."""
    return 0 if share <= 0.95 else min(4, max(1, -floor(log10(max(1 - share, 1e-6))) - 1))


def written(value: float, *, exact: bool = False) -> str:
    """A number as a spec writes it: thousands grouped, without an exponent; unless `exact`, of three digits."""
    if value <= 0:
        return "0"
    if value >= _GROUPED_FROM:
        return f"{int(value if exact else round(value, 2 - floor(log10(value)))):_}"
    text = f"{value:.{max(0, 2 - floor(log10(value)))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
